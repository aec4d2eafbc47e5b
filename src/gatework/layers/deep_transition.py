"""Deep transitions: several cells between one step's state and the next."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from gatework.cells import Cell


class DeepTransition(Cell):
    """Cells run one after the other within each step, on one state (Pascanu, Gulcehre, Cho and Bengio 2014).

        h_t = cell_n(x_t, ... cell_2(x_t, cell_1(x_t, h_{t-1})))

    Depth between steps, where a stack has depth between input and output. It is a cell as any other, and compiles.
    Differences from the paper: every cell sees the input, not the first alone.

    Args:
        cells: at least one, each with the one state h and the same sizes: Elman networks, GRUs, highways ...

    Raises:
        ValueError: there is none, they have other states, or their sizes differ.

    Reference: arXiv:1312.6026
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        if not cells or any(cell.states != ("h",) for cell in cells):
            raise ValueError("a deep transition is made of cells with the one state h")
        sizes = {(cell.input_size, cell.hidden_size) for cell in cells}
        if len(sizes) > 1:
            raise ValueError(f"the cells of a deep transition have the same sizes, not {sorted(sizes)}")
        super().__init__(*sizes.pop())
        self.cells = nn.ModuleList(cells)

    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        """One step through all cells."""
        for cell in self.cells:
            h = cell.step(x, h)  # type: ignore[operator]  # a ModuleList of Cell
        return h

    def reset_parameters(self) -> None:
        """Draw the parameters of all cells anew."""
        for cell in self.cells:
            cell.reset_parameters()  # type: ignore[operator]  # a ModuleList of Cell
