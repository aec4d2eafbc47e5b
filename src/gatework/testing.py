"""The contract every cell must satisfy, usable on cells written elsewhere: ``check_cell(MyCell(3, 7))``."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor
from torch.autograd import gradcheck

from gatework.cells import Cell
from gatework.engine import ENGINES, Result, checked_call, run

BATCH, TIME = 2, 5
Oracle = Callable[..., tuple[Any, ...]]
"""A step in NumPy: from the parameters by name, x and the states to the next states, each (batch, size)."""


def check_cell(cell: Cell, *, oracle: Oracle | None = None) -> None:
    """Check a copy of a cell, in float64 and with the weights it has, against all laws of this module.

    Args:
        cell: any cell; small sizes that differ, such as 3 and 7, check fastest and hide least.
        oracle: its equations a second time, ``oracle(parameters, x, *state)``, to be compared with ``step``.

    Raises:
        AssertionError: a law does not hold; says which.
    """
    cell = copy.deepcopy(cell).double().eval()
    for law in (
        step_gives_states,
        step_remembers_nothing,
        step_has_derivatives,
        weights_are_all_it_learned,
        copies_are_independent,
        parameters_are_as_many_as_documented,
        autocast_changes_nothing,
    ):
        law(cell)
    if oracle is not None:
        equals_the_oracle(cell, oracle)
    x, state = example(cell, TIME, BATCH)
    for engine in ENGINES.values():
        if engine.refuses(checked_call(cell, x, state)) is None:
            for run_law in (
                equals_the_loop,
                split_in_time_equals_the_whole,
                rows_are_independent,
                the_future_is_unseen,
                padding_is_not_read,
            ):
                run_law(cell, engine.name)


def example(cell: Cell, time: int, batch: int) -> tuple[Tensor, Any]:
    """A random input and initial state that want gradients; always the same."""
    generator = torch.Generator().manual_seed(1)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()

    return draw(time, batch, cell.input_size), cell.State(*(draw(batch, size) for size in cell.state_sizes))


def step_gives_states(cell: Cell) -> None:
    """``step`` gives as many states as ``states`` names, each of the width in ``state_sizes``, the output first."""
    x, state = example(cell, 1, BATCH)
    result = cell.step(x[0], *state)
    given = [tuple(part.shape) for part in (result if isinstance(result, tuple) else (result,))]
    expected = [(BATCH, size) for size in cell.state_sizes]
    assert given == expected, f"step must give {', '.join(cell.states)} of {expected}, not {given}"
    assert cell.state_sizes[0] == cell.hidden_size, (
        f"the first state, {cell.states[0]}, is the output: hidden_size wide"
    )


def step_remembers_nothing(cell: Cell) -> None:
    """All memory is in the states: the same call gives the same result."""
    x, state = example(cell, 1, BATCH)
    _close("step remembers something between calls", cell(x[0], state), cell(x[0], state))


def step_has_derivatives(cell: Cell) -> None:
    """Autograd through ``step`` agrees with finite differences, for the input, the states and all parameters."""
    x, state = example(cell, 1, BATCH)
    names = [name for name, _ in cell.named_parameters()]
    weights = [parameter.detach().clone().requires_grad_() for parameter in cell.parameters()]

    def step(x: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        state, parameters = values[: len(cell.states)], values[len(cell.states) :]
        arguments = (x, cell.State(*state))
        return tuple(torch.func.functional_call(cell, dict(zip(names, parameters, strict=True)), arguments))

    try:
        gradcheck(step, (x[0].detach().requires_grad_(), *state, *weights))
    except RuntimeError as error:
        raise AssertionError(f"the derivatives of step are wrong: {str(error).splitlines()[0]}") from error


def weights_are_all_it_learned(cell: Cell) -> None:
    """A copy with other weights becomes the cell again by its state dict, saved and loaded as safetensors."""
    x, state = example(cell, TIME, BATCH)
    other = _another(cell)
    other.load_state_dict(load(save(cell.state_dict())))
    _close("the state dict does not hold all that was learned", run(other, x, state), run(cell, x, state))


def copies_are_independent(cell: Cell) -> None:
    """A deep copy gives what the cell gives, and to change it changes nothing of the cell."""
    x, state = example(cell, TIME, BATCH)
    before = run(cell, x, state)
    _close("a deep copy is another cell", run(copy.deepcopy(cell), x, state), before)
    _another(cell)
    _close("a cell changes with its deep copy", run(cell, x, state), before)


def parameters_are_as_many_as_documented(cell: Cell) -> None:
    """Where the docstring has a line ``Parameters: formula``, it gives their number."""
    formula = re.search(r"^ *Parameters: (.+)$", type(cell).equations(), re.MULTILINE)
    if formula and cell.usual_gates:
        expected, found = evaluated(formula[1], cell), sum(parameter.numel() for parameter in cell.parameters())
        assert found == expected, f"the docstring counts {expected} parameters, there are {found}"


def evaluated(formula: str, cell: Cell) -> int:
    """A formula of a docstring, of ``input``, ``hidden``, and the whole numbers that are attributes of the cell."""
    numbers = {name: value for name, value in vars(cell).items() if isinstance(value, int)}
    known = numbers | {"input": cell.input_size, "hidden": cell.hidden_size}
    return int(eval(formula, {"__builtins__": {}}, known))


def autocast_changes_nothing(cell: Cell) -> None:
    """Under autocast, which would have products in half precision, a single-precision cell gives the same numbers."""
    x, state = example(cell, TIME, BATCH)
    cell, x, state = copy.deepcopy(cell).float(), x.float(), tuple(part.float() for part in state)
    expected = run(cell, x, state, engine="loop")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _close("autocast changes the numbers", run(cell, x, state), expected, tolerance=1e-5)


def equals_the_oracle(cell: Cell, oracle: Oracle) -> None:
    """Outputs and states are those of an oracle."""
    x, state = example(cell, TIME, BATCH)
    parameters: Mapping[str, Any] = {name: value.detach().numpy() for name, value in cell.named_parameters()}
    expected, outputs = tuple(part.detach().numpy() for part in state), []
    for values in x.detach().numpy():
        expected = oracle(parameters, values, *expected)
        outputs.append(expected[0])
    result = run(cell, x, state, engine="loop")
    theirs = [torch.from_numpy(values) for values in (np.stack(outputs), *expected)]
    _close("the cell differs from its oracle", [result.outputs, *result.state], theirs)


def equals_the_loop(cell: Cell, engine: str) -> None:
    """Outputs, states and all gradients are the reference's, for whole windows and with lengths and resets."""
    for time, batch in ((TIME, BATCH), (1, BATCH), (TIME, 1)):
        x, state = example(cell, time, batch)
        resets = torch.arange(time)[:, None].expand(time, batch) == time // 2
        for options in ({}, {"resets": resets}, {"lengths": torch.arange(time, time - batch, -1), "resets": resets}):
            ours, theirs = (_with_gradients(cell, x, state, engine=name, **options) for name in (engine, "loop"))
            _close(f"{engine} differs from the loop at time {time}, batch {batch}, {[*options]}", ours, theirs)


