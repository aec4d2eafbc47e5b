"""What follows from the equations of the LSTM family: how its members become each other, and what each is for."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
import torch
from torch import nn

from gatework.cells import (
    CELLS,
    GRU,
    JANET,
    LSTM,
    LSTMP,
    SLSTM,
    TLSTM,
    WMCLSTM,
    BatchNormLSTM,
    Cell,
    CoupledLSTM,
    Elman,
    FullGateRecurrenceLSTM,
    GreffLSTM,
    GRUResetAfter,
    LayerNormLSTM,
    MemoryControllerLSTM,
    MultiplicativeLSTM,
    OriginalLSTM,
    PeepholeLSTM,
    ResidualLSTM,
    family,
)
from gatework.cells.lstm.batch_norm import BatchNorm
from gatework.engine import ENGINES, Noise, checked_call, run
from gatework.testing import check_cell

B, T, I, H = 2, 5, 3, 7
OPEN, SHUT = 1e3, -1e3  # biases at which a logistic gate is exactly 1 and 0 in float64
FAMILY = {name: cls for name, cls in CELLS.items() if family(cls) == "lstm"}
NOT_COMPILED = {"BatchNormLSTM": "it looks its statistics up by a state"}
pytestmark = pytest.mark.usefixtures("exact")


def spread(cell: Cell) -> Cell:
    """The cell in evaluation, with weights of which no two are alike."""
    for parameter in cell.parameters():
        nn.init.normal_(parameter, std=0.5)
    return cell.eval()


def fill(parameter: torch.Tensor, value: float) -> None:
    nn.init.constant_(parameter, value)


def bias_of(cell: Cell, gate: str) -> torch.Tensor:
    """The b of a gate, wherever the cell keeps it."""
    if isinstance(cell, LayerNormLSTM):
        return cell.norm_x.b["ifgo".index(gate)]
    return getattr(cell, f"norm_{gate}").x.b if isinstance(cell, BatchNormLSTM) else getattr(cell, gate).b


def copy(cell: Cell, model: Cell) -> None:
    """Give a cell all parameters of the model; every one of them must fit."""
    state = cell.state_dict() | dict(model.state_dict())
    cell.load_state_dict(state, strict=True)


def same_outputs(first: Cell, second: Cell, x: torch.Tensor | None = None) -> bool:
    """Whether two cells whose states begin with h and c do the same from a random state."""
    x = torch.randn(T, B, I) if x is None else x
    given = [torch.randn(B, max(first.state_sizes)) for _ in range(2)]

    def outputs(cell: Cell) -> torch.Tensor:
        state = cell.initial_state(B)._replace(h=given[0][:, : cell.hidden_size], c=given[1])
        return run(cell, x, state, engine="loop").outputs

    return torch.allclose(outputs(first), outputs(second), rtol=1e-12, atol=1e-12)


# cell, options, gates to open, gates to shut, the state that is kept
KEEPERS = {
    "LSTM": (LSTM, {}, "f", "i", "c"),
    "OriginalLSTM": (OriginalLSTM, {}, "", "i", "c"),
    "PeepholeLSTM": (PeepholeLSTM, {}, "f", "i", "c"),
    "V": (GreffLSTM, {"variant": "V"}, "f", "i", "c"),
    "NFG": (GreffLSTM, {"variant": "NFG"}, "", "i", "c"),
    "NOG": (GreffLSTM, {"variant": "NOG"}, "f", "i", "c"),
    "NIAF": (GreffLSTM, {"variant": "NIAF"}, "f", "i", "c"),
    "NOAF": (GreffLSTM, {"variant": "NOAF"}, "f", "i", "c"),
    "CIFG": (GreffLSTM, {"variant": "CIFG"}, "", "i", "c"),
    "NP": (GreffLSTM, {"variant": "NP"}, "f", "i", "c"),
    "FGR": (FullGateRecurrenceLSTM, {}, "f", "i", "c"),
    "CoupledLSTM": (CoupledLSTM, {}, "f", "", "c"),
    "LSTMP": (LSTMP, {}, "f", "i", "c"),
    "LayerNormLSTM": (LayerNormLSTM, {}, "f", "i", "c"),
    "BatchNormLSTM": (BatchNormLSTM, {}, "f", "i", "c"),
    "MultiplicativeLSTM": (MultiplicativeLSTM, {}, "f", "i", "c"),
    "JANET": (JANET, {}, "f", "", "h"),
    "SLSTM": (SLSTM, {}, "f", "i", "c"),
    "WMCLSTM": (WMCLSTM, {}, "f", "i", "c"),
    "ResidualLSTM": (ResidualLSTM, {}, "f", "i", "c"),
    "TLSTM": (TLSTM, {}, "f", "", "c"),
    "MemoryControllerLSTM": (MemoryControllerLSTM, {}, "f", "i", "c"),
}


def test_every_cell_that_can_keep_is_tried():
    assert set(FAMILY.values()) - {row[0] for row in KEEPERS.values()} == {CELLS["NASCell"]}


@pytest.mark.parametrize("row", KEEPERS.values(), ids=KEEPERS.keys())
def test_what_forgets_nothing_and_takes_nothing_in_keeps_its_memory_for_ever(row):
    cls, options, opened, shut, kept = row
    cell = spread(cls(I, H, **options))
    for gates, bias in ((opened, OPEN), (shut, SHUT)):
        for gate in gates:
            fill(bias_of(cell, gate), bias)
    start = cell.State(*(torch.rand(B, size) + 0.5 for size in cell.state_sizes))
    states = run(cell, torch.randn(200, B, I), start, every_state=True, engine="loop").states
    memory = getattr(start, kept)
    assert torch.equal(getattr(states, kept), memory.expand(200, *memory.shape))


@pytest.mark.parametrize(
    ("cls", "options", "candidate", "squashings"),
    [
        (PeepholeLSTM, {}, "g", 2),
        (WMCLSTM, {}, "g", 2),
        (FullGateRecurrenceLSTM, {}, "z", 2),
        (GreffLSTM, {"variant": "V"}, "z", 2),
        (GreffLSTM, {"variant": "NIAF"}, "z", 1),
        (GreffLSTM, {"variant": "NOAF"}, "z", 1),
    ],
)
def test_what_remembers_nothing_is_an_elman_network_or_nearly(cls, options, candidate, squashings):
    """i = 1, f = 0, o = 1: with one activation function fewer (NIAF, NOAF) exactly an Elman network."""
    cell, elman = spread(cls(I, H, **options)), Elman(I, H)
    for gate, bias in zip("ifo", (OPEN, SHUT, OPEN), strict=True):
        fill(bias_of(cell, gate), bias)
    elman.h.load_state_dict(getattr(cell, candidate).state_dict())
    x, state = torch.randn(T, B, I), cell.State(*(torch.randn(B, H) for _ in cell.states))
    outputs, h = run(cell, x, state, engine="loop").outputs, state.h
    for x_t, h_t in zip(x, outputs, strict=True):
        h = elman.step(x_t, h)
        h = h.tanh() if squashings == 2 else h
        torch.testing.assert_close(h_t, h, rtol=1e-12, atol=1e-12)


def test_peepholes_of_zero_are_none():
    lstm, looking = spread(LSTM(I, H)), spread(PeepholeLSTM(I, H))
    copy(looking, lstm)
    assert not same_outputs(looking, lstm)
    for gate in "ifo":
        fill(getattr(looking, f"p_{gate}").p, 0)
    assert same_outputs(looking, lstm)
    blind = PeepholeLSTM(I, H, peepholes="")
    copy(blind, lstm)
    assert same_outputs(blind, lstm)


def test_output_peephole_sees_the_new_state():
    """With the old state at zero only a look at the new one can open the output gate."""
    cell = spread(PeepholeLSTM(I, H, peepholes="o"))
    x, zeros = torch.randn(B, I), torch.zeros(B, H)
    before = cell.step(x, zeros, zeros)[0]
    fill(cell.p_o.p, 1)
    assert not torch.allclose(cell.step(x, zeros, zeros)[0], before)


def renamed(model: GreffLSTM, cell: Cell) -> None:
    """Give a cell whose candidate is g the parameters of one of Greff et al., who call it z."""
    cell.load_state_dict({name.replace("z.", "g."): value for name, value in model.state_dict().items()})


def test_greff_without_peepholes_is_the_lstm_and_with_all_the_peephole_lstm():
    no_peepholes, vanilla = spread(GreffLSTM(I, H, variant="NP")), spread(GreffLSTM(I, H))
    lstm, looking = LSTM(I, H), PeepholeLSTM(I, H)
    renamed(no_peepholes, lstm)
    renamed(vanilla, looking)
    assert same_outputs(no_peepholes, lstm)
    assert same_outputs(vanilla, looking)


@pytest.mark.parametrize(("variant", "gate"), [("NIG", "i"), ("NFG", "f"), ("NOG", "o")])
def test_a_missing_gate_is_an_open_one(variant, gate):
    vanilla, without = spread(GreffLSTM(I, H)), GreffLSTM(I, H, variant=variant)
    without.load_state_dict(
        {name: value for name, value in vanilla.state_dict().items() if name in without.state_dict()}
    )
    assert not same_outputs(without, vanilla)
    fill(getattr(vanilla, gate).b, OPEN)
    assert same_outputs(without, vanilla)


def test_coupled_gates_are_two_with_opposite_weights():
    """sigmoid(-a) = 1 - sigmoid(a)."""
    vanilla, cifg = GreffLSTM(I, H), spread(GreffLSTM(I, H, variant="CIFG"))
    state = vanilla.state_dict() | dict(cifg.state_dict())
    opposite = {name.replace("i.", "f."): -value for name, value in cifg.state_dict().items() if "i." in name}
    vanilla.load_state_dict(state | opposite)
    assert same_outputs(cifg, vanilla)

    lstm, coupled = LSTM(I, H), spread(CoupledLSTM(I, H))
    opposite = {name.replace("f.", "i."): -value for name, value in coupled.state_dict().items() if "f." in name}
    lstm.load_state_dict(dict(coupled.state_dict()) | opposite)
    assert same_outputs(coupled, lstm)


def test_full_gate_recurrence_of_zero_is_none():
    vanilla, full = spread(GreffLSTM(I, H)), spread(FullGateRecurrenceLSTM(I, H))
    copy(full, vanilla)
    start = full.State(*(torch.randn(B, H) for _ in full.states))
    x = torch.randn(T, B, I)
    expected = run(vanilla, x, start[:2]).outputs
    assert not torch.allclose(run(full, x, start).outputs, expected)
    for name, gate in full.gates():
        if "_from_" in name:
            fill(gate.U, 0)
    torch.testing.assert_close(run(full, x, start).outputs, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("variant", "parameters"),
    [("V", 329), ("NIG", 245), ("NFG", 245), ("NOG", 245), ("NIAF", 329), ("NOAF", 329), ("CIFG", 245), ("NP", 308)],
)
def test_variants_have_the_parameters_they_say(variant, parameters):
    """A gate has 7 * (3 + 7 + 1) = 77 parameters, a peephole 7."""
    assert sum(parameter.numel() for parameter in GreffLSTM(I, H, variant=variant).parameters()) == parameters


def test_original_is_an_lstm_that_never_forgets():
    original, lstm = spread(OriginalLSTM(I, H)), spread(LSTM(I, H))
    copy(lstm, original)
    assert not same_outputs(original, lstm)
    fill(lstm.f.b, OPEN)
    assert same_outputs(original, lstm)


def test_identity_as_projection_is_none():
    lstm, projected = spread(LSTM(I, H)), spread(LSTMP(I, H, memory_size=H))
    copy(projected, lstm)
    nn.init.eye_(projected.r.U)
    assert same_outputs(projected, lstm)


@pytest.mark.parametrize("bias", [True, False])
def test_projection_equals_torch(bias):
    """Outputs, states and all gradients of torch.nn.LSTM with proj_size."""
    memory = 11
    cell = LSTMP(I, H, memory_size=memory, bias=bias)
    module = nn.LSTM(I, memory, proj_size=H, bias=bias)
    pairs = {"W": module.weight_ih_l0, "U": module.weight_hh_l0} | ({"b": module.bias_ih_l0} if bias else {})
    for name, theirs in pairs.items():
        total = theirs + module.bias_hh_l0 if name == "b" else theirs
        for gate, part in zip("ifgo", total.detach().chunk(4), strict=True):
            getattr(getattr(cell, gate), name).data.copy_(part)
    cell.r.U.data.copy_(module.weight_hr_l0.detach())

    x, h, c = torch.randn(T, B, I), torch.randn(B, H), torch.randn(B, memory)
    ours = run(cell, x, (h, c))
    outputs, (last_h, last_c) = module(x, (h[None], c[None]))
    weights = [torch.randn_like(value) for value in (ours.outputs, *ours.state)]
    for values in ((ours.outputs, *ours.state), (outputs, last_h[0], last_c[0])):
        sum((value * weight).sum() for value, weight in zip(values, weights, strict=True)).backward()
    torch.testing.assert_close(ours.outputs, outputs, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(ours.state.c, last_c[0], rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(cell.r.U.grad, module.weight_hr_l0.grad, rtol=1e-10, atol=1e-10)
    for name, theirs in pairs.items():
        for gate, part in zip("ifgo", theirs.grad.chunk(4), strict=True):
            torch.testing.assert_close(getattr(getattr(cell, gate), name).grad, part, rtol=1e-10, atol=1e-10)


def test_a_wide_candidate_is_dropped_by_every_engine():
    """Mask and candidate are as wide as c; the compiled engine's outputs and gradients are the loop's."""
    cell = spread(LSTMP(I, H, memory_size=11))
    x, noise = torch.randn(T, B, I), Noise(candidate=torch.rand(B, 11).round() * 2)
    whole, *results = [run(cell, x), *(run(cell, x, noise=noise, engine=name) for name in ("loop", "compiled"))]
    assert not torch.allclose(results[0].outputs, whole.outputs)
    gradients = [torch.autograd.grad(result.outputs.square().sum(), list(cell.parameters())[:3]) for result in results]
    torch.testing.assert_close(results[0], results[1], rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-10, atol=1e-10)


def test_multiplicative_is_the_lstm_where_each_input_chooses_the_same_weights():
    lstm, cell = spread(LSTM(I, H)), spread(MultiplicativeLSTM(I, H))
    copy(cell, lstm)
    x = torch.randn(T, B, I)
    x[:, :, 0] = 1
    assert not same_outputs(cell, lstm, x)
    fill(cell.mx.W, 0)
    fill(cell.mx.W[:, 0], 1)
    nn.init.eye_(cell.mh.U)
    assert same_outputs(cell, lstm, x)


def test_working_memory_of_zero_is_none():
    lstm, cell = spread(LSTM(I, H)), spread(WMCLSTM(I, H))
    copy(cell, lstm)
    assert not same_outputs(cell, lstm)
    for gate in (cell.ic, cell.fc, cell.oc):
        fill(gate.U, 0)
    assert same_outputs(cell, lstm)


def test_residual_without_shortcut_is_the_peephole_lstm():
    looking, residual = spread(PeepholeLSTM(I, H)), spread(ResidualLSTM(I, H))
    copy(residual, looking)
    nn.init.eye_(residual.m.U)
    assert not same_outputs(residual, looking)
    fill(residual.s.W, 0)
    assert same_outputs(residual, looking)


def test_residual_passes_its_input_on():
    """With nothing projected and the gate open the output is the input, where it is as wide."""
    cell = spread(ResidualLSTM(H, H))
    fill(cell.m.U, 0)
    fill(cell.o.b, OPEN)
    x = torch.randn(T, B, H)
    assert torch.equal(run(cell, x, engine="loop").outputs, x)


def test_memory_controller_whose_output_is_its_control_is_the_lstm():
    lstm, cell = spread(LSTM(I, H)), MemoryControllerLSTM(I, H)
    state = {name.replace("g.", "n."): value for name, value in lstm.state_dict().items()}
    cell.load_state_dict(state | {f"m.{name}": value for name, value in lstm.o.state_dict().items()})
    x = torch.randn(T, B, I)
    assert torch.allclose(run(cell, x).outputs, run(lstm, x).outputs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cls", [MemoryControllerLSTM, TLSTM])
def test_output_has_no_influence_on_the_next_step(cls):
    cell = spread(cls(I, H))
    state = cell.State(*(torch.randn(B, size) for size in cell.state_sizes))
    x = torch.randn(B, I)
    assert all(map(torch.equal, cell.tick(x, state), cell.tick(x, state._replace(h=state.h + 1))))


def test_janet_without_beta_is_coupled():
    """h = f h + (1 - f) g: between the old state and the candidate; beta > 0 takes in more."""
    cell, more = spread(JANET(I, H, beta=0.0)), JANET(I, H, beta=1.5)
    more.load_state_dict(cell.state_dict())
    x, h = torch.randn(B, I), torch.randn(B, H)
    f, g = torch.sigmoid(cell.f(x, h)), torch.tanh(cell.g(x, h))
    torch.testing.assert_close(cell.step(x, h), g + f * (h - g), rtol=1e-12, atol=1e-12)
    taken = (more.step(x, h) - f * h) / g
    assert (taken > 1 - f).all()


class TestExponentialGates:
    @pytest.mark.parametrize("forget", ["sigmoid", "exp"])
    def test_the_stabiliser_changes_nothing(self, forget):
        """The paper's equations 8 to 14 without m give the same h; what is stored is c and n times exp(-m)."""
        cell = spread(SLSTM(I, H, forget=forget))
        x = torch.randn(T, B, I)
        result = run(cell, x, every_state=True, engine="loop")
        h = c = n = torch.zeros(B, H)
        for t in range(T):
            i, o = torch.exp(cell.i(x[t], h)), torch.sigmoid(cell.o(x[t], h))
            f = (torch.exp if forget == "exp" else torch.sigmoid)(cell.f(x[t], h))
            c = f * c + i * torch.tanh(cell.z(x[t], h))
            n = f * n + i
            h = o * c / n
            torch.testing.assert_close(result.outputs[t], h, rtol=1e-11, atol=1e-11)
            torch.testing.assert_close(result.states.c[t] * result.states.m[t].exp(), c, rtol=1e-11, atol=1e-11)

    def test_only_the_scale_of_a_state_is_in_m(self):
        cell = spread(SLSTM(I, H))
        h, c, n, m = torch.randn(B, H), torch.randn(B, H), torch.rand(B, H) + 1, torch.randn(B, H)
        x, shift = torch.randn(T, B, I), torch.randn(B, H)
        scaled = (h, c * torch.exp(-shift), n * torch.exp(-shift), m + shift)
        plain, shifted = (run(cell, x, state, engine="loop").outputs for state in ((h, c, n, m), scaled))
        torch.testing.assert_close(plain, shifted, rtol=1e-11, atol=1e-11)

    def test_nothing_overflows(self):
        """An input gate of exp(1000) is beyond any float."""
        cell = spread(SLSTM(I, H, forget="exp"))
        fill(cell.i.b, 1e3)
        fill(cell.f.b, 1e3)
        x = torch.randn(200, B, I, requires_grad=True)
        outputs = run(cell, x).outputs
        outputs.sum().backward()
        assert (outputs.abs() <= 1).all()
        assert x.grad.isfinite().all()

    def test_an_input_can_outweigh_all_that_was_stored(self):
        cell = spread(SLSTM(I, H))
        fill(cell.i.b, 60)
        x, h = torch.randn(B, I), torch.randn(B, H)
        new = cell.step(x, h, torch.randn(B, H), torch.ones(B, H), torch.zeros(B, H))[0]
        torch.testing.assert_close(new, torch.sigmoid(cell.o(x, h)) * torch.tanh(cell.z(x, h)))

    def test_heads_see_only_themselves(self):
        cell = spread(SLSTM(I, 6, recurrence="block", heads=2))
        state = [torch.rand(B, 6) + 1 for _ in cell.states]
        x, other = torch.randn(B, I), state[0].clone()
        other[:, :3] += 1
        first, second = cell.step(x, *state)[0], cell.step(x, other, *state[1:])[0]
        assert torch.equal(first[:, 3:], second[:, 3:])
        assert not torch.allclose(first[:, :3], second[:, :3])


