"""What follows from the equations of the GRU family: the behaviour each cell was invented for."""

from __future__ import annotations

import math

import pytest
import torch
from holding import OPEN, SHUT, fix, randomized
from torch import nn

from gatework.cells import (
    ATR,
    BRC,
    CFN,
    DSGU,
    GRU,
    MGU,
    MGU1,
    MGU2,
    MGU3,
    MUT1,
    MUT2,
    MUT3,
    NBRC,
    RAN,
    SGU,
    STAR,
    TGRU,
    Cell,
    Elman,
    GRUResetAfter,
    LightRU,
    LiGRU,
    MiRU1,
    MiRU2,
    TauGRU,
    TwoStateGRU,
    TwoStateGRUOneGate,
    cell_options,
)
from gatework.engine import run

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def looped(cell: Cell, x: torch.Tensor, *state: torch.Tensor):
    return run(cell, x, state, every_state=True, engine="loop")


def close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("cls", "options", "gate", "shut"),
    [
        (GRU, {}, "z", SHUT),
        (GRU, {"z_scales": "old"}, "z", OPEN),
        (GRUResetAfter, {}, "z", OPEN),
        (GRUResetAfter, {"z_scales": "new"}, "z", SHUT),
        (MGU, {}, "f", SHUT),
        (MGU1, {}, "f", SHUT),
        (LiGRU, {}, "z", OPEN),
        (MUT1, {}, "z", SHUT),
        (MUT2, {}, "z", SHUT),
        (MUT3, {}, "z", SHUT),
        (BRC, {}, "c", OPEN),
        (NBRC, {}, "c", OPEN),
        (SGU, {}, "z", SHUT),
        (DSGU, {}, "z", SHUT),
        (LightRU, {}, "f", SHUT),
    ],
)
def test_a_shut_cell_copies_its_state_for_ever(cls, options, gate, shut):
    cell = randomized(cls(I, H, **options))
    fix(getattr(cell, gate), shut)
    h = torch.randn(B, H)
    assert torch.equal(looped(cell, torch.randn(100, B, I), h).outputs, h.expand(100, B, H))


@pytest.mark.parametrize(("cls", "state"), [(TwoStateGRUOneGate, "c"), (TwoStateGRU, "c")])
def test_shut_memory_beside_the_state_is_copied_for_ever(cls, state):
    cell = randomized(cls(I, H))
    fix(cell.u, SHUT)
    c = torch.randn(B, H)
    result = looped(cell, torch.randn(100, B, I), c, torch.randn(B, H))
    assert torch.equal(result.outputs, c.expand(100, B, H))
    assert len(result.states.h.flatten().unique()) == 100 * B * H  # h goes on


def test_a_shut_delayed_cell_copies_its_state_and_fills_its_line_with_it():
    cell = randomized(TauGRU(I, H, delay=3))
    fix(cell.g, SHUT)
    h = torch.randn(B, H)
    result = looped(cell, torch.randn(T, B, I), h, torch.randn(B, 3 * H))
    assert torch.equal(result.outputs, h.expand(T, B, H))
    assert torch.equal(result.state.past, h.repeat(1, 3))


@pytest.mark.parametrize("cls", [GRU, GRUResetAfter])
def test_both_conventions_of_z_are_one_function(cls):
    new, old = randomized(cls(I, H, z_scales="new")), cls(I, H, z_scales="old")
    old.load_state_dict(new.state_dict())
    x, h = torch.randn(T, B, I), torch.randn(B, H)
    assert not torch.allclose(looped(new, x, h).outputs, looped(old, x, h).outputs)
    with torch.no_grad():
        for parameter in old.z.parameters():
            parameter.neg_()
    close(looped(new, x, h).outputs, looped(old, x, h).outputs)


def test_torch_has_one_of_the_conventions():
    assert GRUResetAfter(I, H).torch_form() is not None
    assert GRUResetAfter(I, H, z_scales="new").torch_form() is None
    with pytest.raises(ValueError, match=r"^z_scales must be 'new' or 'old', not 'both'$"):
        GRUResetAfter(I, H, z_scales="both")


