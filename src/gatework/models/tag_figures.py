"""What is counted of tags that were chosen, and the figures made of the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from gatework.data.tagging.spans import spans
from gatework.data.tagging.tag_codec import NO_TAG, TaggerCodec
from gatework.data.text.symbols import UNKNOWN
from gatework.models.confusion import PAIR, Confusion, count_pairs

UNKNOWN_SPAN = "I-?"
"""What a tag that the model does not know stands for where spans are sought: one that it misses."""


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
    for row, length in enumerate(lengths.tolist()):
        chosen, right = answers[row].cpu().numpy(), tags[:length, row].cpu().numpy()
        strange = unseen[:length, row].cpu().numpy()
        found.update(count_pairs(right, chosen))
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


def confusion(totals: Mapping[str, float], codec: TaggerCodec) -> Confusion:
    """Words by the tag that they have and the one that they got; a last class is tags that the model does not know."""
    unknown = any(name.startswith(f"{PAIR}{NO_TAG} ") for name in totals)
    return Confusion.of([*codec.tags.names, *[UNKNOWN] * unknown], totals)


def tag_figures(totals: Mapping[str, float], codec: TaggerCodec) -> dict[str, float]:
    """Accuracy and the like, from the sums over all batches."""
    matrix = confusion(totals, codec)
    found = {"accuracy": matrix.accuracy, "macro_f1": matrix.macro_f1}
    if totals["unseen"]:
        found["unseen_accuracy"] = totals["unseen right"] / totals["unseen"]
    if codec.has_spans:
        right, answered, meant = (totals[f"spans {name}"] for name in ("right", "answered", "meant"))
        found["span_precision"] = right / answered if answered else 0.0
        found["span_recall"] = right / meant if meant else 0.0
        found["span_f1"] = 2 * right / (answered + meant) if right else 0.0
    return found