def split_in_time_equals_the_whole(cell: Cell, engine: str) -> None:
    """Two windows with the state carried over give what one window gives."""
    x, state = example(cell, TIME, BATCH)
    first = run(cell, x[:2], state, engine=engine)
    second = run(cell, x[2:], first.state, engine=engine)
    joined = Result(torch.cat([first.outputs, second.outputs]), second.state)
    _close("two windows differ from one", joined, run(cell, x, state, engine=engine))


def rows_are_independent(cell: Cell, engine: str) -> None:
    """A row alone gives what it gives in a batch."""
    x, state = example(cell, TIME, BATCH)
    together = run(cell, x, state, engine=engine).outputs
    for row in range(BATCH):
        alone = run(cell, x[:, row : row + 1], tuple(part[row : row + 1] for part in state), engine=engine).outputs
        _close("a row depends on the others of its batch", alone, together[:, row : row + 1])


def the_future_is_unseen(cell: Cell, engine: str) -> None:
    """Another input after a step changes nothing up to it."""
    x, state = example(cell, TIME, BATCH)
    changed = torch.cat([x[:-1], x[-1:] + 1])
    ours, theirs = (run(cell, values, state, engine=engine).outputs[:-1] for values in (changed, x))
    _close("an output depends on inputs after it", ours, theirs)


def padding_is_not_read(cell: Cell, engine: str) -> None:
    """NaN past a row's length changes no value and no gradient."""
    x, state = example(cell, TIME, BATCH)
    lengths = torch.arange(TIME - BATCH, TIME)
    padding = torch.arange(TIME)[:, None] >= lengths
    spoilt = x.detach().masked_fill(padding[:, :, None], torch.nan).requires_grad_()
    ours, theirs = (_with_gradients(cell, values, state, engine=engine, lengths=lengths) for values in (spoilt, x))
    _close("what lies past a row's length is read", ours, theirs)


def _with_gradients(cell: Cell, x: Tensor, state: Any, **call: Any) -> list[Tensor]:
    """Outputs, final states, and the gradients that a random weighting of them gives."""
    result = run(cell, x, state, **call)
    values = [result.outputs, *result.state]
    generator = torch.Generator().manual_seed(2)
    weights = [torch.randn(value.shape, generator=generator, dtype=value.dtype) for value in values]
    wanted = [x, *state, *cell.parameters()]
    return values + list(torch.autograd.grad(values, wanted, weights, allow_unused=True, materialize_grads=True))


def _another(cell: Cell) -> Cell:
    """A copy with other weights."""
    other = copy.deepcopy(cell)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1)
    return other


def _close(law: str, ours: Any, theirs: Any, tolerance: float = 1e-9) -> None:
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance, msg=lambda details: f"{law}: {details}")