@pytest.mark.parametrize("cls", [TwoStateGRUOneGate, TwoStateGRU])
def test_two_states_with_the_gates_open_are_an_elman_network(cls):
    cell, elman = randomized(cls(I, H)), Elman(I, H)
    fix(cell.u, OPEN)
    if cls is TwoStateGRU:
        fix(cell.r, OPEN)
    elman.h.load_state_dict(cell.h.state_dict())
    x, h = torch.randn(T, B, I), torch.randn(B, H)
    result = looped(cell, x, torch.randn(B, H), h)
    close(result.outputs, looped(elman, x, h).outputs)
    assert torch.equal(result.states.c, result.states.h)


@pytest.mark.parametrize("cls", [TwoStateGRUOneGate, TwoStateGRU])
def test_the_memory_does_not_come_back_into_the_recurrence(cls):
    """Gates look at h: another c changes no h, and c only by what is left of it."""
    cell = randomized(cls(I, H))
    x, h, c = torch.randn(T, B, I), torch.randn(B, H), torch.randn(B, H)
    one, other = looped(cell, x, c, h), looped(cell, x, c + 1, h)
    assert torch.equal(one.states.h, other.states.h)
    left = other.states.c - one.states.c
    assert ((left > 0) & (left < 1)).all()
    assert (left[1:] < left[:-1]).all()


def test_mgu_is_a_gru_whose_gates_are_one():
    mgu, gru = randomized(MGU(I, H)), GRU(I, H)
    for theirs, ours in (("z", mgu.f), ("r", mgu.f), ("n", mgu.n)):
        getattr(gru, theirs).load_state_dict(ours.state_dict())
    x, h = torch.randn(T, B, I), torch.randn(B, H)
    close(looped(mgu, x, h).outputs, looped(gru, x, h).outputs)


def test_reduced_mgus_are_mgus_without_what_was_taken_away():
    full, one, two, three = MGU(I, H), MGU1(I, H), MGU2(I, H), MGU3(I, H)
    randomized(full)
    x, h = torch.randn(T, B, I), torch.randn(B, H)
    for cell in (one, two, three):
        cell.n.load_state_dict(full.n.state_dict())
    nn.init.zeros_(full.f.W)
    one.f.load_state_dict({"U": full.f.U, "b": full.f.b})
    close(looped(one, x, h).outputs, looped(full, x, h).outputs)
    nn.init.zeros_(full.f.b)
    two.f.load_state_dict({"U": full.f.U})
    close(looped(two, x, h).outputs, looped(full, x, h).outputs)
    nn.init.zeros_(full.f.U)
    nn.init.normal_(full.f.b)
    three.b_f.data.copy_(full.f.b)
    close(looped(three, x, h).outputs, looped(full, x, h).outputs)


@pytest.mark.parametrize("cls", [MUT1, MUT2])
def test_mutations_see_the_bare_input_where_sizes_are_equal(cls):
    """At equal sizes there is no map; elsewhere a map that is the identity, padded, gives what zero units give."""
    assert cls(H, H).x is None
    narrow, wide = randomized(cls(I, H)), cls(H, H)
    weights = narrow.state_dict()
    nn.init.eye_(weights.pop("x.W"))
    for name, value in weights.items():
        if name.endswith(".W"):
            weights[name] = torch.cat([value, torch.randn(H, H - I)], dim=1)
    wide.load_state_dict(weights)
    x, h = torch.randn(T, B, I), torch.randn(B, H)
    padded = torch.cat([x, torch.zeros(T, B, H - I)], dim=2)
    close(looped(narrow, x, h).outputs, looped(wide, padded, h).outputs)


def test_mut3_is_a_gru_where_its_update_gate_does_not_see_the_state():
    mut, gru = randomized(MUT3(I, H)), GRU(I, H)
    nn.init.zeros_(mut.z.U)
    gru.load_state_dict(mut.state_dict())
    x, h = torch.randn(T, B, I), torch.randn(B, H)
    close(looped(mut, x, h).outputs, looped(gru, x, h).outputs)


