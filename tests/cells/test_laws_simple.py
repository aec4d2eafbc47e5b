"""What follows from the equations of simple and oscillatory cells."""

from __future__ import annotations

import pytest
import torch
from comparing import compare
from holding import OPEN, SHUT, fix
from torch import Tensor

from gatework.cells import (
    IRNN,
    LEM,
    RHN,
    SCRN,
    SGRN,
    TRNN,
    UGRNN,
    AntisymmetricRNN,
    Cell,
    CoRNN,
    Elman,
    FastGRNN,
    FastRNN,
    GatedAntisymmetricRNN,
    IndRNN,
    IntersectionRNN,
    Jordan,
    MinimalRNN,
    UnICORNN,
)
from gatework.engine import run

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def silence(cell: Cell) -> None:
    """Take the input and all biases away."""
    for _, gate in cell.gates():
        for parameter in (gate.W, gate.b):
            if parameter is not None:
                torch.nn.init.zeros_(parameter)


def jacobian(cell: Cell, x: Tensor, h: Tensor) -> Tensor:
    """How one row's new h depends on its old one: (hidden, hidden)."""
    return torch.func.jacrev(lambda row: cell.step(x[None], row[None])[0])(h)


# simple recurrent networks


def test_an_orthogonal_linear_network_keeps_the_norm():
    cell = Elman(I, H, activation="identity", init="glorot")
    silence(cell)
    h = torch.randn(B, H)
    outputs = run(cell, torch.randn(1000, B, I), (h,)).outputs
    torch.testing.assert_close(outputs.norm(dim=2), h.norm(dim=1).expand(1000, B), rtol=1e-12, atol=0)
    assert not torch.allclose(outputs[-1], h)


def test_jordan_remembers_a_fading_sum_of_its_outputs():
    cell = Jordan(I, H, decay=0.5)
    result = run(cell, torch.randn(T, B, I), every_state=True)
    h = result.states.h
    expected = sum(0.5 ** (T - 2 - t) * h[t] for t in range(T - 1))
    torch.testing.assert_close(result.state.s, expected, rtol=1e-12, atol=1e-12)


def test_jordan_without_decay_forgets_all_but_the_last_output():
    cell = Jordan(I, H)
    x, h = torch.randn(B, I), torch.randn(B, H)
    assert torch.equal(cell.step(x, h, torch.randn(B, H))[0], cell.step(x, h, torch.randn(B, H))[0])


def test_irnn_copies_at_the_start_and_error_flows_back_unchanged():
    cell = IRNN(I, H)
    h = torch.rand(B, H, requires_grad=True)
    state = run(cell, torch.zeros(1000, B, I), (h,)).state.h
    assert torch.equal(state, h)
    (gradient,) = torch.autograd.grad(state.sum(), h)
    assert torch.equal(gradient, torch.ones(B, H))


def test_irnn_starts_from_the_scaled_identity():
    cell = IRNN(101, 103, scale=0.01)
    assert torch.equal(cell.h.U, 0.01 * torch.eye(103))
    assert torch.equal(cell.h.b, torch.zeros(103))
    assert abs(cell.h.W.std() / 0.001 - 1) < 0.05
    assert torch.equal(IRNN(I, H).h.U, torch.eye(H))


def test_units_of_an_indrnn_do_not_meet():
    cell = IndRNN(I, H, activation="tanh")
    J = jacobian(cell, torch.randn(I), torch.randn(H))
    assert torch.equal(J, torch.diag(J.diagonal()))
    assert (J.diagonal() != 0).all()


def test_gradient_through_an_indrnn_is_a_power_of_each_unit():
    cell = IndRNN(I, H)
    silence(cell)
    h = torch.rand(B, H, requires_grad=True)
    (gradient,) = torch.autograd.grad(run(cell, torch.zeros(11, B, I), (h,)).state.h.sum(), h)
    torch.testing.assert_close(gradient, (cell.h.U**11).expand(B, H), rtol=1e-12, atol=0)


