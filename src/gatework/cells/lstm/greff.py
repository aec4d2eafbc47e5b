"""The variants of long short-term memory that Greff et al. compared: each takes one thing away, or adds one."""

from __future__ import annotations

from typing import Literal, Unpack, get_args

from torch import Tensor

from gatework.cells.activations import identity
from gatework.cells.cell import Cell, CellOptions
from gatework.cells.gate import Gate
from gatework.cells.lstm.peephole import Peephole, make_peepholes

Variant = Literal["V", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP"]


class GreffLSTM(Cell):
    r"""Long short-term memory with one part taken away (Greff et al. 2015).

        z_t = tanh   (W_z x_t + U_z h_{t-1} + b_z)                            block input
        i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i * c_{t-1} + b_i)            input gate
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + p_f * c_{t-1} + b_f)            forget gate
        c_t = f_t * c_{t-1} + i_t * z_t                                       cell state
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o)                output gate
        h_t = o_t * tanh(c_t)                                                 block output

    variant="V" is this vanilla form; in the others it is so except
        NIG     i_t = 1                 no input gate
        NFG     f_t = 1                 no forget gate
        NOG     o_t = 1                 no output gate
        NIAF    z_t = W_z x_t + U_z h_{t-1} + b_z        no input activation function
        NOAF    h_t = o_t * c_t         no output activation function
        CIFG    f_t = 1 - i_t           coupled input and forget gate
        NP      p_i = p_f = p_o = 0     no peepholes
    The eighth variant, full gate recurrence, is FullGateRecurrenceLSTM. None was clearly better than V in the paper;
    taking away the forget gate or the output activation hurt most.
    Differences from the paper: b_f starts at 1, and b_i of CIFG at -1.
    Equals: PeepholeLSTM with V; LSTM with NP.

    Shapes:
        x (batch, input); h, c (batch, hidden).
        Parameters: products * hidden * (input + hidden + bias) + peepholes * hidden
        (a gate and its peephole fewer in NIG, NFG, NOG and CIFG, all peepholes in NP)
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        variant: what is taken away.
        forget_bias: the initial value of b_f; of -b_i in CIFG.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1503.04069; doi:10.1109/TNNLS.2016.2582924
    """

    states = ("h", "c")
    p_i: Peephole
    p_f: Peephole
    p_o: Peephole

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        variant: Variant = "V",
        forget_bias: float = 1.0,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if variant not in get_args(Variant):
            raise ValueError(f"variant must be one of {', '.join(get_args(Variant))}, not {variant!r}")
        self.variant = variant
        self.squash_in = identity if variant == "NIAF" else self.phi
        self.squash_out = identity if variant == "NOAF" else self.phi
        missing = {"NIG": "i", "NFG": "f", "NOG": "o", "CIFG": "f"}.get(variant, "")
        self.products = 3 if missing else 4
        self.z = self.gate()
        self.i = None if missing == "i" else self.gate(start=-forget_bias if variant == "CIFG" else None)
        self.f = None if missing == "f" else self.gate(start=forget_bias)
        self.o = None if missing == "o" else self.gate()
        make_peepholes(self, hidden_size, "" if variant == "NP" else "ifo".replace(missing, ""))

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        z = self.drop(self.squash_in(self.z(x, h)))
        i = self.opening(self.i, self.p_i, x, h, c)
        f = 1 - i if self.variant == "CIFG" else self.opening(self.f, self.p_f, x, h, c)
        c = f * c + i * z
        o = self.opening(self.o, self.p_o, x, h, c)
        return o * self.squash_out(c), c

    def opening(self, gate: Gate | None, peephole: Peephole, x: Tensor, h: Tensor, c: Tensor) -> Tensor | float:
        """How far a gate is open (batch, hidden); 1 where the variant has no such gate."""
        return 1.0 if gate is None else self.sigma(gate(x, h) + peephole(c))


class FullGateRecurrenceLSTM(Cell):
    r"""Long short-term memory whose gates see all gates' previous openings, FGR (Greff et al. 2015).

        z_t = tanh   (W_z x_t + U_z h_{t-1} + b_z)                                                  block input
        i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i * c_{t-1} + b_i
                      + U_i_from_i i_{t-1} + U_i_from_f f_{t-1} + U_i_from_o o_{t-1})               input gate
        f_t = sigmoid(W_f x_t + U_f h_{t-1} + p_f * c_{t-1} + b_f
                      + U_f_from_i i_{t-1} + U_f_from_f f_{t-1} + U_f_from_o o_{t-1})               forget gate
        c_t = f_t * c_{t-1} + i_t * z_t                                                             cell state
        o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o * c_t + b_o
                      + U_o_from_i i_{t-1} + U_o_from_f f_{t-1} + U_o_from_o o_{t-1})               output gate
        h_t = o_t * tanh(c_t)                                                                       block output

    The original LSTM of 1997 had such connections; they add nine square matrices and helped nowhere in the paper.
    Differences from the paper: b_f starts at 1.
    Equals: PeepholeLSTM where the nine matrices are zero.

    Shapes:
        x (batch, input); h, c, i, f, o (batch, hidden).
        Parameters: 4 * hidden * (input + hidden + bias) + 9 * hidden * hidden + 3 * hidden
    Args:
        input_size: width of x.
        hidden_size: width of h and c.
        forget_bias: the initial value of b_f.
        options: those of every cell, see ``CellOptions``.
    Raises:
        ValueError: a size is not positive, or an option is out of range.
    Reference: arXiv:1503.04069; doi:10.1109/TNNLS.2016.2582924
    """

    states = ("h", "c", "i", "f", "o")
    p_i: Peephole
    p_f: Peephole
    p_o: Peephole

    def __init__(
        self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0, **options: Unpack[CellOptions]
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.z = self.gate()
        self.i = self.gate()
        self.f = self.gate(start=forget_bias)
        self.o = self.gate()
        self.i_from_i, self.i_from_f, self.i_from_o = (self.gate(0, bias=False) for _ in range(3))
        self.f_from_i, self.f_from_f, self.f_from_o = (self.gate(0, bias=False) for _ in range(3))
        self.o_from_i, self.o_from_f, self.o_from_o = (self.gate(0, bias=False) for _ in range(3))
        make_peepholes(self, hidden_size, "ifo")

    def step(  # type: ignore[override]
        self, x: Tensor, h: Tensor, c: Tensor, i: Tensor, f: Tensor, o: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """One step of the equations above."""
        to_i = self.i_from_i(e=i) + self.i_from_f(e=f) + self.i_from_o(e=o)
        to_f = self.f_from_i(e=i) + self.f_from_f(e=f) + self.f_from_o(e=o)
        to_o = self.o_from_i(e=i) + self.o_from_f(e=f) + self.o_from_o(e=o)
        z = self.drop(self.phi(self.z(x, h)))
        i = self.sigma(self.i(x, h) + self.p_i(c) + to_i)
        f = self.sigma(self.f(x, h) + self.p_f(c) + to_f)
        c = f * c + i * z
        o = self.sigma(self.o(x, h) + self.p_o(c) + to_o)
        return o * self.phi(c), c, i, f, o
