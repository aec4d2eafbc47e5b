"""Values that a series lacks: refused, or interpolated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gatework.errors import InputError

if TYPE_CHECKING:
    import numpy as np

LINES_SHOWN = 10


def fill_missing(
    values: np.ndarray, times: np.ndarray | None, lines: Sequence[int], name: str, *, refuse: bool
) -> list[str]:
    """Fill NaN in place, linearly between the values around it, and with the nearest at the ends.

    Args:
        values: (n,) float64.
        times: (n,) where they stand; None: at equal steps.
        lines: the line of each in its file.
        name: what messages call the series.
        refuse: whether to raise instead.

    Returns:
        A note of what was filled in, if something was.

    Raises:
        InputError: values are missing and that is refused, or all are.
    """
    import numpy as np

    lacking = np.isnan(values)
    count = int(lacking.sum())
    if not count:
        return []
    numbers = [str(lines[place]) for place in np.flatnonzero(lacking)[:LINES_SHOWN]]
    where = f"{'line' if count == 1 else 'lines'} {', '.join(numbers)}{', ...' if count > LINES_SHOWN else ''}"
    if count == len(values):
        raise InputError(f"{name} holds no value at all", "leave it out")
    if refuse:
        value = "1 value is" if count == 1 else f"{count:,} values are"
        raise InputError(f"{name}: {value} missing ({where})", "fill it in, or ask for --missing interpolate")
    places = np.arange(len(values)) if times is None else (times - times[0]).astype(np.int64)
    values[lacking] = np.interp(places[lacking], places[~lacking], values[~lacking])
    return [f"{name}: {count:,} missing {'value' if count == 1 else 'values'} interpolated ({where})"]