def test_the_content_of_a_ran_is_linear_and_its_state_a_weighted_sum_of_it():
    cell = randomized(RAN(I, H))
    x, y, zero = torch.randn(B, I), torch.randn(B, I), torch.zeros(B, H)
    close(cell.g(2 * x - 3 * y), 2 * cell.g(x) - 3 * cell.g(y))
    fix(cell.i, OPEN)
    fix(cell.f, OPEN)
    inputs = torch.randn(T, B, I)
    close(looped(cell, inputs, zero, zero).state.c, sum(cell.g(x) for x in inputs))


def test_a_ran_with_the_identity_gives_its_cell_state():
    result = looped(randomized(RAN(I, H, activation="identity")), torch.randn(T, B, I), *torch.zeros(2, B, H))
    assert torch.equal(result.states.h, result.states.c)


def test_without_input_a_chaos_free_network_goes_to_zero():
    """Zero is the one attractor, however large the weights."""
    cfn = CFN(I, H)
    for parameter in cfn.parameters():
        nn.init.normal_(parameter, std=5)
    norms = looped(cfn, torch.zeros(2000, B, I), torch.randn(B, H)).outputs.abs().amax((1, 2))
    assert (norms[1:] < norms[:-1]).all()
    assert norms[-1] < 0.03  # tanh alone takes a state to zero as sqrt(3 / 2t), a gate below 1 faster


def test_a_star_shuts_to_the_tanh_of_its_state_and_is_bounded():
    cell = randomized(STAR(I, H))
    x, h = torch.randn(B, I), 10 * torch.randn(B, H)
    assert cell.step(x, h).abs().max() < 1
    fix(cell.k, SHUT)
    assert torch.equal(cell.step(x, h), torch.tanh(h))


def test_nbrc_with_diagonal_matrices_is_a_brc():
    brc, nbrc = randomized(BRC(I, H)), NBRC(I, H)
    weights = {name: torch.diag(value) if name.endswith("U") else value for name, value in brc.state_dict().items()}
    nbrc.load_state_dict(weights)
    x, h = torch.randn(T, B, I), torch.randn(B, H)
    close(looped(brc, x, h).outputs, looped(nbrc, x, h).outputs)
    assert NBRC(I, H, recurrence="diagonal").a.U.shape == BRC(I, H).a.U.shape == (H,)


@pytest.mark.parametrize(("feedback", "stable"), [(1.5, 2), (0.5, 1)])
def test_a_bistable_cell_is_bistable_where_its_feedback_exceeds_one(feedback, stable):
    """h = tanh(a h) has the fixed points +-v and an unstable 0 for a > 1, and 0 alone below."""
    cell = BRC(I, 1)
    for gate in (cell.a, cell.c, cell.n):
        fix(gate, 0.0)
    nn.init.constant_(cell.a.b, math.atanh(feedback - 1))
    ends = looped(cell, torch.zeros(500, 2, I), torch.tensor([[0.1], [-0.1]])).outputs[-1]
    close(ends, torch.tanh(feedback * ends))
    close(ends[0], -ends[1])
    assert (ends[0] > 0.8) if stable == 2 else (ends[0] < 1e-12)


def test_twin_gates_are_mirrors_of_each_other():
    """Where the input gives nothing, i + f = 1 and h is only forgotten; where the state gives nothing, i = f."""
    cell = randomized(ATR(I, H, bias=False))
    h = torch.randn(B, H)
    close(cell.step(torch.zeros(B, I), h), torch.sigmoid(-cell.q(e=h)) * h)
    nn.init.zeros_(cell.q.U)
    p = cell.p(torch.ones(B, I))
    close(cell.step(torch.ones(B, I), h), torch.sigmoid(p) * (p + h))


