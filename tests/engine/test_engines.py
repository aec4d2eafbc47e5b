"""Every engine gives what the loop gives: outputs, states and all gradients."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck

from gatework.cells import GRU, LSTM, Cell, Elman, GRUResetAfter
from gatework.engine import run

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def draw(cell: Cell, time: int, batch: int, seed: int = 3) -> tuple[Tensor, list[Tensor]]:
    """An input and an initial state that want gradients."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(time, batch, cell.input_size, generator=generator, requires_grad=True)
    return x, [torch.randn(batch, size, generator=generator, requires_grad=True) for size in cell.state_sizes]


def everything(cell: Cell, x: Tensor, state: list[Tensor], **call) -> dict[str, Tensor]:
    """Outputs, final states and the gradients of a random weighting of them all."""
    result = run(cell, x, tuple(state), **call)
    values = {"outputs": result.outputs, **result.state._asdict()}
    if result.states is not None:
        values |= {f"all {name}": part for name, part in result.states._asdict().items()}
    generator = torch.Generator().manual_seed(11)
    loss = sum((v * torch.randn(v.shape, generator=generator)).sum() for v in values.values())
    wanted = {"x": x, **dict(zip(cell.states, state, strict=True)), **dict(cell.named_parameters())}
    gradients = torch.autograd.grad(loss, list(wanted.values()), allow_unused=True, materialize_grads=True)
    return values | {f"gradient of {name}": g for name, g in zip(wanted, gradients, strict=True)}


def assert_same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-10, atol=1e-10, msg=lambda m, n=name: f"{n}: {m}")


def test_native_runs_the_cells_that_it_should(cell_engines):
    assert cell_engines["native"] == {
        *("Elman", "Elman-bias=False", "Elman-activation=relu"),
        *("LSTM", "LSTM-bias=False", "GRUResetAfter", "GRUResetAfter-bias=False"),
    }
    assert cell_engines["loop"] > cell_engines["native"] | {"GRU", "Elman-activation=logistic"}


@st.composite
def calls(draw):
    """Time, batch and maybe lengths and resets; the least example is the least of all."""
    time, batch = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    lengths = draw(st.none() | st.lists(st.integers(0, time), min_size=batch, max_size=batch))
    rows = st.lists(st.booleans(), min_size=batch, max_size=batch)
    resets = draw(st.none() | st.lists(rows, min_size=time, max_size=time))
    return (
        time,
        batch,
        None if lengths is None else torch.tensor(lengths),
        None if resets is None else torch.tensor(resets),
    )


@given(call=calls())
def test_equals_the_loop(cell_on_engine, call):
    make, engine = cell_on_engine
    time, batch, lengths, resets = call
    cell = make()
    x, state = draw(cell, time, batch)
    options = {"lengths": lengths, "resets": resets}
    assert_same(
        everything(cell, x, state, engine=engine, **options), everything(cell, x, state, engine="loop", **options)
    )


@given(call=calls())
def test_every_row_runs_as_if_alone_and_cut_by_hand(cell_on_engine, call):
    """The meaning of lengths and resets, without lengths and resets."""
    make, engine = cell_on_engine
    time, batch, lengths, resets = call
    cell = make()
    x, state = draw(cell, time, batch)
    together = run(cell, x, tuple(state), lengths=lengths, resets=resets, engine=engine)
    for row in range(batch):
        end = time if lengths is None else int(lengths[row])
        begins = [] if resets is None else resets[:end, row].nonzero().flatten().tolist()
        cuts = sorted({0, *begins, end})
        now = tuple(part[row : row + 1] for part in state)
        outputs = []
        for start, stop in itertools.pairwise(cuts):
            now = cell.initial_state(1) if start in begins else now
            piece = run(cell, x[start:stop, row : row + 1], tuple(now), engine="loop")
            outputs.append(piece.outputs[:, 0])
            now = piece.state
        expected = torch.cat([*outputs, torch.zeros(time - end, H)])
        torch.testing.assert_close(together.outputs[:, row], expected, rtol=1e-10, atol=1e-10)
        for ours, theirs in zip(together.state, now, strict=True):
            torch.testing.assert_close(ours[row : row + 1], theirs, rtol=1e-10, atol=1e-10)


def test_derivatives(cell_on_engine):
    make, engine = cell_on_engine
    cell = make()
    x, state = draw(cell, 4, B)
    lengths = torch.tensor([4, 2])
    resets = torch.zeros(4, B, dtype=torch.bool)
    resets[2, 0] = True

    def function(x, *state):
        result = run(cell, x, state, lengths=lengths, resets=resets, engine=engine)
        return (result.outputs, *result.state)

    assert gradcheck(function, (x, *state))


