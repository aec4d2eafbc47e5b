"""What follows from the equations: the behaviour each cell was invented for."""

from __future__ import annotations

import pytest
import torch
from holding import OPEN, SHUT, fix
from torch.autograd import gradcheck

from gatework.cells import GRU, LSTM, Elman, GRUResetAfter
from gatework.engine import run

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def test_step_has_the_right_derivatives(make_cell):
    cell = make_cell()
    state = [torch.randn(B, H, requires_grad=True) for _ in cell.states]
    names, values = zip(*cell.named_parameters(), strict=True)

    def step(x, *rest):
        parameters = dict(zip(names, rest[len(state) :], strict=True))
        return tuple(torch.func.functional_call(cell, parameters, (x, rest[: len(state)])))

    x = torch.randn(B, I, requires_grad=True)
    assert gradcheck(step, (x, *state, *(v.detach().requires_grad_() for v in values)))


def test_lstm_that_forgets_nothing_and_takes_nothing_in_keeps_c_for_ever():
    cell = LSTM(I, H)
    fix(cell.f, OPEN)
    fix(cell.i, SHUT)
    c = torch.randn(B, H)
    result = run(cell, torch.randn(1000, B, I), (torch.randn(B, H), c), every_state=True)
    assert torch.equal(result.states.c, c.expand(1000, B, H))


def test_error_flows_undiminished_along_c():
    """The constant error carousel: dc_T/dc_0 = 1, where an Elman network's vanishes."""
    cell = LSTM(I, H)
    fix(cell.f, OPEN)
    fix(cell.i, SHUT)
    c = torch.randn(B, H, requires_grad=True)
    result = run(cell, torch.randn(1000, B, I), (torch.zeros(B, H), c))
    (gradient,) = torch.autograd.grad(result.state.c.sum(), c)
    assert torch.equal(gradient, torch.ones(B, H))

    elman = Elman(I, H)
    h = torch.randn(B, H, requires_grad=True)
    (gradient,) = torch.autograd.grad(run(elman, torch.randn(1000, B, I), (h,)).state.h.sum(), h)
    assert gradient.abs().max() < 1e-20


def test_lstm_without_memory_is_an_elman_network_with_a_second_tanh():
    """i = 1, f = 0, o = 1 leave h = tanh(tanh(W x + U h + b)).

    Only nearly Elman: its candidate and its output are both squashed; no weights of an LSTM undo one.
    """
    lstm, elman = LSTM(I, H), Elman(I, H)
    fix(lstm.i, OPEN)
    fix(lstm.f, SHUT)
    fix(lstm.o, OPEN)
    elman.h.load_state_dict(lstm.g.state_dict())
    x, h = torch.randn(T, B, I), torch.randn(B, H)
    outputs = run(lstm, x, (h, torch.randn(B, H))).outputs
    for x_t, h_t in zip(x, outputs, strict=True):
        h = torch.tanh(elman.step(x_t, h))
        torch.testing.assert_close(h_t, h, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("cls", "options", "shut"),
    [(GRU, {}, SHUT), (GRU, {"z_scales": "old"}, OPEN), (GRUResetAfter, {}, OPEN)],
)
def test_shut_gru_copies_its_state(cls, options, shut):
    cell = cls(I, H, **options)
    fix(cell.z, shut)
    h = torch.randn(B, H)
    outputs = run(cell, torch.randn(T, B, I), (h,), engine="loop").outputs
    assert torch.equal(outputs, h.expand(T, B, H))


def test_gru_that_resets_forgets_its_state():
    """With r = 0 and z open the new state depends on the input alone."""
    cell = GRU(I, H)
    fix(cell.r, SHUT)
    fix(cell.z, OPEN)
    x = torch.randn(B, I)
    assert torch.equal(cell.step(x, torch.randn(B, H)), cell.step(x, torch.randn(B, H)))


def test_both_conventions_of_z_are_one_function():
    new, old = GRU(I, H), GRU(I, H, z_scales="old")
    old.load_state_dict(new.state_dict())
    x, state = torch.randn(T, B, I), (torch.randn(B, H),)
    assert not torch.allclose(run(new, x, state).outputs, run(old, x, state).outputs)
    with torch.no_grad():
        for parameter in old.z.parameters():
            parameter.neg_()
    torch.testing.assert_close(run(new, x, state).outputs, run(old, x, state).outputs, rtol=1e-12, atol=1e-12)


def test_lstm_begins_by_remembering():
    assert torch.equal(LSTM(I, H).f.b, torch.ones(H))
    assert torch.equal(LSTM(I, H, forget_bias=-2.5).f.b, torch.full((H,), -2.5))
    others = LSTM(I, H)
    assert not any(torch.equal(getattr(others, gate).b, torch.ones(H)) for gate in "igo")
    assert LSTM(I, H, bias=False).f.b is None


def test_elman_activations_are_what_they_are_called():
    cells = {name: Elman(I, H, activation=name) for name in ("tanh", "relu", "logistic")}
    for cell in cells.values():
        cell.load_state_dict(cells["tanh"].state_dict())
    x, h = torch.randn(B, I), torch.randn(B, H)
    a = cells["tanh"].h(x, h)
    assert torch.equal(cells["tanh"].step(x, h), a.tanh())
    assert torch.equal(cells["relu"].step(x, h), a.clamp(min=0))
    torch.testing.assert_close(cells["logistic"].step(x, h), 1 / (1 + (-a).exp()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Elman(I, H, activation="sigmoidal"),
            "an activation is one of sigmoid, logistic, tanh, .* not 'sigmoidal'",
        ),
        (lambda: GRU(I, H, z_scales="both"), "z_scales must be 'new' or 'old', not 'both'"),
        (lambda: LSTM(0, H), "input_size must be a positive integer, not 0"),
        (lambda: GRUResetAfter(I, 7.0), "hidden_size must be a positive integer, not 7.0"),
    ],
)
def test_impossible_options_are_named(make, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        make()
