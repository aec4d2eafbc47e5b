"""A kernel is made anew when what the cell's step reads has changed, and only then; it keeps no cell alive."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gatework.cells import GRU, MGU, Cell, Gate
from gatework.engine import compiled, run, scan
from gatework.engine.fingerprint import Snapshot, fingerprint, is_simple

B, T, I, H = 2, 5, 3, 7


class Act:
    def __init__(self, slope: float) -> None:
        self.slope = slope

    def __call__(self, value: Tensor) -> Tensor:
        return value * self.slope


class Configured(Cell):
    """Reads options of all kinds."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.n = self.gate()
        self._private = 1.0
        self.several = [1.0, [2.0]]
        self.named = {"k": 1.0}
        self.config = SimpleNamespace(k=1.0)
        self.act = Act(1.0)
        self.leak = nn.LeakyReLU(0.1)
        self.inner = MGU(hidden_size, hidden_size)
        self.inner.share = 1.0

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        share = self._private * self.several[0] * self.several[1][0] * self.named["k"] * self.config.k
        n = self.act(self.leak(self.n(x, h)))
        return torch.tanh(n * share) + torch.tanh(self.inner.phi(h) * self.inner.share)


CHANGES: dict[str, Callable[[Any], Any]] = {
    "a private number": lambda cell: setattr(cell, "_private", 3.0),
    "a list": lambda cell: cell.several.__setitem__(0, 3.0),
    "a list in a list": lambda cell: cell.several[1].__setitem__(0, 3.0),
    "a dict": lambda cell: cell.named.update(k=3.0),
    "an object": lambda cell: setattr(cell.config, "k", 3.0),
    "a callable object": lambda cell: setattr(cell.act, "slope", 3.0),
    "a function for another": lambda cell: setattr(cell, "act", torch.relu),
    "a submodule's option": lambda cell: setattr(cell.leak, "negative_slope", 0.9),
    "an inner cell's option": lambda cell: setattr(cell.inner, "share", 0.5),
    "an inner cell's function": lambda cell: setattr(cell.inner, "phi", torch.sigmoid),
    "a gate": lambda cell: setattr(cell, "n", Gate(I, H)),
    "a missing bias": lambda cell: setattr(cell.n, "b", None),
}


def unlike_the_loop(cell: Cell) -> float:
    x = torch.randn(T, B, I, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        return float((run(cell, x, engine="compiled").outputs - run(cell, x, engine="loop").outputs).abs().max())


class Simple(Cell):
    """Reads numbers and functions alone."""

    k = 2.0

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.n = self.gate()
        self.k = 1.0

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return self.phi(self.k * self.n(x, h))


def test_every_changed_option_of_a_simple_cell_is_seen() -> None:
    torch.manual_seed(0)
    cell = Simple(I, H)
    assert is_simple(cell)
    assert unlike_the_loop(cell) < 1e-6
    cell.k = 3.0
    assert unlike_the_loop(cell) < 1e-6
    del cell.k
    assert unlike_the_loop(cell) < 1e-6
    cell.phi = torch.sigmoid
    assert unlike_the_loop(cell) < 1e-6
    cell.n.b = None
    assert unlike_the_loop(cell) < 1e-6
    cell.n = Gate(I, H, layer_norm=True)
    assert unlike_the_loop(cell) < 1e-6


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_changed_option_is_seen(change: Callable[[Any], Any]) -> None:
    torch.manual_seed(0)
    cell = Configured(I, H)
    assert unlike_the_loop(cell) < 1e-6
    change(cell)
    assert unlike_the_loop(cell) < 1e-6


def test_an_inner_cell_s_gate_is_seen() -> None:
    class Outer(Cell):
        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            self.inner = GRU(input_size, hidden_size)

        def step(self, x: Tensor, h: Tensor) -> Tensor:
            return self.inner.step(x, h)

    cell = Outer(I, H)
    assert unlike_the_loop(cell) < 1e-6
    cell.inner.n = Gate(I, H, layer_norm=True)
    assert unlike_the_loop(cell) < 1e-6


def test_what_has_not_changed_is_not_traced_again(monkeypatch: pytest.MonkeyPatch) -> None:
    traced = []
    for engine in (compiled, scan):
        original = engine.trace
        monkeypatch.setattr(engine, "trace", lambda *given, original=original: traced.append(1) or original(*given))
    cell = Configured(I, H)
    unlike_the_loop(cell)
    before = len(traced)
    assert before
    for _ in range(3):
        cell.eval()
        unlike_the_loop(cell)
        cell.train()
        unlike_the_loop(cell)
    cell.double().float()
    unlike_the_loop(cell)
    assert len(traced) == before + 1  # for eval()


def test_the_fingerprint_compares_objects_by_identity() -> None:
    class Equal(Act):
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            return True

    cell = Configured(I, H)
    cell.act = Equal(1.0)
    before = fingerprint(cell)
    assert fingerprint(cell) == before
    cell.act = Equal(1.0)
    assert fingerprint(cell) != before


class Reflexive(Cell):
    """Refers to itself in every way that an attribute can."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.n = self.gate()
        self.method = self.squashed
        self.several = [self.squashed]
        self.closure = lambda value: self.squashed(value)

    def squashed(self, value: Tensor) -> Tensor:
        return torch.tanh(value)

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return self.method(self.several[0](self.closure(self.n(x, h))))


def test_a_snapshot_sees_other_objects_and_shapes() -> None:
    cell = Simple(I, H)
    snapshot = Snapshot(cell)
    assert snapshot.holds()
    with torch.no_grad():
        cell.n.b.add_(1)
    assert snapshot.holds()
    cell.n.b.data = torch.zeros(H + 1)
    assert not snapshot.holds()
    snapshot = Snapshot(cell)
    cell.n.b = nn.Parameter(cell.n.b.detach().clone())
    assert not snapshot.holds()
    snapshot = Snapshot(cell)
    cell.more = 1.0
    assert not snapshot.holds()


@pytest.mark.parametrize("steps", [1, T])
@pytest.mark.parametrize("engine", ["auto", "compiled", "scan", "loop"])
def test_a_cell_that_refers_to_itself_is_freed(engine: str, steps: int) -> None:
    cell = Reflexive(I, H)
    if engine == "scan":
        with pytest.raises(scan.NotLinearError):
            scan.scannable(cell)
    else:
        with torch.no_grad():
            run(cell, torch.randn(steps, B, I), cell.initial_state(B), engine=engine)
            run(cell, torch.randn(steps, B, I), cell.initial_state(B), engine=engine)
    dying = weakref.ref(cell)
    del cell
    gc.collect()
    assert dying() is None
