"""Every cell on one page: its drawing and its docstring, by family.

    make docs-cells
    python docs/gallery.py [FOLDER]

Writes ``cells.md`` and the drawings into a folder, ``build/cells`` unless another is named.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from gatework.cells import CELLS, Cell, cell_name, family
from gatework.engine.trace import UntraceableError
from gatework.insight import draw_cell


def main(words: Sequence[str]) -> None:
    folder = Path(words[0] if words else "build/cells")
    folder.mkdir(parents=True, exist_ok=True)
    families: dict[str, list[type[Cell]]] = {}
    for kind in CELLS.values():
        families.setdefault(family(kind), []).append(kind)
    chapters = [chapter(name, kinds, folder) for name, kinds in families.items()]
    (folder / "cells.md").write_text("# Cells\n\n" + "\n".join(chapters), encoding="utf-8")
    print(folder / "cells.md")


def chapter(name: str, kinds: list[type[Cell]], folder: Path) -> str:
    """A family: what it is, then its cells."""
    sections = [f"## {name}\n", f"{importlib.import_module(f'gatework.cells.{name}').__doc__}\n"]
    for kind in kinds:
        title, _, rest = kind.equations().partition("\n")
        sections += [f"### {cell_name(kind)}\n", f"{title}\n", picture(kind, folder), f"```text\n{rest.strip()}\n```\n"]
    return "\n".join(sections)


def picture(kind: type[Cell], folder: Path) -> str:
    """A link to the drawing that is made beside the page, or why there is none."""
    try:
        draw_cell(kind(8, 8), folder / f"{cell_name(kind)}.svg")
    except UntraceableError as error:
        return f"It cannot be drawn: {error}.\n"
    return f"![{cell_name(kind)}]({cell_name(kind)}.svg)\n"


if __name__ == "__main__":
    main(sys.argv[1:])
