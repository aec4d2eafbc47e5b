"""What follows from the equations of the cells that are linear in their state."""

from __future__ import annotations

import math

import pytest
import torch
from holding import OPEN, SHUT, fix

from gatework.cells import LRU, QRNN, RGLRU, SRU, Cell, MinGRU, MinLSTM, activations
from gatework.engine import run

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


@pytest.mark.parametrize("engine", ["loop", "scan"])
def test_shut_min_gru_keeps_h_and_an_open_one_is_its_candidate(engine):
    cell = MinGRU(I, H)
    x, h = torch.randn(1000, B, I), torch.randn(B, H)
    fix(cell.z, SHUT)
    assert torch.equal(run(cell, x, (h,), engine=engine).outputs, h.expand(1000, B, H))
    fix(cell.z, OPEN)
    torch.testing.assert_close(run(cell, x, (h,), engine=engine).outputs, cell.h(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cls", [MinGRU, MinLSTM])
def test_h_lies_between_its_start_and_its_candidates(cls):
    """The weights of old and new sum to one at every step, however long it runs."""
    cell = cls(I, H)
    x, h = 3 * torch.randn(1000, B, I), torch.randn(B, H)
    outputs, candidates = run(cell, x, (h,)).outputs, torch.cat([h[None], cell.h(x)])
    assert (outputs <= candidates.cummax(0).values[1:] + 1e-12).all()
    assert (outputs >= candidates.cummin(0).values[1:] - 1e-12).all()


def test_min_lstm_with_equal_gates_takes_the_mean_of_old_and_new():
    cell = MinLSTM(I, H)
    cell.i.load_state_dict(cell.f.state_dict())
    x, h = torch.randn(B, I), torch.randn(B, H)
    torch.testing.assert_close(cell.step(x, h), (h + cell.h(x)) / 2, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cls", [MinGRU, MinLSTM])
def test_the_positive_candidate_keeps_h_above_zero(cls):
    """And so its logarithm exists, which the paper scans."""
    cell = cls(I, H, activation="positive")
    x = 20 * torch.randn(200, B, I)
    assert (run(cell, x).outputs > 0).all()
    assert not (run(cls(I, H), x).outputs > 0).all()


def test_the_positive_function_is_continuous():
    x = torch.tensor([-1e-9, 0.0, 1e-9])
    torch.testing.assert_close(activations.positive(x), torch.full((3,), 0.5), rtol=1e-8, atol=0)


def test_sru_that_forgets_nothing_keeps_c_for_ever():
    cell = SRU(I, H)
    fix(cell.f, OPEN)
    c = torch.randn(B, H)
    for engine in ("loop", "scan"):
        result = run(cell, torch.randn(1000, B, I), (torch.randn(B, H), c), engine=engine, every_state=True)
        assert torch.equal(result.states.c, c.expand(1000, B, H))


@pytest.mark.parametrize("light", [False, True])
def test_the_highway_of_sru_lets_x_through(light):
    cell = SRU(H, H, light=light, highway_scale=3.0)
    fix(cell.r, SHUT)
    x = torch.randn(T, B, H)
    torch.testing.assert_close(run(cell, x, (torch.randn(B, H), torch.randn(B, H))).outputs, 3 * x)


def test_light_sru_without_its_vectors_is_the_sru_of_2017():
    light, plain = SRU(I, H, light=True), SRU(I, H)
    light.load_state_dict(plain.state_dict(), strict=False)
    x = torch.randn(T, B, I)
    assert not torch.allclose(run(light, x).outputs, run(plain, x).outputs)
    for gate in (light.f, light.r):
        torch.nn.init.zeros_(gate.U)
    torch.testing.assert_close(run(light, x).outputs, run(plain, x).outputs, rtol=1e-12, atol=1e-12)


def test_f_pooling_is_a_min_gru():
    """With a window of 1, the forget gate a shut update gate and a tanh candidate."""
    qrnn, gru = QRNN(I, H, pooling="f", window=1), MinGRU(I, H, activation="tanh")
    gru.h.load_state_dict(qrnn.z.state_dict())
    gru.z.load_state_dict({name: -value for name, value in qrnn.f.state_dict().items()})
    x, h = torch.randn(T, B, I), torch.randn(B, H)
    ours = run(qrnn, x, (h, h, torch.randn(B, I)), engine="loop").outputs
    torch.testing.assert_close(ours, run(gru, x, (h,), engine="loop").outputs, rtol=1e-12, atol=1e-12)


def test_open_gates_of_qrnn_are_no_gates():
    x = torch.randn(T, B, I)
    full, output, forget = (QRNN(I, H, pooling=pooling) for pooling in ("ifo", "fo", "f"))
    output.load_state_dict(forget.state_dict(), strict=False)
    fix(output.o, OPEN)
    torch.testing.assert_close(run(output, x).outputs, run(forget, x).outputs, rtol=1e-12, atol=1e-12)
    full.load_state_dict(output.state_dict(), strict=False)
    full.i.load_state_dict({name: -value for name, value in output.f.state_dict().items()})
    torch.testing.assert_close(run(full, x).outputs, run(output, x).outputs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("window", [1, 2])
def test_qrnn_that_forgets_all_sees_its_window_alone(window):
    cell = QRNN(I, H, window=window)
    fix(cell.f, SHUT)
    x = torch.randn(T, B, I)
    changed = x.clone()
    changed[1] += 1
    ours, theirs = run(cell, x).outputs, run(cell, changed).outputs
    assert [bool((a != b).any()) for a, b in zip(ours, theirs, strict=True)] == [1 <= t < 1 + window for t in range(T)]


def test_all_that_lru_can_be_is_stable():
    cell = LRU(I, 1000)
    for parameter in (cell.nu_log, cell.theta_log):
        torch.nn.init.normal_(parameter, std=3)
    assert (torch.complex(*cell.eigenvalues()).abs() < 1).all()


def test_lru_starts_on_its_ring():
    cell = LRU(I, 1000, min_radius=0.6, max_radius=0.9, max_phase=math.pi / 10)
    eigenvalues = torch.complex(*cell.eigenvalues())
    radius, phase = eigenvalues.abs(), eigenvalues.angle()
    assert 0.6 <= radius.min() < 0.61
    assert 0.89 < radius.max() <= 0.9
    assert 0 <= phase.min() < 0.01
    assert 0.3 < phase.max() <= math.pi / 10 + 1e-12
    share_within = (radius < math.sqrt((0.6**2 + 0.9**2) / 2)).double().mean()
    assert abs(share_within - 0.5) < 0.05  # half of a ring's area lies within the root of its mean squared radius
    torch.testing.assert_close(cell.gamma_log.exp().square() + radius.square(), torch.ones(1000))


@pytest.mark.parametrize("engine", ["loop", "scan"])
def test_lru_without_input_turns_and_shrinks_as_its_eigenvalues_say(engine):
    cell = LRU(I, H)
    re, im = torch.randn(B, H), torch.randn(B, H)
    state = run(cell, torch.zeros(11, B, I), (torch.zeros(B, H), re, im), engine=engine).state
    expected = torch.complex(*cell.eigenvalues()) ** 11 * torch.complex(re, im)
    torch.testing.assert_close(torch.complex(state.re, state.im), expected, rtol=1e-10, atol=1e-12)


def test_lru_is_linear():
    cell = LRU(I, H, bias=False)
    a, b = torch.randn(T, B, I), torch.randn(T, B, I)
    together, apart = run(cell, a + 2 * b).outputs, run(cell, a).outputs + 2 * run(cell, b).outputs
    torch.testing.assert_close(together, apart, rtol=1e-10, atol=1e-12)


def test_rg_lru_whose_gate_is_shut_keeps_h():
    cell = RGLRU(I, H)
    fix(cell.r, SHUT)
    h = torch.randn(B, H)
    for engine in ("loop", "scan"):
        assert torch.equal(run(cell, torch.randn(T, B, I), (h,), engine=engine).outputs, h.expand(T, B, H))


def test_rg_lru_keeps_the_size_of_h():
    """a^2 + (1 - a^2) = 1: what is taken in has the variance of what is let go."""
    cell = RGLRU(50, 50)
    fix(cell.i, OPEN)
    fix(cell.r, OPEN)
    outputs = run(cell, torch.randn(6000, 4, 50)).outputs
    assert abs(outputs[3000:].var() - 1) < 0.1


def test_rg_lru_starts_with_a_long_memory():
    decay = torch.sigmoid(RGLRU(I, 1000).Lambda) ** 8
    assert 0.9 <= decay.min() < 0.901
    assert 0.998 < decay.max() <= 0.999


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: QRNN(I, H, pooling="if"), "pooling must be 'f', 'fo' or 'ifo', not 'if'"),
        (lambda: QRNN(I, H, window=3), "window must be 1 or 2, not 3"),
        (lambda: LRU(I, H, min_radius=0.9, max_radius=0.9), "radii must be 0 <= min < max <= 1, not 0.9 and 0.9"),
        (lambda: LRU(I, H, max_radius=1.5), "radii must be 0 <= min < max <= 1, not 0.0 and 1.5"),
        (lambda: LRU(I, H, max_phase=0.0), "max_phase must lie above 0 and at most at 2 pi, not 0.0"),
    ],
)
def test_impossible_options_are_named(make, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        make()


@pytest.mark.parametrize("cell", [SRU(H, H), RGLRU(H, H)], ids=lambda cell: type(cell).__name__)
def test_equal_sizes_need_no_map_of_x(cell: Cell):
    assert {name for name, _ in cell.gates()}.isdisjoint({"p", "v"})
