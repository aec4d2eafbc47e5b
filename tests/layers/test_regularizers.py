"""What disturbs a layer while it trains: against the same done by hand, step by step."""

from __future__ import annotations

import copy

import pytest
import torch
from pydantic import ValidationError

from gatework.cells import GRU, LSTM, LSTMP, BatchNormLSTM, Elman, GRUResetAfter
from gatework.layers import Recurrent, Regularizers, Stack
from gatework.layers.regularizers import disturbed_weights, draw_noise

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def close(ours, theirs) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def run_twice(layer: Recurrent, x: torch.Tensor):
    """The layer's result, and the noise that it drew for it."""
    torch.manual_seed(3)
    result = layer(x, every_state=True)
    torch.manual_seed(3)
    return result, draw_noise(layer.cell, layer.regularizers, len(x), x.shape[1], layer.training)


def test_zoned_out_units_keep_their_value():
    layer = Recurrent(LSTM(I, H), regularizers=Regularizers(zoneout={"h": 0.3, "c": 0.6}))
    x = torch.randn(50, B, I)
    result, noise = run_twice(layer, x)
    h = c = torch.zeros(B, H)
    for t in range(50):
        new_h, new_c = layer.cell.step(x[t], h, c)
        h, c = torch.where(noise.zoneout[0][t], h, new_h), torch.where(noise.zoneout[1][t], c, new_c)
        close(result.states.h[t], h)
        close(result.states.c[t], c)
    shares = [kept.double().mean().item() for kept in noise.zoneout]
    assert shares == pytest.approx([0.3, 0.6], abs=0.06)


def test_zoneout_mixes_in_evaluation():
    layer = Recurrent(GRU(I, H), regularizers=Regularizers(zoneout=0.3)).eval()
    x, h = torch.randn(T, B, I), torch.zeros(B, H)
    for t, output in enumerate(layer(x).outputs):
        h = 0.3 * h + 0.7 * layer.cell.step(x[t], h)
        close(output, h)


def test_the_gates_see_a_state_with_the_same_units_dropped_at_all_steps():
    layer = Recurrent(GRUResetAfter(I, H), regularizers=Regularizers(recurrent_dropout=0.4))
    x, h = torch.randn(T, B, I), torch.zeros(B, H)
    result, noise = run_twice(layer, x)
    mask, cell = noise.recurrent[H], layer.cell
    assert set(mask.flatten().tolist()) == {0.0, 1 / 0.6}
    for t in range(T):
        seen = h * mask
        r, z = torch.sigmoid(cell.r(x[t], seen)), torch.sigmoid(cell.z(x[t], seen))
        h = (1 - z) * torch.tanh(cell.n(x[t]) + r * cell.m(e=seen)) + z * h
        close(result.outputs[t], h)


def test_a_dropped_candidate_leaves_the_memory_alone():
    options = Regularizers(recurrent_dropout=0.4, recurrent_dropout_on="candidate")
    layer = Recurrent(LSTM(I, H), regularizers=options)
    x, h, c = torch.randn(T, B, I), torch.zeros(B, H), torch.zeros(B, H)
    result, noise = run_twice(layer, x)
    cell = layer.cell
    for t in range(T):
        i, f, o = (torch.sigmoid(gate(x[t], h)) for gate in (cell.i, cell.f, cell.o))
        c = f * c + i * (torch.tanh(cell.g(x[t], h)) * noise.candidate)
        h = o * torch.tanh(c)
        close(result.outputs[t], h)


@pytest.mark.parametrize("options", [{"weight_dropout": 0.5}, {"weight_noise": 0.1}, {"input_noise": 0.2}])
def test_weights_and_inputs_are_disturbed_once_a_run(options):
    layer = Recurrent(GRU(I, H), regularizers=Regularizers(**options))
    x = torch.randn(T, B, I)
    torch.manual_seed(3)
    outputs = layer(x).outputs
    torch.manual_seed(3)
    seen = x + 0.2 * torch.randn_like(x) if "input_noise" in options else x
    plain = copy.deepcopy(layer.cell)
    plain.load_state_dict(disturbed_weights(layer.cell, layer.regularizers), strict=False)
    close(outputs, Recurrent(plain)(seen).outputs)
    assert not torch.equal(outputs, layer(x).outputs), "the next run draws anew"
    close(layer.eval()(x).outputs, Recurrent(layer.cell)(x).outputs)