def test_simple_gated_units_multiply_input_and_state():
    """Without a state the input cannot be heard: the candidate is softplus(0) and sigmoid(0)."""
    for cls, candidate in ((SGU, math.log(2)), (DSGU, 0.5)):
        cell = randomized(cls(I, H))
        fix(cell.z, OPEN)
        close(cell.step(torch.randn(B, I), torch.zeros(B, H)), torch.full((B, H), candidate))
        assert cell_options(cls)["gate_activation"] == "hard_sigmoid"
        assert torch.equal(cell.sigma(torch.tensor([-3.0, 0.0, 3.0])), torch.tensor([0.0, 0.5, 1.0]))


def test_a_cells_own_defaults_can_be_overruled():
    assert LiGRU(I, H).phi is torch.relu
    assert LiGRU(I, H, activation="tanh").phi is torch.tanh
    assert cell_options(LiGRU)["activation"] == "relu"
    assert cell_options(GRU)["activation"] == "tanh"


def test_ligru_candidates_are_not_bounded():
    cell = randomized(LiGRU(I, H))
    fix(cell.z, SHUT)
    x, h = torch.randn(B, I), torch.randn(B, H)
    assert torch.equal(cell.step(x, h), cell.n(x, h).clamp(min=0))
    assert cell.step(100 * x, h).max() > 10


def test_a_strongly_typed_state_is_linear_in_itself():
    """No matrix maps a state: two starts differ by the product of the forget gates, whatever they were."""
    cell = randomized(TGRU(I, H))
    x, p = torch.randn(T, B, I), torch.randn(B, I)
    starts = torch.randn(3, B, H)
    one, two, three = (looped(cell, x, h, p).outputs for h in starts)
    forgotten = (two - one) / (starts[1] - starts[0])
    torch.testing.assert_close(three - one, forgotten * (starts[2] - starts[0]), rtol=1e-9, atol=1e-12)
    assert ((forgotten > 0) & (forgotten < 1)).all()
    assert torch.equal(looped(cell, x, starts[0], p).states.p, x)


def test_minions_are_grus_with_constant_gates():
    x, h = torch.randn(T, B, I), torch.randn(B, H)
    one, two, gru = randomized(MiRU1(I, H, update=0.3)), MiRU2(I, H, update=0.3, reset=0.8), GRU(I, H, z_scales="old")
    gru.r.load_state_dict(one.r.state_dict())
    gru.n.load_state_dict(one.n.state_dict())
    two.n.load_state_dict(one.n.state_dict())
    fix(gru.z, math.log(0.3 / 0.7))
    close(looped(one, x, h).outputs, looped(gru, x, h).outputs)
    fix(gru.r, math.log(0.8 / 0.2))
    close(looped(two, x, h).outputs, looped(gru, x, h).outputs)


def test_the_candidate_of_a_light_unit_does_not_see_the_state():
    cell = randomized(LightRU(I, H))
    fix(cell.f, OPEN)
    x = torch.randn(B, I)
    assert torch.equal(cell.step(x, torch.randn(B, H)), torch.tanh(x @ cell.n.W.T))


@pytest.mark.parametrize("delay", [1, 4])
def test_a_delayed_state_comes_back_after_its_delay(delay):
    """A pulse in h is heard by z alone, delay + 1 steps later, and never again."""
    cell = randomized(TauGRU(I, H, delay=delay, bias=False))
    for gate in (cell.u, cell.g, cell.a):
        nn.init.zeros_(gate.U)
        nn.init.zeros_(gate.W)
    nn.init.zeros_(cell.z.W)
    h, rest = torch.randn(B, H), torch.zeros(B, delay * H)
    outputs = looped(cell, torch.zeros(delay + 1, B, I), h, rest).outputs
    for t in range(delay):  # all gates are 1/2
        close(outputs[t], h / 2 ** (t + 1))
    close(outputs[delay], h / 2 ** (delay + 1) + torch.tanh(h @ cell.z.U.T) / 4)


@pytest.mark.parametrize("delay", [0, -1, 2.0])
def test_a_delay_is_a_positive_number_of_steps(delay):
    with pytest.raises(ValueError, match=rf"^delay must be a positive integer, not {delay}$"):
        TauGRU(I, H, delay=delay)
