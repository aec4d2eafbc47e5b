"""One run with other tensors: against a cell that has them, with the cell itself left alone, in threads too."""

from __future__ import annotations

import copy
import gc
import sys
import threading
import weakref

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

import gatework
from gatework.cells import GRU, LSTM, Cell, Gate
from gatework.engine import compiled, run, run_with
from gatework.layers import Recurrent, Regularizers

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


class Own(Cell):
    """Reaches its gate in all the ways an attribute can."""

    def __init__(self) -> None:
        super().__init__(I, H)
        self.gate_of_h = Gate(I, H)
        self.listed, self.named, self.method = [self.gate_of_h], {"h": self.gate_of_h}, self.product
        self.alpha = 0.5

    def product(self, x, h):
        return self.gate_of_h(x, h)

    def step(self, x, h):
        return torch.tanh(self.method(x, h) + self.listed[0](x, h) + self.alpha * self.named["h"](x, h))


class Halved(nn.Module):
    def forward(self, x):
        return x / 2


def other_tensors(cell: Cell) -> dict[str, torch.Tensor]:
    return {name: torch.randn_like(parameter) for name, parameter in cell.named_parameters()}


@pytest.mark.parametrize("engine", ["loop", "compiled"])
def test_runs_with_the_tensors_given_and_leaves_the_cell_as_it_was(engine):
    cell, x = Own(), torch.randn(T, B, I)
    for _ in range(2):
        tensors, before = other_tensors(cell), run(cell, x).outputs
        expected = copy.deepcopy(cell)
        expected.load_state_dict(tensors)
        outputs = run_with(tensors, cell, x, engine=engine).outputs
        torch.testing.assert_close(outputs, run(expected, x, engine="loop").outputs)
        torch.testing.assert_close(run(cell, x).outputs, before)
        cell.alpha = 0.9  # a change between two runs is seen by the second


def test_a_replaced_gate_is_seen():
    cell, x = GRU(I, H), torch.randn(T, B, I)
    tensors = {"r.U": torch.randn(H, H)}
    run_with(tensors, cell, x, engine="compiled")
    cell.n = Gate(I, H, layer_norm=True)
    found = [run_with(tensors, cell, x, engine=engine).outputs for engine in ("compiled", "loop")]
    torch.testing.assert_close(*found)


def test_a_tensor_is_replaced_wherever_it_is_tied():
    cell, x = GRU(I, H), torch.randn(T, B, I)
    cell.z.U = cell.r.U
    U = torch.randn(H, H)
    found = run_with({"r.U": U}, cell, x).outputs
    cell.r.U.data.copy_(U)
    torch.testing.assert_close(found, run(cell, x).outputs)


@pytest.mark.parametrize("name", ["n.U", "n.parametrizations.U.original"])
def test_parametrized_weights(name):
    cell, x, U = GRU(I, H), torch.randn(T, B, I), torch.randn(H, H)
    parametrize.register_parametrization(cell.n, "U", Halved())
    found = run_with({name: U}, cell, x, engine="loop").outputs
    cell.n.parametrizations.U.original.data.copy_(2 * U if name == "n.U" else U)
    torch.testing.assert_close(found, run(cell, x, engine="loop").outputs)


def test_tensors_that_the_cell_lacks_are_named():
    with pytest.raises(ValueError, match=r"^r\.V is neither a parameter nor a buffer of GRU$"):
        run_with({"r.V": torch.zeros(1)}, GRU(I, H), torch.zeros(T, B, I))


def test_pieces_run_again_with_the_tensors_given():
    cell, x = LSTM(I, H), torch.randn(T, B, I)
    tensors = {"f.U": torch.randn(H, H, requires_grad=True)}
    slopes = []
    for every in (None, 2):
        outputs = run_with(tensors, cell, x, checkpoint_every=every).outputs
        slopes.append(torch.autograd.grad(outputs.square().sum(), [*tensors.values(), cell.f.W]))
    torch.testing.assert_close(*slopes)


def test_the_kernel_is_found_again(monkeypatch):
    cell, x = LSTM(I, H), torch.randn(T, B, I)
    run_with(other_tensors(cell), cell, x, engine="compiled")
    monkeypatch.setattr(compiled, "trace", None)
    run_with(other_tensors(cell), cell, x, engine="compiled")


@pytest.mark.parametrize("engine", ["auto", "loop"])
def test_the_tensors_given_are_let_go(engine):
    cell, U = LSTM(I, H), torch.randn(H, H)
    with torch.no_grad():
        run_with({"f.U": U}, cell, torch.randn(T, B, I), engine=engine)
    held = weakref.ref(U)
    del U
    gc.collect()
    assert held() is None


def test_nothing_is_kept_alive():
    cell, U = Own(), torch.randn(H, H)
    cell.register_forward_hook(lambda *_, cell=cell: None)
    run_with({"gate_of_h.U": U}, cell, torch.randn(T, B, I), engine="loop")
    held = [weakref.ref(cell), weakref.ref(U)]
    del cell, U
    gc.collect()
    assert [one() for one in held] == [None, None]


def in_threads(call, count: int = 4, runs: int = 25) -> list[str]:
    """What went wrong when some threads called at once."""
    wrong: list[str] = []
    with torch.no_grad():
        expected = call()

    @torch.no_grad()
    def work() -> None:
        for _ in range(runs):
            try:
                torch.testing.assert_close(call(), expected)
            except Exception as error:  # noqa: BLE001 (whatever it is, it is wrong)
                wrong.append(f"{type(error).__name__}: {error}"[:200])

    threads = [threading.Thread(target=work) for _ in range(count)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return wrong


@pytest.mark.parametrize("engine", ["auto", "loop"])
@pytest.mark.parametrize("kind", ["drop-in", "narrow"])
def test_threads_may_call_one_module_at_once(kind, engine):
    if kind == "drop-in":
        module, x = gatework.LSTM(I, H, num_layers=2, bidirectional=True, engine=engine), torch.randn(T, B, I)
    else:
        module, x = Recurrent(LSTM(I, H), engine=engine).bfloat16(), torch.randn(T, B, I).bfloat16()
    assert in_threads(lambda: module(x)[0]) == []


def test_a_first_call_disturbs_no_other_thread():
    """torch.fx patches nn.Module while it records a step."""
    module, x = Recurrent(LSTM(I, H), engine="loop"), torch.randn(T, B, I)
    stop = threading.Event()

    def trace_on() -> None:
        while not stop.is_set():
            run(GRU(I, H), x, engine="compiled")

    other = threading.Thread(target=trace_on)
    other.start()
    try:
        wrong = in_threads(lambda: module(x).outputs, count=2)
    finally:
        stop.set()
        other.join()
    assert wrong == []


@pytest.mark.parametrize("way", ["parametrized", "tied"])
def test_weights_are_dropped_however_they_come_about(way):
    cell, x = GRU(I, H), torch.randn(T, B, I)
    if way == "tied":
        cell.z.U = cell.r.U
    else:
        parametrize.register_parametrization(cell.r, "U", Halved())
    layer = Recurrent(cell, regularizers=Regularizers(weight_dropout=0.5))
    outputs = layer(x).outputs
    outputs.sum().backward()
    U = cell.r.U if way == "tied" else cell.r.parametrizations.U.original
    assert not torch.equal(outputs, layer.eval()(x).outputs)
    assert 0.2 < (U.grad == 0).double().mean() < 0.8