class TestLayerNorm:
    @pytest.mark.parametrize("parts", [("xi", "xf", "xg", "xo"), ("hi", "hf", "hg", "ho")])
    def test_the_scale_of_the_weights_does_not_matter(self, parts):
        cell = spread(LayerNormLSTM(I, H))
        x, state = torch.randn(T, B, I), (torch.randn(B, H), torch.randn(B, H))
        letter = "W" if parts[0][0] == "x" else "U"

        def scale(gates, factor):
            for gate in gates:
                getattr(getattr(cell, gate), letter).data.mul_(factor)

        scale(parts, 1e6)  # far above the epsilon
        before = run(cell, x, state).outputs
        scale(parts, 3)
        torch.testing.assert_close(run(cell, x, state).outputs, before, rtol=1e-9, atol=1e-9)
        scale(parts[:1], 3)  # of one gate alone it does: the four have one deviation in common
        assert not torch.allclose(run(cell, x, state).outputs, before)

    def test_the_scale_of_the_cell_state_does_not_matter_to_the_output(self):
        norm = spread(LayerNormLSTM(I, H)).norm_c
        c = torch.randn(B, H) * 1e6
        torch.testing.assert_close(norm(c), norm(3 * c), rtol=1e-9, atol=1e-9)


class TestBatchNorm:
    def test_evaluation_looks_up_the_statistics_of_the_row_s_own_step(self):
        """Steps past the last share its statistics; a reset begins anew."""
        cell = spread(BatchNormLSTM(I, H, steps=3))
        for name, buffer in cell.named_buffers():
            nn.init.uniform_(buffer, 0.5, 2) if "variance" in name else nn.init.normal_(buffer)
        p = {name: value.detach().numpy() for name, value in cell.state_dict().items()}
        x = torch.randn(T, B, I)
        resets = torch.zeros(T, B, dtype=torch.bool)
        resets[2, 1] = True
        outputs = run(cell, x, resets=resets, engine="loop").outputs.detach().numpy()

        def normal(path, value, s):
            k = min(s, 2)
            return p[f"{path}.gain"] * (value - p[f"{path}.mean"][k]) / np.sqrt(p[f"{path}.variance"][k] + 1e-5)

        def gate(k, x, h, s):
            from_x = normal(f"norm_{k}.x", p[f"{k}.W"] @ x, s)
            return from_x + normal(f"norm_{k}.h", p[f"{k}.U"] @ h, s) + p[f"norm_{k}.x.b"]

        logistic = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
        for row in range(B):
            h, c, s = np.zeros(H), np.zeros(H), 0
            for t in range(T):
                if resets[t, row]:
                    h, c, s = np.zeros(H), np.zeros(H), 0
                i, f, g, o = (gate(k, x[t, row].numpy(), h, s) for k in "ifgo")
                c = logistic(f) * c + logistic(i) * np.tanh(g)
                h = logistic(o) * np.tanh(normal("norm_c", c, s) + p["norm_c.b"])
                s += 1
                np.testing.assert_allclose(outputs[t, row], h, rtol=1e-12, atol=1e-12)

    def test_training_makes_running_averages_for_each_step(self):
        cell = BatchNormLSTM(I, H, steps=3)
        x = torch.randn(T, 11, I)
        run(cell, x)
        norm = cell.norm_i.x
        product = x @ cell.i.W.T
        expected = [0.1 * product[0].mean(0), 0.1 * product[1].mean(0), torch.zeros(H)]
        for t in (2, 3, 4):  # all into the last
            expected[2] = 0.9 * expected[2] + 0.1 * product[t].mean(0)
        torch.testing.assert_close(norm.mean, torch.stack(expected))
        torch.testing.assert_close(norm.variance[0], 0.9 + 0.1 * product[0].var(0))

    def test_evaluation_is_training_where_the_batch_is_the_population(self, monkeypatch):
        """But for the variance, which is unbiased in what is kept: 1 in 499 of it."""
        monkeypatch.setattr(BatchNorm, "momentum", 1.0)
        cell = BatchNormLSTM(I, H, steps=T)
        x = torch.randn(T, 500, I)
        untrained = run(cell.eval(), x).outputs
        trained = run(cell.train(), x).outputs
        assert (untrained - trained).abs().max() > 0.02
        torch.testing.assert_close(run(cell.eval(), x).outputs, trained, rtol=0, atol=2e-3)

    def test_one_row_has_no_variance(self):
        with pytest.raises(ValueError, match="needs two rows or more in training"):
            run(BatchNormLSTM(I, H), torch.randn(T, 1, I))


