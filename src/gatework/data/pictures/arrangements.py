"""Where the things of a scene are, in a grid of three by three, and what that is called."""

from __future__ import annotations

import itertools
from typing import NamedTuple

GRID = 3

Cell = tuple[int, int]  # row, column


class Arrangement(NamedTuple):
    """Cells of things, and the words for it.

    Attributes:
        cells: the (row, column) of each thing.
        words: a caption with ``{0}``, ``{1}`` ... for the things.
        from_second: the same said from the second thing, for captions that begin with it; of two things only.
    """

    cells: tuple[Cell, ...]
    words: str
    from_second: str = ""


def _single() -> list[Arrangement]:
    rows, columns = ("at the top", "", "at the bottom"), ("left", "", "right")
    made = []
    for row, column in itertools.product(range(GRID), repeat=2):
        beside = f"{rows[row]} {columns[column]}" if rows[row] else f"on the {columns[column]}"
        place = beside.strip() if (row, column) != (1, 1) else "in the middle"
        made.append(Arrangement(((row, column),), f"{{0}} {place}"))
    return made


def _two() -> list[Arrangement]:
    made = []
    for line, (near, far) in itertools.product(range(GRID), itertools.combinations(range(GRID), 2)):
        made.append(Arrangement(((near, line), (far, line)), "{0} above {1}", "{1} below {0}"))
        made.append(Arrangement(((line, near), (line, far)), "{0} left of {1}", "{1} right of {0}"))
    return made


def _three() -> list[Arrangement]:
    made = []
    for line in range(GRID):
        row, column = (tuple((line, k) for k in range(GRID)), tuple((k, line) for k in range(GRID)))
        made.append(Arrangement(row, "{0}, {1} and {2} from left to right"))
        made.append(Arrangement(column, "{0}, {1} and {2} from top to bottom"))
    for near, far in itertools.combinations(range(GRID), 2):
        made.append(Arrangement(((near, 1), (far, 0), (far, 2)), "{0} above {1} and {2}"))
        made.append(Arrangement(((far, 1), (near, 0), (near, 2)), "{0} below {1} and {2}"))
        made.append(Arrangement(((1, near), (0, far), (2, far)), "{0} left of {1} and {2}"))
        made.append(Arrangement(((1, far), (0, near), (2, near)), "{0} right of {1} and {2}"))
    return made


ARRANGEMENTS = {1: _single(), 2: _two(), 3: _three()}  # by the number of things