def test_indrnn_starts_within_its_reach():
    U = IndRNN(I, 1009, reach=1.5).h.U
    assert U.shape == (1009,)
    assert U.min() >= 0
    assert 1.45 < U.max() <= 1.5


# antisymmetric networks


@pytest.mark.parametrize("gamma", [0.0, 0.3])
def test_eigenvalues_of_an_antisymmetric_network_are_imaginary_but_for_gamma(gamma):
    A = AntisymmetricRNN(I, H, gamma=gamma).h.recurrent_weights()
    eigenvalues = torch.linalg.eigvals(A)
    torch.testing.assert_close(eigenvalues.real, torch.full((H,), -gamma), rtol=0, atol=1e-12)
    assert eigenvalues.imag.abs().max() > 0.1


def test_the_flow_of_an_antisymmetric_network_neither_grows_nor_shrinks():
    """The eigenvalues of diag(tanh') A are imaginary too, at every state and input."""
    cell = AntisymmetricRNN(I, H, gamma=0.0, epsilon=0.1)
    J = (jacobian(cell, torch.randn(I), torch.randn(H)) - torch.eye(H)) / 0.1
    eigenvalues = torch.linalg.eigvals(J)
    torch.testing.assert_close(eigenvalues.real, torch.zeros(H), rtol=0, atol=1e-12)
    assert eigenvalues.imag.abs().max() > 0.1


def test_a_linear_antisymmetric_network_moves_along_its_sphere():
    """Its step is at right angles to h: the norm grows by the error of Euler's method and nothing else."""
    cell = AntisymmetricRNN(I, H, gamma=0.0, epsilon=0.1, activation="identity")
    silence(cell)
    h = torch.randn(B, H)
    step = cell.step(torch.zeros(B, I), h) - h
    torch.testing.assert_close((h * step).sum(1), torch.zeros(B), rtol=0, atol=1e-12)
    assert step.norm() > 0.01


def test_a_shut_gate_stops_the_flow():
    cell = GatedAntisymmetricRNN(I, H, epsilon=0.5)
    fix(cell.z, SHUT)
    h = torch.randn(B, H)
    assert torch.equal(run(cell, torch.randn(T, B, I), (h,)).outputs, h.expand(T, B, H))


def test_an_open_gate_leaves_the_plain_antisymmetric_network():
    gated, plain = (kind(I, H, epsilon=0.5, gamma=0.2) for kind in (GatedAntisymmetricRNN, AntisymmetricRNN))
    fix(gated.z, OPEN)
    plain.load_state_dict({"h.W": gated.h.W, "h.U": gated.a.U, "h.b": gated.h.b})
    x, state = torch.randn(T, B, I), (torch.randn(B, H),)
    torch.testing.assert_close(run(gated, x, state).outputs, run(plain, x, state).outputs, rtol=1e-12, atol=1e-12)


# gates that copy


def shut_ugrnn() -> Cell:
    cell = UGRNN(I, H)
    fix(cell.g, OPEN)
    return cell


def shut_minimal() -> Cell:
    cell = MinimalRNN(I, H)
    fix(cell.u, OPEN)
    return cell


def shut_rhn(coupled: bool) -> Cell:
    cell = RHN(I, H, depth=4, coupled=coupled)
    for layer in range(4):
        fix(cell.t[layer], SHUT)
        if not coupled:
            fix(cell.c[layer], OPEN)
    return cell


def shut_fast() -> Cell:
    cell = FastRNN(I, H)
    torch.nn.init.constant_(cell.alpha, SHUT)
    torch.nn.init.constant_(cell.beta, OPEN)
    return cell


def shut_fast_gated() -> Cell:
    cell = FastGRNN(I, H)
    torch.nn.init.constant_(cell.b_z, OPEN)
    torch.nn.init.constant_(cell.nu, SHUT)
    return cell


def shut_strongly_typed() -> Cell:
    cell = TRNN(I, H)
    fix(cell.f, OPEN)
    return cell


def shut_lem() -> Cell:
    cell = LEM(I, H)
    fix(cell.d, SHUT)
    fix(cell.e, SHUT)
    return cell


