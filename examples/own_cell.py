"""A cell that no package has, trained on text at compiled speed.

    python examples/own_cell.py [--text my.txt] [--minutes 0.6]

Reads the language reference inside every Python unless a text is named. Prints which engine runs the cell, how much
faster that is here than the Python loop over ``step``, what the cell learns, and what it then writes. Add ``--draw
own_cell.svg`` for a drawing of it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

import gatework as gw
from gatework.engine import checked_call, plan
from gatework.testing import check_cell


class SlowGRU(gw.Cell):
    r"""Gated recurrent unit whose update gate also sees a slow average of the state.

        z_t = sigmoid(W_z x_t + U_z h_{t-1} + v * s_{t-1} + b_z)    update gate
        r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r)                  reset gate
        n_t = tanh   (W_n x_t + U_n (r_t * h_{t-1}) + b_n)          candidate
        h_t = (1 - z_t) * h_{t-1} + z_t * n_t
        s_t = s_{t-1} + a * (h_t - s_{t-1})                         slow average, a = sigmoid(rate)

    A unit that has been high for long can so become harder, or easier, to change than one that has just risen.
    """

    states = ("h", "s")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.z = gw.Gate(input_size, hidden_size)
        self.r = gw.Gate(input_size, hidden_size)
        self.n = gw.Gate(input_size, hidden_size)
        self.v = gw.Gate(0, hidden_size, recurrence="diagonal", bias=False)
        self.rate = torch.nn.Parameter(torch.linspace(-4, 0, hidden_size))  # averages over 2 to 50 steps

    def step(self, x: Tensor, h: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """One step of the equations above."""
        z = torch.sigmoid(self.z(x, h) + self.v(e=s))
        r = torch.sigmoid(self.r(x, h))
        n = torch.tanh(self.n(x, r * h))
        h = (1 - z) * h + z * n
        return h, s + torch.sigmoid(self.rate) * (h - s)


def main(words: Sequence[str] | None = None) -> None:
    """Check the cell, compare engines, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, help="what to learn; Python's language reference unless given")
    parser.add_argument("--minutes", type=float, default=0.6)
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--draw", type=Path, help="where to draw the cell: .svg, .png or .pdf")
    arguments = parser.parse_args(words)
    check_cell(SlowGRU(3, 7))  # gradients, every engine, streaming: the laws that all cells obey
    if arguments.draw:
        gw.draw_cell(SlowGRU(3, 7), arguments.draw)
    compare(arguments.hidden_size)
    train(arguments.text, arguments.hidden_size, arguments.minutes)


def compare(size: int, steps: int = 32, batch: int = 32) -> None:
    """Print which engine ``auto`` takes and how much less time it needs than the loop, forward and backward."""
    cell, x = SlowGRU(size, size), torch.randn(steps, batch, size)
    chosen = plan(checked_call(cell, x)).engine.name
    times: dict[str, list[float]] = {chosen: [], "loop": []}
    for _ in range(8):  # in turns: what else the machine does meets both
        for engine, found in times.items():
            start = time.perf_counter()
            gw.run(cell, x, engine=engine).outputs.sum().backward()
            found.append(time.perf_counter() - start)
    ours, loop = (statistics.median(found[1:]) for found in times.values())  # the first builds the kernel
    print(f"engine {chosen}: {ours * 1e3:.1f} ms for {steps} steps of {batch} rows, {size} units; ", end="")
    print(f"the loop {loop * 1e3:.1f} ms, {loop / ours:.1f} times as long", flush=True)


def train(text: Path | None, size: int, minutes: float) -> None:
    """Train a language model of the cell and let it write."""
    corpus = gw.load_corpus(text or gw.CorpusConfig())
    model = gw.LanguageModel.build(corpus.vocabulary, cell=SlowGRU, hidden_size=size)
    outcome = gw.fit(model, corpus, minutes=minutes)
    if outcome.validation is not None:
        print(f"{outcome.validation.bits:.3f} bits a character after {outcome.steps} updates, {outcome.seconds:.0f} s")
    print(gw.generate(model, "\n", length=300, temperature=0.7, seed=1))


if __name__ == "__main__":
    main()
