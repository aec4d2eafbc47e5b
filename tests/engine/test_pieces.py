"""Checkpoints in time: the same outputs and gradients, in pieces that are computed twice."""

from __future__ import annotations

import pytest
import torch

from gatework.cells import GRU, IRNN, LSTM, Cell, Gate
from gatework.engine import Noise, run
from gatework.layers import Recurrent, Regularizers

B, T, I, H = 2, 11, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def everything(cell, x, state, **options):
    result = run(cell, x, tuple(state), **options)
    values = [result.outputs, *result.state, *(result.states or ())]
    generator = torch.Generator().manual_seed(2)
    weights = [torch.randn(value.shape, generator=generator) for value in values]
    wanted = [x, *state, *cell.parameters()]
    return values, list(torch.autograd.grad(values, wanted, weights, allow_unused=True, materialize_grads=True))


@pytest.mark.parametrize("every", [1, 3, 4, 11, 50])
@pytest.mark.parametrize("engine", ["auto", "loop"])
def test_changes_no_value_and_no_gradient(engine, every):
    cell = LSTM(I, H)
    x = torch.randn(T, B, I, requires_grad=True)
    state = [torch.randn(B, H, requires_grad=True) for _ in "hc"]
    initial = tuple(torch.randn(B, H) for _ in "hc")
    zoneout = Noise(zoneout=(torch.rand(T, B, H) < 0.3, 0.2))
    given = {"resets": torch.rand(T, B) < 0.2, "lengths": torch.tensor([7, T]), "initial": initial}
    for options in ({}, {"every_state": True}, given, {**given, "noise": zoneout}):
        whole = everything(cell, x, state, engine=engine, **options)
        pieces = everything(cell, x, state, engine=engine, checkpoint_every=every, **options)
        torch.testing.assert_close(pieces, whole, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("options", [{"weight_noise": 0.5}, {"weight_dropout": 0.5}, {"zoneout": 0.3}, {}], ids=str)
def test_pieces_are_run_again_with_the_weights_that_they_had(options, dtype):
    layer = Recurrent(GRU(I, H), regularizers=Regularizers(**options)).to(dtype)
    x = torch.randn(T, B, I, dtype=dtype, requires_grad=True)
    found = []
    for every in (None, 3):
        torch.manual_seed(4)
        outputs = layer(x, checkpoint_every=every).outputs
        found.append(torch.autograd.grad(outputs.double().square().sum(), [x, *layer.parameters()]))
    tolerance = 1e-10 if dtype == torch.float64 else 0.02
    torch.testing.assert_close(*found, rtol=tolerance, atol=tolerance)


def test_other_weights_are_seen_when_a_piece_is_run_again():
    layer, other = Recurrent(GRU(I, H)), Recurrent(GRU(I, H))
    x = torch.randn(T, B, I, requires_grad=True)
    weights = dict(other.named_parameters())
    outputs = torch.func.functional_call(layer, weights, (x,), {"checkpoint_every": 3}).outputs
    expected = torch.autograd.grad(other(x).outputs.sum(), [x, *weights.values()])
    torch.testing.assert_close(torch.autograd.grad(outputs.sum(), [x, *weights.values()]), expected)


def test_chance_within_a_step_is_the_same_when_run_again():
    class Dropped(Cell):
        def __init__(self) -> None:
            super().__init__(I, H)
            self.n = Gate(I, H)

        def step(self, x, h):
            return torch.nn.functional.dropout(torch.tanh(self.n(x, h)), 0.5)

    cell, x = Dropped(), torch.randn(T, B, I, requires_grad=True)
    torch.manual_seed(4)
    outputs = run(cell, x, checkpoint_every=4).outputs
    (slope,) = torch.autograd.grad(outputs[-1].sum(), x)
    kept = outputs[-1] != 0
    assert (slope[-1].abs().sum(-1) > 0).equal(kept.any(-1))
    torch.manual_seed(4)
    (expected,) = torch.autograd.grad(run(cell, x).outputs[-1].sum(), x)
    torch.testing.assert_close(slope, expected)


@pytest.mark.parametrize("kind", [torch.uint8, torch.int16])
def test_narrow_lengths_do_not_wrap(kind):
    cell, x, lengths = GRU(I, H), torch.randn(T, B, I), torch.tensor([2, 9])
    pieces = run(cell, x, lengths=lengths.to(kind), checkpoint_every=4)
    torch.testing.assert_close(pieces.outputs, run(cell, x, lengths=lengths).outputs)


def test_keeps_little_for_the_gradient():
    cell = GRU(I, H)
    x = torch.randn(1024, B, I)

    def kept(**options) -> int:
        seen: dict[int, int] = {}

        def note(tensor: torch.Tensor) -> torch.Tensor:
            seen[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            run(cell, x, **options)
        return sum(seen.values())

    assert kept(checkpoint_every=32) < kept() / 8


@pytest.mark.parametrize("every", [0, -3, 2.5, "2"])
def test_impossible_pieces(every):
    with pytest.raises(ValueError, match=f"checkpoint_every must be an integer of at least 1, or None, not {every!r}"):
        run(GRU(I, H), torch.zeros(T, B, I), checkpoint_every=every)


class Hoisting(Cell):
    """Uses its input elementwise: what pieces of other engines and hoisted cells go through."""

    def __init__(self) -> None:
        super().__init__(I, I)
        self.n = Gate(I, I)

    def step(self, x, h):
        return torch.tanh(self.n(x, h)) + torch.sin(x)


RUNS = [(lambda: LSTM(I, H), "compiled"), (lambda: LSTM(I, H), "loop"), (Hoisting, "compiled"), (Hoisting, "loop")]


@pytest.mark.parametrize(("make", "engine"), RUNS)
def test_options_may_be_refilled_before_the_gradient(make, engine):
    cell, x = make(), torch.randn(T, B, I, requires_grad=True)
    given = {"resets": torch.rand(T, B) < 0.3, "lengths": torch.tensor([7, T])}
    slopes = []
    for refill in (False, True):
        outputs = run(cell, x, engine=engine, checkpoint_every=3, **given).outputs
        if refill:
            given["resets"].logical_not_()
            given["lengths"].fill_(2)
        slopes.append(torch.autograd.grad(outputs.square().sum(), [x, *cell.parameters()]))
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize(("make", "engine"), RUNS)
@pytest.mark.parametrize("changed", ["x", "state", "parameter"])
def test_what_was_changed_in_place_gives_no_wrong_gradient(make, engine, changed):
    cell = make()
    x = torch.randn(T, B, I, requires_grad=True)
    state = cell.State(*(torch.randn(B, size) for size in cell.state_sizes))
    shifted = x + 0
    outputs = run(cell, shifted, state, engine=engine, checkpoint_every=3).outputs
    with torch.no_grad():
        {"x": shifted, "state": state[0], "parameter": next(cell.parameters())}[changed].mul_(2)
    with pytest.raises(RuntimeError, match=r"in ?place"):
        outputs.sum().backward()


def test_rows_without_a_step_in_some_or_all_pieces():
    cell = LSTM(I, H)
    x, state = torch.randn(T, B, I, requires_grad=True), [torch.randn(B, H, requires_grad=True) for _ in "hc"]
    for lengths in ([0, 5], [2, 4], [0, 0]):
        options = {"lengths": torch.tensor(lengths), "every_state": True}
        whole = everything(cell, x, state, engine="loop", **options)
        torch.testing.assert_close(everything(cell, x, state, checkpoint_every=2, **options), whole)


def test_pieces_have_second_derivatives():
    cell, x = LSTM(I, H), torch.randn(T, B, I, requires_grad=True)
    found = []
    for every in (None, 4):
        (slope,) = torch.autograd.grad(run(cell, x, checkpoint_every=every).outputs.sum(), x, create_graph=True)
        found.append(torch.autograd.grad(slope.square().sum(), [x, cell.f.U]))
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("sequence", [False, True])
def test_a_gradient_of_the_state_alone_goes_through_all_pieces(sequence):
    cell, x = GRU(I, H), torch.randn(T, B, I, requires_grad=True)
    found = []
    for every in (None, 4):
        result = run(cell, x, checkpoint_every=every)
        value = result.state.h.square().sum() + (result.outputs[3].sum() if sequence else 0)
        found.append(torch.autograd.grad(value, [x, *cell.parameters()]))
    torch.testing.assert_close(*found)


def test_a_graph_may_be_run_backwards_twice():
    cell, x = LSTM(I, H), torch.randn(T, B, I, requires_grad=True)
    loss = run(cell, x, checkpoint_every=4).outputs.square().sum()
    first = torch.autograd.grad(loss, x, retain_graph=True)
    torch.testing.assert_close(torch.autograd.grad(loss, x), first)


def test_a_million_steps():
    """A unit that adds up its inputs: what it holds, and its gradients, are known in closed form."""
    cell = IRNN(1, 1, bias=False)
    with torch.no_grad():
        cell.h.W.fill_(1)
        cell.h.U.fill_(1)
    time = 1_000_000
    x = torch.ones(time, 1, 1, requires_grad=True)
    outputs = run(cell, x, checkpoint_every=1009, engine="compiled").outputs
    assert torch.equal(outputs[:, 0, 0], torch.arange(1.0, time + 1))
    slope, W, U = torch.autograd.grad(outputs[-1].sum(), [x, cell.h.W, cell.h.U])
    assert torch.equal(slope, torch.ones_like(x))
    assert W.item() == time
    assert U.item() == time * (time - 1) / 2