@pytest.mark.parametrize(
    "make",
    [
        shut_ugrnn,
        shut_minimal,
        lambda: shut_rhn(True),
        lambda: shut_rhn(False),
        shut_fast,
        shut_fast_gated,
        shut_strongly_typed,
        shut_lem,
    ],
)
def test_a_shut_cell_copies_its_state(make):
    cell = make()
    state = tuple(torch.randn(B, size) for size in cell.state_sizes)
    result = run(cell, torch.randn(T, B, I), state)
    assert torch.equal(result.outputs, state[0].expand(T, B, H))
    assert all(map(torch.equal, result.state, state))


def open_ugrnn() -> tuple[Cell, str]:
    cell = UGRNN(I, H)
    fix(cell.g, SHUT)
    return cell, "c"


def open_rhn() -> tuple[Cell, str]:
    cell = RHN(I, H, depth=1)
    fix(cell.t[0], OPEN)
    return cell, "h.0"


def open_fast() -> tuple[Cell, str]:
    cell = FastRNN(I, H)
    torch.nn.init.constant_(cell.alpha, OPEN)
    torch.nn.init.constant_(cell.beta, SHUT)
    return cell, "n"


@pytest.mark.parametrize("make", [open_ugrnn, open_rhn, open_fast])
def test_a_cell_that_keeps_nothing_is_an_elman_network(make):
    cell, candidate = make()
    elman = Elman(I, H)
    elman.h.load_state_dict(cell.get_submodule(candidate).state_dict())
    x, state = torch.randn(T, B, I), (torch.randn(B, H),)
    torch.testing.assert_close(run(cell, x, state).outputs, run(elman, x, state).outputs, rtol=1e-12, atol=1e-12)


def test_an_intersection_network_lets_its_input_through():
    """Both gates open: the output is the input, the state stays."""
    cell = IntersectionRNN(H, H)
    fix(cell.r, OPEN)
    fix(cell.g, OPEN)
    x, h = torch.randn(T, B, H), torch.randn(B, H)
    result = run(cell, x, (torch.randn(B, H), h))
    assert torch.equal(result.outputs, x)
    assert torch.equal(result.state.h, h)
    assert cell.x is None
    assert IntersectionRNN(I, H).x.W.shape == (H, I)


def test_sgrn_takes_either_the_input_or_the_state():
    cell = SGRN(I, H)
    x, h = torch.randn(B, I), torch.randn(B, H)
    torch.nn.init.constant_(cell.f.b, OPEN)
    assert torch.equal(cell.step(x, h), h.tanh())
    torch.nn.init.constant_(cell.f.b, SHUT)
    assert torch.equal(cell.step(x, h), (x @ cell.x.W.T).tanh())


