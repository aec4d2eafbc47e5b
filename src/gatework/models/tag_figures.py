"""What is counted of tags that were chosen, and the figures made of the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from torch import Tensor

from gatework.data.spans import spans
from gatework.data.tag_codec import NO_TAG, TaggerCodec

UNKNOWN_SPAN = "I-?"
"""What a tag that the model does not know stands for where spans are sought: one that it misses."""


class TagRow(NamedTuple):
    """How one tag is chosen.

    Attributes:
        tag: its name.
        meant: words that have it.
        answered: words that got it.
        right: words that have it and got it.
    """

    tag: str
    meant: int
    answered: int
    right: int

    @property
    def precision(self) -> float:
        """Share of the words that got it which have it."""
        return self.right / self.answered if self.answered else 0.0

    @property
    def recall(self) -> float:
        """Share of the words that have it which got it."""
        return self.right / self.meant if self.meant else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return f1(self.right, self.answered, self.meant)


def f1(right: float, answered: float, meant: float) -> float:
    """Harmonic mean of precision and recall; 0 where nothing is right."""
    return 2 * right / (answered + meant) if right else 0.0


def count_tags(
    answers: Sequence[Tensor], tags: Tensor, unseen: Tensor, lengths: Tensor, codec: TaggerCodec
) -> dict[str, float]:
    """Count words by the tag that they have and the one that they got, and spans.

    Args:
        answers: the chosen tags of each row (length,).
        tags: those that are right (time, batch).
        unseen: which words the training part lacks (time, batch) bool.
        lengths: (batch,).
        codec: the tags' names.

    Returns:
        ``"pair RIGHT CHOSEN"`` (numbers of tags) for the pairs that occur; ``words``, ``unseen``, ``unseen right``,
        and, where tags mark them, ``spans meant``, ``spans answered`` and ``spans right``.
    """
    found: Counter[str] = Counter({"unseen": 0, "unseen right": 0})
    size = len(codec.tags) + 1  # one more for tags that are not known
    for row, length in enumerate(lengths.tolist()):
        chosen, right = answers[row].cpu().numpy(), tags[:length, row].cpu().numpy()
        strange = unseen[:length, row].cpu().numpy()
        pairs = np.bincount((right + 1) * size + chosen, minlength=size * size)
        for pair in np.flatnonzero(pairs).tolist():
            found[f"pair {pair // size - 1} {pair % size}"] += int(pairs[pair])
        found["words"] += length
        found["unseen"] += int(strange.sum())
        found["unseen right"] += int((strange & (chosen == right)).sum())
        if codec.has_spans:
            meant, answered = (set(spans(_names(numbers, codec))) for numbers in (right, chosen))
            for name, those in (("meant", meant), ("answered", answered), ("right", meant & answered)):
                found[f"spans {name}"] += len(those)
    return dict(found)


def _names(numbers: np.ndarray, codec: TaggerCodec) -> list[str]:
    return [UNKNOWN_SPAN if number == NO_TAG else codec.tags.names[number] for number in numbers.tolist()]


def confusion(totals: Mapping[str, float], codec: TaggerCodec) -> np.ndarray:
    """Words by the tag that they have (down) and the one that they got (across), (tags, tags) int64.

    Words whose tag the model does not know are left out.
    """
    matrix = np.zeros((len(codec.tags), len(codec.tags)), np.int64)
    for right, chosen, count in _pairs(totals):
        if right != NO_TAG:
            matrix[right, chosen] = count
    return matrix


def tag_rows(totals: Mapping[str, float], codec: TaggerCodec) -> list[TagRow]:
    """How each tag that occurs is chosen, the most frequent first."""
    meant, answered, correct = (np.zeros(len(codec.tags), np.int64) for _ in range(3))
    for right, chosen, count in _pairs(totals):
        answered[chosen] += count
        if right != NO_TAG:
            meant[right] += count
        if right == chosen:
            correct[right] += count
    rows = map(TagRow, codec.tags.names, meant.tolist(), answered.tolist(), correct.tolist())
    return sorted((row for row in rows if row.meant or row.answered), key=lambda row: (-row.meant, row.tag))


def _pairs(totals: Mapping[str, float]) -> list[tuple[int, int, int]]:
    names = [(name.split(), count) for name, count in totals.items() if name.startswith("pair ")]
    return [(int(right), int(chosen), round(count)) for (_, right, chosen), count in names]


def tag_figures(totals: Mapping[str, float], codec: TaggerCodec) -> dict[str, float]:
    """Accuracy and the like, from the sums over all batches."""
    rows = tag_rows(totals, codec)
    found = {
        "accuracy": sum(row.right for row in rows) / totals["words"],
        "macro_f1": float(np.mean([row.f1 for row in rows])),
    }
    if totals["unseen"]:
        found["unseen_accuracy"] = totals["unseen right"] / totals["unseen"]
    if codec.has_spans:
        right, answered, meant = (totals[f"spans {name}"] for name in ("right", "answered", "meant"))
        found["span_precision"] = right / answered if answered else 0.0
        found["span_recall"] = right / meant if meant else 0.0
        found["span_f1"] = f1(right, answered, meant)
    return found