def test_derivatives_of_the_weights(cell_on_engine):
    make, engine = cell_on_engine
    cell = make()
    x, state = draw(cell, 3, B)
    names, parameters = zip(*cell.named_parameters(), strict=True)

    def function(*values):
        parts = dict(zip(names, values, strict=True))

        class Whole(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.cell = cell

            def forward(self):
                return run(self.cell, x.detach(), tuple(part.detach() for part in state), engine=engine)

        result = torch.func.functional_call(Whole(), {f"cell.{name}": part for name, part in parts.items()}, ())
        return (result.outputs, *result.state)

    assert gradcheck(function, parameters)


def test_padding_is_not_read(cell_on_engine):
    """NaN past a row's length changes no value and no gradient."""
    make, engine = cell_on_engine
    cell = make()
    lengths = torch.tensor([2, 4, 0])
    x, state = draw(cell, T, 3)
    padding = (torch.arange(T)[:, None] >= lengths)[:, :, None]
    clean = everything(cell, x, state, lengths=lengths, engine=engine)
    spoilt = x.detach().masked_fill(padding, torch.nan).requires_grad_()
    dirty = everything(cell, spoilt, state, lengths=lengths, engine=engine)
    assert all(torch.equal(clean[name], dirty[name]) for name in clean)
    assert torch.equal(dirty["gradient of x"].masked_select(padding), torch.zeros(int(padding.sum()) * I))


def test_resets_in_the_padding_are_not_read(cell_on_engine):
    """Past its length a row's state stays."""
    make, engine = cell_on_engine
    cell = make()
    lengths = torch.tensor([2, 4, 0])
    x, state = draw(cell, T, 3)
    resets = torch.arange(T)[:, None] >= lengths
    assert_same(
        everything(cell, x, state, lengths=lengths, resets=resets, engine=engine),
        everything(cell, x, state, lengths=lengths, engine=engine),
    )


@pytest.mark.parametrize("cut", range(1, T))
def test_split_in_time_equals_the_whole(cell_on_engine, cut):
    make, engine = cell_on_engine
    cell = make()
    x, state = draw(cell, T, B)
    whole = run(cell, x, tuple(state), engine=engine)
    first = run(cell, x[:cut], tuple(state), engine=engine)
    second = run(cell, x[cut:], first.state, engine=engine)
    torch.testing.assert_close(torch.cat([first.outputs, second.outputs]), whole.outputs, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(tuple(second.state), tuple(whole.state), rtol=1e-12, atol=1e-12)


def test_outputs_depend_on_the_past_of_their_own_row_only(cell_on_engine):
    make, engine = cell_on_engine
    cell = make()
    x, state = draw(cell, T, B)
    outputs = run(cell, x, tuple(state), engine=engine).outputs
    for t in range(T):
        for row in range(B):
            (gradient,) = torch.autograd.grad(outputs[t, row].sum(), x, retain_graph=True)
            reached = gradient.abs().sum(dim=2) > 0
            expected = torch.zeros(T, B, dtype=torch.bool)
            expected[: t + 1, row] = True
            assert torch.equal(reached, expected)


@pytest.mark.parametrize(("time", "batch"), [(1, 1), (1, B), (T, 1)])
def test_the_least_sizes(cell_on_engine, time, batch):
    make, engine = cell_on_engine
    cell = make()
    x, state = draw(cell, time, batch)
    assert_same(everything(cell, x, state, engine=engine), everything(cell, x, state, engine="loop"))
    now = cell.State(*state)
    for t, x_t in enumerate(x):
        now = cell(x_t, now)
        torch.testing.assert_close(run(cell, x, tuple(state), engine=engine).outputs[t], now[0])


def test_without_a_state_it_starts_from_zeros(cell_on_engine):
    make, engine = cell_on_engine
    cell = make()
    x, _ = draw(cell, T, B)
    zeros = tuple(torch.zeros(B, H) for _ in cell.states)
    assert torch.equal(run(cell, x, engine=engine).outputs, run(cell, x, zeros, engine=engine).outputs)


@pytest.mark.parametrize(
    ("make", "engine"),
    [
        (lambda: LSTM(I, H), "loop"),
        (lambda: GRU(I, H), "loop"),
        (lambda: GRUResetAfter(I, H), "native"),
        (lambda: Elman(I, H), "native"),
    ],
)
def test_every_state(make, engine):
    cell = make()
    x, state = draw(cell, T, B)
    lengths = torch.tensor([3, 5])
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[2] = True
    result = run(cell, x, tuple(state), lengths=lengths, resets=resets, every_state=True, engine=engine)
    assert type(result.states) is cell.State
    for stop in range(1, T + 1):
        cut = run(cell, x[:stop], tuple(state), lengths=lengths.clamp(max=stop), resets=resets[:stop], engine="loop")
        for every, final in zip(result.states, cut.state, strict=True):
            for row in range(B):
                expected = final[row] if stop <= lengths[row] else torch.zeros(H)
                torch.testing.assert_close(every[stop - 1, row], expected, rtol=1e-12, atol=1e-12)
    assert run(cell, x, tuple(state), engine=engine).states is None


def test_states_have_names(make_cell):
    cell = make_cell()
    result = run(cell, torch.randn(T, B, I))
    assert result.state._fields == cell.states
    torch.testing.assert_close(result.outputs[-1], result.state.h)


@pytest.mark.parametrize("engine", ["loop", "native"])
def test_runs_where_gradients_are_not_wanted(engine):
    cell = LSTM(I, H)
    x, _ = draw(cell, T, B)
    with torch.inference_mode():
        fast = run(cell, x, engine=engine).outputs
    torch.testing.assert_close(fast, run(cell, x, engine="loop").outputs.detach())


@pytest.mark.parametrize("engine", ["loop", "native"])
def test_single_precision_agrees_with_double(engine):
    cell = LSTM(I, H)
    x, _ = draw(cell, T, B)
    exact = run(cell, x, engine=engine).outputs
    single = run(cell.float(), x.float(), engine=engine).outputs
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), exact, rtol=0, atol=1e-6)
    assert not torch.equal(single.double(), exact)


def test_fresh_memory_is_poisoned():
    """The fixture that the tests above rely on."""
    assert torch.empty(B, H).isnan().all()