def test_forgetting_begins_where_it_is_told():
    tried = set()
    for name, cls in FAMILY.items():
        if "forget_bias" in inspect.signature(cls).parameters:
            assert (bias_of(cls(I, H), "f") == 1).all(), name
            assert (bias_of(cls(I, H, forget_bias=-2.5), "f") == -2.5).all(), name
            cls(I, H, bias=False).reset_parameters()
            tried.add(name)
    assert tried == set(FAMILY) - {"NASCell", "OriginalLSTM"}
    assert torch.equal(GreffLSTM(I, H, variant="CIFG", forget_bias=2.0).i.b, torch.full((H,), -2.0))


# cell, options, the gates whose b is log(u), those whose b is its negative, those whose b is zero
CHRONO = [
    (LSTM, {}, "f", "i", ""),
    (JANET, {}, "f", "", "g"),
    (GRU, {}, "", "z", ""),
    (GRU, {"z_scales": "old"}, "z", "", ""),
    (GRUResetAfter, {}, "z", "", ""),
    (GRUResetAfter, {"z_scales": "new"}, "", "z", ""),
]


@pytest.mark.parametrize(("cls", "options", "keeping", "taking", "zero"), CHRONO)
def test_chrono_spreads_memories_over_all_lengths(cls, options, keeping, taking, zero):
    """b = log(u) with u uniform on [1, T - 1]: a gate sigmoid(b) forgets in about u steps."""
    longest, hidden = 1000, 503
    cell = cls(I, hidden, chrono=longest, **options)
    drawn = [getattr(cell, gate).b for gate in keeping] + [-getattr(cell, gate).b for gate in taking]
    assert all(torch.equal(drawn[0], other) for other in drawn)
    u = drawn[0].exp()
    assert 1 <= u.min() < 50
    assert 950 < u.max() <= longest - 1
    assert abs(u.mean() - longest / 2) < 50
    for name, gate in cell.gates():
        if name not in keeping + taking:
            assert gate.b is None or gate.b.abs().max() <= (0 if name in zero else 1 / math.sqrt(hidden))
    assert all(gate.b is None for _, gate in cls(I, H, chrono=longest, bias=False, **options).gates())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PeepholeLSTM(I, H, peepholes="ig"), "peepholes must be some of the letters i, f, o, not 'ig'"),
        (lambda: PeepholeLSTM(I, H, peepholes="ii"), "peepholes must be some of the letters i, f, o, not 'ii'"),
        (lambda: GreffLSTM(I, H, variant="FGR"), "variant must be one of V, NIG, .*, NP, not 'FGR'"),
        (lambda: SLSTM(I, H, forget="tanh"), "forget must be 'sigmoid' or 'exp', not 'tanh'"),
        (lambda: LSTMP(I, H, memory_size=0), "memory_size must be a positive integer, not 0"),
        (lambda: BatchNormLSTM(I, H, steps=0), "steps must be a positive integer, not 0"),
        (lambda: LSTM(I, H, chrono=1), "chrono must be at least 2 steps, not 1"),
    ],
)
def test_impossible_options_are_named(make, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        *(
            lambda variant=variant: GreffLSTM(I, H, variant=variant)
            for variant in ("NIG", "NFG", "NOG", "NIAF", "CIFG")
        ),
        lambda: PeepholeLSTM(I, H, peepholes="fo"),
        lambda: OriginalLSTM(I, H, scaled_logistic=True),
        lambda: SLSTM(I, H, forget="exp"),
        lambda: LSTMP(I, H, memory_size=11, peepholes="io"),
        lambda: ResidualLSTM(H, H),
    ],
)
def test_the_contract_holds_with_options(make):
    check_cell(spread(make()))


@pytest.mark.parametrize("name", sorted(FAMILY.keys() - NOT_COMPILED.keys()))
def test_the_compiled_engine_runs_the_family(name):
    refusal = ENGINES["compiled"].refuses(checked_call(FAMILY[name](I, H).eval(), torch.zeros(T, B, I)))
    assert refusal is None


def test_slstm_with_a_shut_input_gate_starts_without_nan():
    cell = SLSTM(I, H)
    nn.init.constant_(cell.i.b, -1000.0)
    assert run(cell, torch.randn(T, B, I)).outputs.isfinite().all()
