"""BLEU and chrF of translations, by the library `sacrebleu` (extra `translate`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gatework.errors import InputError

ORDER = 4
TOKENIZERS = ("none", "13a")
"""``none`` parts at blanks and is for texts that are tokenised already; ``13a`` is the standard for plain text."""


def is_scorable() -> bool:
    """Whether sacrebleu is there."""
    try:
        scorers()
    except InputError:
        return False
    return True


def scorers() -> Any:
    """The metrics of sacrebleu.

    Raises:
        InputError: it is not installed.
    """
    try:
        from sacrebleu import metrics
    except ImportError as error:
        raise InputError("BLEU and chrF need sacrebleu", "pip install 'gatework[translate]'") from error
    return metrics


def corpus_scores(translations: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """BLEU with each of ``TOKENIZERS``, and chrF, from 0 to 100.

    Args:
        translations: at least one.
        references: one for each.

    Raises:
        InputError: sacrebleu is not installed.
    """
    metrics = scorers()
    found = {
        f"bleu_{name}": float(metrics.BLEU(tokenize=name, force=True).corpus_score(translations, [references]).score)
        for name in TOKENIZERS
    }
    return {**found, "chrf": float(metrics.CHRF().corpus_score(translations, [references]).score)}


def bleu_counts(translations: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """What BLEU is made of, by name; counts of several batches can be added up.

    Raises:
        InputError: sacrebleu is not installed.
    """
    score = scorers().BLEU(tokenize="none", force=True).corpus_score(translations, [references])
    counts = {"written": score.sys_len, "wanted": score.ref_len}
    for n, (right, total) in enumerate(zip(score.counts, score.totals, strict=True), 1):
        counts |= {f"right_{n}": right, f"total_{n}": total}
    return {name: float(count) for name, count in counts.items()}


def bleu_of(counts: Mapping[str, float]) -> float:
    """BLEU of added ``bleu_counts``, from 0 to 100."""
    orders = range(1, ORDER + 1)
    right, total = ([int(counts[f"{kind}_{n}"]) for n in orders] for kind in ("right", "total"))
    score = scorers().BLEU.compute_bleu(
        right, total, int(counts["written"]), int(counts["wanted"]), smooth_method="exp"
    )
    return float(score.score)
