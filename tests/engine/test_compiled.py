"""The compiled engine against the loop, over cells, shapes, options and both types."""

from __future__ import annotations

import pytest
import torch
from comparing import compare
from foreign_cells import (
    WORDS_BY_NAME,
    Carousel,
    Coupled,
    Deep,
    Dictionary,
    Independent,
    MinimalGate,
    Multiplicative,
    Mutant,
    Normalised,
    Peephole,
    Projected,
    SlowAndFast,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gatework.cells import GRU, LSTM, Cell, Elman, Gate, GRUResetAfter
from gatework.engine import checked_call, compiled, plan, run
from gatework.engine.contract import Noise
from gatework.engine.program import Program
from gatework.errors import EngineError

PUBLISHED = [LSTM, GRU, GRUResetAfter, Elman]
FOREIGN = [
    Peephole,
    MinimalGate,
    Independent,
    Normalised,
    Multiplicative,
    Coupled,
    Carousel,
    Projected,
    SlowAndFast,
    Deep,
]
CELLS = PUBLISHED + FOREIGN


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _poisoned():
    """Fresh memory is NaN: whoever reads what nobody wrote fails."""
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = True
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("cell", CELLS)
def test_equals_the_loop(cell: type[Cell], dtype: torch.dtype) -> None:
    compare(cell(3, 7), dtype=dtype, every_state=True)


@pytest.mark.parametrize("cell", [*CELLS, Mutant])
def test_equals_the_loop_over_whole_vectors_and_two_threads(cell: type[Cell]) -> None:
    compare(cell(37, 37), time=3, batch=11, dtype=torch.float32)
    compare(cell(128, 128), time=3, batch=2, every_state=True)  # few rows: threads share the units
    compare(cell(64, 64), time=2, batch=61)  # many rows: threads share the rows


@pytest.mark.parametrize("recurrence", ["dense", "diagonal"])
@pytest.mark.parametrize("cell", [LSTM, GRUResetAfter])
def test_normalised_gates(cell: type[Cell], recurrence: str) -> None:
    for bias in (True, False):
        normalised = cell(3, 17, layer_norm=True, recurrence=recurrence, bias=bias)
        for parameter in normalised.parameters():
            torch.nn.init.normal_(parameter)  # gains of one would hide in a product
        compare(normalised, every_state=True)
    compare(normalised, batch=11, dtype=torch.float32, resets=torch.rand(5, 11) < 0.3, initial=True)


@pytest.mark.parametrize(("hidden", "heads"), [(6, 2), (15, 5), (96, 3), (256, 4), (48, 48)])
@pytest.mark.parametrize("cell", [LSTM, GRU])
def test_blocks(cell: type[Cell], hidden: int, heads: int) -> None:
    blocks = cell(3, hidden, recurrence="block", heads=heads)
    compare(blocks, time=3, batch=3, every_state=True)
    compare(blocks, time=3, batch=9, dtype=torch.float32, resets=torch.rand(3, 9) < 0.3, initial=True)


def test_blocks_between_widths() -> None:
    class Wide(Projected):
        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            self.memory = 3 * hidden_size
            self.p = torch.nn.Parameter(torch.randn(self.memory))
            block = {"recurrence": "block", "heads": 3, "layer_norm": True}
            for name in "ifgo":
                setattr(self, name, Gate(input_size, self.memory, state_size=hidden_size, **block))
            self.r = Gate(0, hidden_size, state_size=self.memory, **block)

    compare(Wide(5, 21), time=3, batch=7, every_state=True)


@pytest.mark.parametrize(
    ("cell", "noise"),
    [(LSTM, "r"), (LSTM, "c"), (LSTM, "z"), (LSTM, "s"), (GRU, "rczs"), (Independent, "rczs"), (SlowAndFast, "rczs")],
)
def test_noise(cell: type[Cell], noise: str) -> None:
    compare(cell(3, 7), every_state=True, noise=noise)
    more = {"lengths": torch.tensor([6, 0, 3, 1, 6]), "resets": torch.rand(6, 5) < 0.3, "initial": True}
    compare(cell(3, 17), time=6, batch=5, noise=noise, **more)
    compare(cell(3, 128), time=3, batch=2, noise=noise)  # few rows: threads share the units


@pytest.mark.parametrize("split", [(1, False), (2, False), (2, True)])
@pytest.mark.parametrize("cell", [GRU, Multiplicative, Projected])
def test_every_split_between_threads(cell: type[Cell], split: tuple[int, bool], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(Program, "split", lambda *_: split)
    more = {"lengths": torch.tensor([5, 2, 0]), "resets": torch.rand(5, 3) < 0.5, "initial": True}
    compare(cell(5, 70), batch=3, noise="rczs", every_state=True, **more)


def test_noise_in_blocks_and_normalised_gates() -> None:
    compare(LSTM(3, 12, recurrence="block", heads=3, layer_norm=True), noise="rczs")


def test_without_noise_the_kernel_is_the_same() -> None:
    from gatework.engine.emit_c import emit
    from gatework.engine.trace import trace

    assert "held" not in emit(trace(LSTM(3, 7)).step, 32).source


@pytest.mark.parametrize("cell", [LSTM, GRU, Normalised, Coupled])
def test_wide_weights_are_shared_by_units(cell: type[Cell]) -> None:
    compare(cell(5, 384), time=3, batch=9, dtype=torch.float32)


@pytest.mark.parametrize("cell", [*CELLS, Mutant])
def test_lengths_and_resets(cell: type[Cell]) -> None:
    resets = torch.rand(6, 5) < 0.3
    lengths = torch.tensor([6, 0, 3, 1, 6])
    compare(cell(7, 7), time=6, batch=5, lengths=lengths)
    compare(cell(7, 7), time=6, batch=5, resets=resets, initial=True)
    compare(cell(7, 7), time=6, batch=5, lengths=lengths, resets=resets, initial=True, every_state=True)


@pytest.mark.parametrize("cell", [LSTM, GRU, Coupled])
def test_lengths_and_resets_where_threads_share_the_units(cell: type[Cell]) -> None:
    more = {"lengths": torch.tensor([5, 2, 0]), "resets": torch.rand(5, 3) < 0.5, "initial": True}
    compare(cell(5, 160), time=5, batch=3, **more)


@pytest.mark.parametrize("word", WORDS_BY_NAME)
def test_every_word(word: str) -> None:
    # torch's own derivative of hardsigmoid is one sixth in single precision
    dtype = torch.float32 if word == "hardsigmoid" else torch.float64
    compare(Dictionary(3, 7, word), time=4, batch=3, dtype=dtype)


@given(
    time=st.integers(1, 9),
    batch=st.integers(1, 13),
    sizes=st.tuples(st.integers(1, 19), st.integers(1, 70)),
    cell=st.sampled_from([LSTM, GRU, MinimalGate, Peephole]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 99),
    options=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
@settings(max_examples=40, deadline=None)
def test_any_shape(time, batch, sizes, cell, dtype, seed, options) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(seed)
    lengths = torch.randint(0, time + 1, (batch,)) if options[0] else None
    resets = torch.rand(time, batch) < 0.4 if options[1] else None
    compare(cell(*sizes), time=time, batch=batch, dtype=dtype, lengths=lengths, resets=resets, every_state=options[2])


@pytest.mark.parametrize("cell", CELLS)
def test_without_gradient_the_values_are_the_same(cell: type[Cell]) -> None:
    tested, x = cell(5, 19), torch.randn(6, 3, 5)
    for more in (
        {},
        {"every_state": True},
        {"lengths": torch.tensor([6, 2, 0])},
        {"resets": torch.rand(6, 3) < 0.4},
    ):
        with torch.no_grad():
            found = run(tested, x, engine="compiled", **more)
            expected = run(tested, x, engine="loop", **more)
        torch.testing.assert_close(found.outputs, expected.outputs, rtol=1e-5, atol=1e-6)
        for a, b in zip(found.state + (found.states or ()), expected.state + (expected.states or ()), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_the_same_run_gives_the_same_bits() -> None:
    cell, x = LSTM(32, 128), torch.randn(20, 16, 32)
    runs = []
    for _ in range(3):
        outputs = run(cell, x, engine="compiled").outputs
        gradients = torch.autograd.grad(outputs.square().sum(), list(cell.parameters()))
        runs.append((outputs, *gradients))
    assert all(torch.equal(a, b) for other in runs[1:] for a, b in zip(runs[0], other, strict=True))


def test_gradients_flow_twice_if_the_graph_is_kept() -> None:
    cell, x = LSTM(3, 7), torch.randn(5, 2, 3)
    loss = run(cell, x, engine="compiled").outputs.sum()
    loss.backward(retain_graph=True)
    first = [p.grad.clone() for p in cell.parameters()]
    loss.backward()
    for before, parameter in zip(first, cell.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, 2 * before)


def test_transforms_go_through_the_loop() -> None:
    cell, x = LSTM(3, 7), torch.randn(4, 5, 2, 3)
    found = torch.vmap(lambda part: run(cell, part).outputs)(x)
    expected = torch.stack([run(cell, part, engine="loop").outputs for part in x])
    torch.testing.assert_close(found, expected)
    with pytest.raises(EngineError, match="engine='loop'"):
        torch.vmap(lambda part: run(cell, part, engine="compiled").outputs)(x)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # torch.func.jvp's own
def test_forward_mode_goes_through_the_loop() -> None:
    cell, x = Elman(3, 7), torch.randn(5, 2, 3)
    _, tangent = torch.func.jvp(lambda part: run(cell, part).outputs, (x,), (torch.ones_like(x),))
    step = 1e-3
    near = (run(cell, x + step).outputs - run(cell, x - step).outputs) / (2 * step)
    torch.testing.assert_close(tangent, near, rtol=1e-2, atol=1e-3)


def test_several_python_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    cell, x = LSTM(16, 128), torch.randn(8, 20, 7, 16)
    expected = [run(cell, part, engine="compiled").outputs for part in x]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda part: run(cell, part, engine="compiled").outputs, x))
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_a_changed_option_is_traced_again() -> None:
    cell, x = Elman(3, 7), torch.randn(5, 2, 3)
    run(cell, x, engine="compiled")
    cell.activation = "relu"
    torch.testing.assert_close(run(cell, x, engine="compiled").outputs, run(cell, x, engine="loop").outputs)


def test_a_changed_parameter_is_seen() -> None:
    cell, x = Elman(3, 7), torch.randn(5, 2, 3)
    with torch.no_grad():
        run(cell, x, engine="compiled")
        cell.h.U.mul_(-2)
        torch.testing.assert_close(run(cell, x, engine="compiled").outputs, run(cell, x, engine="loop").outputs)


def test_what_it_refuses() -> None:
    cell, x = LSTM(3, 7), torch.randn(5, 2, 3)
    narrow = checked_call(cell.to(torch.bfloat16), x.to(torch.bfloat16))
    assert compiled.refuses(narrow) == "it computes in float32 or float64, not torch.bfloat16"
    watched = LSTM(3, 7)
    watched.i.register_forward_hook(lambda *_: None)
    assert plan(checked_call(watched, x)).engine.name != "compiled"
    assert "hook" in str(compiled.refuses(checked_call(watched, x)))


def test_it_is_the_default() -> None:
    assert plan(checked_call(LSTM(3, 7), torch.randn(5, 2, 3))).engine is compiled


@pytest.mark.filterwarnings("ignore")  # torch's compiler warns about itself
def test_torch_compile_does_not_break_at_the_recurrence() -> None:
    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.out = LSTM(3, 7), torch.nn.Linear(7, 2)

        def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
            noise = Noise({7: torch.full((2, 7), 0.5)}, zoneout=(0.3, torch.arange(5 * 2 * 7).view(5, 2, 7) % 3 == 0))
            first = (torch.ones(2, 7), torch.full((2, 7), 0.5))
            result = run(self.cell, 2 * x, initial=first, lengths=lengths, noise=noise, every_state=True)
            return self.out(result.outputs) + result.state.c.sum() + result.states.c.mean()

    model, x, lengths = Model(), torch.randn(5, 2, 3, requires_grad=True), torch.tensor([5, 2])
    whole = torch.compile(model, fullgraph=True, backend="aot_eager")
    found, expected = whole(x, lengths), model(x, lengths)
    torch.testing.assert_close(found, expected)
    leaves = [x, *model.parameters()]
    for a, b in zip(
        torch.autograd.grad(found.square().sum(), leaves),
        torch.autograd.grad(expected.square().sum(), leaves),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


def test_after_a_fork_it_still_runs() -> None:
    import os

    cell, x = LSTM(16, 128), torch.randn(20, 16, 16)
    with torch.no_grad():
        expected = run(cell, x, engine="compiled").outputs
    child = os.fork()
    if child == 0:
        from gatework.engine.threads import available_threads

        found = compiled.compiled(cell, x.dtype).program.split(16)
        os._exit(0 if available_threads() == 1 and found == (1, False) else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    with torch.no_grad():
        assert torch.equal(run(cell, x, engine="compiled").outputs, expected)


def test_weight_gradients_over_many_rows() -> None:
    compare(LSTM(5, 19), time=40, batch=40, lengths=torch.randint(0, 41, (40,)))
    compare(GRU(5, 19), time=40, batch=40, resets=torch.rand(40, 40) < 0.1, initial=True)
    compare(GRUResetAfter(1, 16), time=1600, batch=1)


def test_a_single_step_is_left_to_the_loop() -> None:
    chosen = plan(checked_call(Peephole(3, 7), torch.randn(1, 2, 3)))
    assert chosen.engine.name == "loop"
    assert "single step" in str(chosen)


def test_a_replaced_gate_is_seen() -> None:
    cell, x = LSTM(3, 7), torch.randn(5, 2, 3)
    run(cell, x, engine="compiled")
    cell.f = type(cell.f)(3, 7)
    torch.testing.assert_close(run(cell, x, engine="compiled").outputs, run(cell, x, engine="loop").outputs)


def test_gradients_of_many_outputs_at_once_name_the_loop() -> None:
    cell, x = LSTM(3, 7), torch.randn(5, 2, 3, requires_grad=True)
    outputs = run(cell, x, engine="compiled").outputs
    with pytest.raises(EngineError, match="engine='loop'"):
        torch.autograd.grad(outputs, x, torch.randn(4, *outputs.shape), is_grads_batched=True)


def test_a_cache_that_cannot_be_written_falls_back(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    class Fresh(Independent):
        def step(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
            return torch.tanh(self.h(x, h)) * 0.731

    (tmp_path / "gatework").write_text("a file, not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    call = checked_call(Fresh(3, 7), torch.randn(5, 2, 3))
    assert plan(call).engine.name == "loop"
    assert "gatework" in str(plan(call))