def test_the_gate_of_a_trnn_does_not_see_the_state():
    cell = TRNN(I, H)
    x = torch.randn(I)
    first, second = (jacobian(cell, x, torch.randn(H)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(first, torch.diag(first.diagonal()))


def test_context_of_an_scrn_is_a_running_mean_that_the_hidden_state_does_not_touch():
    cell = SCRN(I, H, context_size=11, alpha=0.9)
    x = torch.randn(T, B, I)
    result = run(cell, x, (torch.randn(B, H), torch.zeros(B, 11)))
    expected = sum(0.1 * 0.9 ** (T - 1 - t) * (x[t] @ cell.s.W.T) for t in range(T))
    torch.testing.assert_close(result.state.s, expected, rtol=1e-12, atol=1e-12)


def test_learned_context_starts_at_its_alpha():
    fixed, learned = SCRN(I, H, alpha=0.8), SCRN(I, H, alpha=0.8, learn_alpha=True)
    learned.load_state_dict(fixed.state_dict() | {"beta": learned.beta})
    x = torch.randn(T, B, I)
    torch.testing.assert_close(run(learned, x).outputs, run(fixed, x).outputs, rtol=1e-12, atol=1e-12)


# oscillators


@pytest.mark.parametrize("damping", ["explicit", "implicit"])
def test_undamped_oscillators_keep_their_energy(damping):
    """Without force, gamma h^2 + z^2 - dt gamma h z is the same at every step, as of every symplectic Euler."""
    dt, gamma = 0.3, 1.7
    cell = CoRNN(I, H, dt=dt, gamma=gamma, epsilon=0.0, damping=damping)
    for parameter in cell.parameters():
        torch.nn.init.zeros_(parameter)
    h, z = torch.randn(B, H), torch.randn(B, H)
    states = run(cell, torch.randn(500, B, I), (h, z), every_state=True).states

    def energy(h, z):
        return gamma * h**2 + z**2 - dt * gamma * h * z

    torch.testing.assert_close(energy(states.h, states.z), energy(h, z).expand(500, B, H), rtol=1e-10, atol=1e-10)
    assert (states.h[100] - h).abs().max() > 0.1


def test_energy_of_coupled_oscillators_is_bounded_whatever_the_input():
    """gamma |h|^2 + |z|^2 <= steps * dt * hidden / (2 epsilon - gamma dt), as |tanh| <= 1.

    From the scheme: multiply the equation of z_t by 2 z_t and add gamma (h_t^2 - h_{t-1}^2).
    """
    dt, gamma, epsilon = 0.1, 1.3, 0.2
    cell = CoRNN(I, H, dt=dt, gamma=gamma, epsilon=epsilon, damping="implicit")
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter, std=10.0)
    states = run(cell, 100 * torch.randn(300, B, I), every_state=True).states
    energy = gamma * (states.h**2).sum(2) + (states.z**2).sum(2)
    steps = torch.arange(1, 301)[:, None]
    assert (energy <= steps * dt * H / (2 * epsilon - gamma * dt)).all()
    assert energy.max() > 1


def test_damped_oscillators_come_to_rest():
    cell = CoRNN(I, H)
    for parameter in cell.parameters():
        torch.nn.init.zeros_(parameter)
    state = run(cell, torch.randn(2000, B, I), (torch.randn(B, H), torch.randn(B, H))).state
    assert max(part.abs().max() for part in state) < 1e-10


def test_unicornn_keeps_volume():
    """A symplectic map: the determinant of its Jacobian is 1."""
    cell = UnICORNN(I, H)
    x = torch.randn(I)

    def step(both):
        return torch.cat(cell.step(x[None], both[None, :H], both[None, H:]), dim=1)[0]

    J = torch.func.jacrev(step)(torch.randn(2 * H))
    torch.testing.assert_close(torch.linalg.det(J), torch.ones(()), rtol=1e-10, atol=0)
    assert not torch.allclose(J, torch.eye(2 * H))


def test_unicornn_runs_backwards():
    """The past follows from the present, which is how its authors save the memory of backpropagation."""
    cell = UnICORNN(I, H)
    x, h, z = torch.randn(B, I), torch.randn(B, H), torch.randn(B, H)
    with torch.no_grad():
        after_h, after_z = cell.step(x, h, z)
        scale = cell.dt * torch.sigmoid(cell.c)
        before_h = after_h - scale * after_z
        before_z = after_z + scale * (torch.tanh(x @ cell.z.W.T + cell.z.U * before_h + cell.z.b) + 30.65 * before_h)
    torch.testing.assert_close(before_h, h, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(before_z, z, rtol=1e-12, atol=1e-12)


def test_lem_with_open_gates_is_two_layers():
    """z_t is made of h_{t-1}, and h_t of the new z_t."""
    cell = LEM(I, H)
    fix(cell.d, OPEN)
    fix(cell.e, OPEN)
    x, h = torch.randn(B, I), torch.randn(B, H)
    new_h, new_z = cell.step(x, h, torch.randn(B, H))
    assert torch.equal(new_z, torch.tanh(cell.z(x, h)))
    assert torch.equal(new_h, torch.tanh(cell.h(x, new_z)))


# engines


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        (Jordan, {"decay": 0.5}),
        (AntisymmetricRNN, {"epsilon": 0.5, "gamma": 0.3, "bias": False}),
        (GatedAntisymmetricRNN, {"epsilon": 0.5, "gamma": 0.3, "bias": False}),
        (FastGRNN, {"bias": False}),
        (RHN, {"depth": 1}),
        (RHN, {"depth": 2, "coupled": False, "bias": False}),
        (IntersectionRNN, {"input_size": H, "depth_activation": "tanh"}),
        (CoRNN, {"damping": "implicit"}),
    ],
)
def test_options_compile(cls, options):
    compare(cls(**({"input_size": I, "hidden_size": H} | options)))