def test_a_dropped_weight_gets_no_gradient():
    layer = Recurrent(Elman(I, 31), regularizers=Regularizers(weight_dropout=0.5))
    layer(torch.randn(T, B, I)).outputs.sum().backward()
    dropped = (layer.cell.h.U.grad == 0).double().mean().item()
    assert dropped == pytest.approx(0.5, abs=0.06)
    assert (layer.cell.h.W.grad != 0).all()


def test_weight_noise_has_the_deviation_asked_for():
    cell = LSTM(61, 59)
    disturbed = disturbed_weights(cell, Regularizers(weight_noise=0.075))
    assert disturbed.keys() == {f"{gate}.{letter}" for gate in "ifgo" for letter in "WU"}
    differences = torch.cat([(disturbed[name] - cell.get_parameter(name)).flatten() for name in disturbed])
    assert differences.std().item() == pytest.approx(0.075, rel=0.02)


def test_a_learned_initial_state_is_where_sequences_and_resets_start():
    layer = Recurrent(LSTM(I, H), learn_initial=True)
    for part in layer.initial.values():
        torch.nn.init.normal_(part)
    x = torch.randn(T, B, I)
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[3, 1] = True
    given = tuple(part.detach().expand(B, -1) for part in layer.initial.values())
    expected = Recurrent(layer.cell)(x, given).outputs
    outputs = layer(x, resets=resets).outputs
    close(outputs[:, 0], expected[:, 0])
    close(outputs[3:, 1], Recurrent(layer.cell)(x[3:], given).outputs[:, 1])
    outputs.sum().backward()
    assert all(part.grad.abs().min() > 0 for part in layer.initial.values())
    assert {"initial.h", "initial.c"} < layer.state_dict().keys()


def test_none_is_not_given():
    layer = Recurrent(LSTM(I, H), regularizers=Regularizers(recurrent_dropout=0.5), learn_initial=True)
    torch.nn.init.normal_(layer.initial["h"])
    x, found = torch.randn(T, B, I), []
    for options in ({}, {"noise": None, "initial": None}):
        torch.manual_seed(3)
        found.append(layer(x, **options).outputs)
    assert torch.equal(*found)


def test_a_stack_disturbs_each_layer_by_itself():
    stack = Stack(GRU, I, H, layers=2, regularizers=Regularizers(recurrent_dropout=0.5), learn_initial=True)
    x = torch.randn(T, B, I)
    torch.manual_seed(3)
    both = stack(x).outputs
    torch.manual_seed(3)
    first, second = (layer[0] for layer in stack.layers)
    close(both, second(first(x).outputs).outputs)


@pytest.mark.parametrize(
    ("cell", "options", "cause"),
    [
        (GRU(I, H), {"zoneout": {"c": 0.1}}, "zoneout of 'c': the states of GRU are h"),
        (
            Elman(I, H),
            {"recurrent_dropout": 0.1, "recurrent_dropout_on": "candidate"},
            "Elman has no candidate that recurrent dropout could act on",
        ),
    ],
)
def test_what_the_cell_lacks_cannot_be_disturbed(cell, options, cause):
    with pytest.raises(ValueError, match=f"^{cause}$"):
        Recurrent(cell, regularizers=Regularizers(**options))


@pytest.mark.parametrize("options", [{"zoneout": 1.0}, {"recurrent_dropout": -0.1}, {"weight_noise": float("inf")}])
def test_impossible_shares_are_refused(options):
    with pytest.raises(ValidationError):
        Regularizers(**options)


def test_a_candidate_may_be_wider_than_the_output():
    """Dropped whole, c keeps what the forget gate leaves of it."""
    regularizers = Regularizers(recurrent_dropout=0.5, recurrent_dropout_on="candidate")
    layer = Recurrent(LSTMP(3, 7, memory_size=11), regularizers=regularizers)
    c = layer.train()(torch.randn(5, 2, 3)).state.c
    dropped = (c == 0).double().mean()
    assert c.shape == (2, 11)
    assert 0 < dropped < 1


def test_looking_for_a_candidate_leaves_no_statistics_behind():
    cell = BatchNormLSTM(3, 7)
    Recurrent(cell, regularizers=Regularizers(recurrent_dropout=0.5, recurrent_dropout_on="candidate"))
    assert torch.equal(cell.norm_c.variance, torch.ones(100, 7))