# how cells start, and what they refuse


def test_gates_that_keep_start_open():
    assert torch.equal(UGRNN(I, H).g.b, torch.ones(H))
    assert torch.equal(UGRNN(I, H, forget_bias=2.5).g.b, torch.full((H,), 2.5))
    assert UGRNN(I, H, bias=False).g.b is None
    intersection = IntersectionRNN(I, H)
    assert torch.equal(intersection.r.b, torch.ones(H))
    assert torch.equal(intersection.g.b, torch.ones(H))
    rhn = RHN(I, H, depth=2, transform_bias=-3.0)
    assert all(torch.equal(gate.b, torch.full((H,), -3.0)) for gate in rhn.t)
    assert not any(torch.equal(gate.b, torch.full((H,), -3.0)) for gate in rhn.h)
    fast, gated = FastRNN(I, H), FastGRNN(I, H)
    assert (fast.alpha.item(), fast.beta.item(), gated.zeta.item(), gated.nu.item()) == (-3, 3, 1, -4)
    assert torch.equal(gated.b_z, torch.ones(H))
    assert torch.equal(gated.b_n, torch.ones(H))


def test_unicornn_starts_as_its_authors_code():
    cell = UnICORNN(I, 1009)
    assert cell.z.U.min() >= 0
    assert 0.97 < cell.z.U.max() <= 1
    assert 0.095 < cell.c.abs().max() <= 0.1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Jordan(I, H, decay=1), "decay must be from 0 to below 1, not 1"),
        (lambda: IRNN(I, H, scale=0), "scale must be positive, not 0"),
        (lambda: IndRNN(I, H, reach=-1), "reach must be positive, not -1"),
        (lambda: AntisymmetricRNN(I, H, epsilon=0), "epsilon must be positive, not 0"),
        (lambda: GatedAntisymmetricRNN(I, H, epsilon=-0.1), "epsilon must be positive, not -0.1"),
        (lambda: AntisymmetricRNN(I, H, gamma=-1), "gamma must not be negative, but is -1"),
        (
            lambda: AntisymmetricRNN(I, H, recurrence="diagonal"),
            "recurrence is 'dense' in the equations of AntisymmetricRNN, not 'diagonal'",
        ),
        (lambda: SCRN(I, H, context_size=0), "context_size must be a positive integer, not 0"),
        (lambda: SCRN(I, H, alpha=1.0), "alpha must be between 0 and 1, not 1.0"),
        (lambda: RHN(I, H, depth=0), "depth must be a positive integer, not 0"),
        (lambda: IntersectionRNN(I, H, depth_activation="rely"), "an activation is one of .*, not 'rely'"),
        (lambda: CoRNN(I, H, dt=0), "dt must be positive, not 0"),
        (lambda: CoRNN(I, H, epsilon=-1), "gamma and epsilon must not be negative, but are 2.7 and -1"),
        (lambda: CoRNN(I, H, damping="none"), "damping must be 'explicit' or 'implicit', not 'none'"),
        (lambda: UnICORNN(I, H, dt=-1), "dt must be positive, not -1"),
        (lambda: UnICORNN(I, H, alpha=-1), "alpha must not be negative, but is -1"),
        (lambda: LEM(I, H, dt=1.5), "dt must be above 0 and at most 1, not 1.5"),
    ],
)
def test_impossible_options_are_named(make, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        make()
