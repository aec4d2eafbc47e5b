"""From ``step`` to the step graph: what is understood, and how what is not is named."""

from __future__ import annotations

import pytest
import torch
from foreign_cells import MinimalGate, Mutant, Normalised, Peephole
from torch import Tensor, nn, sigmoid

from gatework.cells import GRU, LSTM, Cell, Elman, Gate, GRUResetAfter, MinGRU
from gatework.engine import checked_call, plan
from gatework.engine.emit_c import emit
from gatework.engine.layout import layout
from gatework.engine.trace import UntraceableError, trace
from gatework.errors import EngineError


def test_lstm_is_four_slots_of_one_operand() -> None:
    step = trace(LSTM(3, 7)).step
    assert [slot.gate for slot in step.slots] == ["i", "f", "g", "o"]
    assert step.operands == (step.graph.leaf("state", 0, 7),)
    assert [len(zone.slots) for zone in layout(step).zones] == [4]


def test_gru_reset_before_has_two_products_and_after_one() -> None:
    assert len(trace(GRU(3, 7)).step.operands) == 2
    after = trace(GRUResetAfter(3, 7)).step
    assert len(after.operands) == 1
    assert sorted(zone.operand is None for zone in layout(after).zones) == [False, False, True]


@pytest.mark.parametrize(("cell", "stages"), [(LSTM, 1), (GRU, 2), (MinimalGate, 2), (Peephole, 1), (Normalised, 5)])
def test_stages_follow_products_and_row_sums(cell: type[Cell], stages: int) -> None:
    source = emit(trace(cell(3, 7)).step, 32).source
    found = {number for number in range(9) if f"void forward_stage{number}(" in source}
    assert found == set(range(stages))


def test_what_depends_on_the_input_alone_is_hoisted() -> None:
    traced = trace(Mutant(7, 7))
    assert (traced.step.sources, traced.step.sequences, traced.step.parameters) == (2, (7, 7), ())
    assert "tanh" in str(traced.hoisted.sources[0].target)


def test_what_is_made_of_pre_activations_is_left_to_the_kernel() -> None:
    """Elementwise functions of gates without U are computed where they are used, not stored for all steps."""
    step = trace(MinGRU(3, 7)).step
    assert (step.sequences, step.parameters, [slot.gate for slot in step.slots]) == ((), (), ["z", "h"])
    assert sorted(node.op for node in step.graph.nodes if node.args) == ["add", "mul", "mul", "sigmoid", "sub"]


def test_equal_expressions_are_one_node() -> None:
    class Twice(Elman):
        def step(self, x: Tensor, h: Tensor) -> Tensor:
            return torch.tanh(h) * torch.tanh(h) + self.h(x, h)

    assert [node.op for node in trace(Twice(3, 7)).step.graph.nodes].count("tanh") == 1


class Sorting(Cell):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.h = Gate(input_size, hidden_size)

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        h = torch.tanh(h)
        return self.h(x, h.sort(-1).values)


def test_an_unknown_operation_is_named_with_its_line() -> None:
    with pytest.raises(UntraceableError, match=r"'sort'.* line \d+ of test_trace.py: return self.h\(x, h.sort"):
        trace(Sorting(3, 7))
    with pytest.raises(EngineError, match="'sort'"):
        plan(checked_call(Sorting(3, 7), torch.randn(5, 2, 3)), "compiled")
    fallen_back = plan(checked_call(Sorting(3, 7), torch.randn(5, 2, 3)))
    assert fallen_back.engine.name == "loop"
    assert "sort" in str(fallen_back)


def stepping(step, **modules):  # type: ignore[no-untyped-def]
    """A cell with one gate and the given step."""

    class Stepping(Sorting):
        def __init__(self) -> None:
            super().__init__(3, 7)
            for name, module in modules.items():
                setattr(self, name, module)

    Stepping.step = step
    return Stepping()


def test_a_branch_on_values_is_refused() -> None:
    def step(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        return self.h(x, h) if h.sum() > 0 else h

    with pytest.raises(UntraceableError, match="depends on values"):
        trace(stepping(step))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda self, x, h: self.h(x, h) + h.mean(0, keepdim=True), "only over the last axis"),
        (lambda self, x, h: self.h(x, h) + h.mean(-1), "keepdim=True"),
        (lambda self, x, h: (self.h(x, h), h), "returns 2 states"),
        (lambda self, x, h: self.h(h, h), "gate h multiplies 3 units, not 7"),
        (lambda self, x, h: self.h(x, x), "multiplies what is not a state|gate h multiplies"),
        (lambda self, x, h: self.h(x[:, :2], h), "gate h multiplies 3 inputs, not 2"),
        (lambda self, x, h: self.h(x, h) + torch.ones(7), "makes a tensor of its own"),
        (lambda self, x, h: self.h(x, h) + x, "3 units where there should be 7"),
        (lambda self, x, h: self.h(x, h) + (x - x.mean(0, keepdim=True)).sum(1, keepdim=True), "mixes the rows"),
        (lambda self, x, h: self.h(x, h) + x.reshape(-1), r"is \(6,\) for two rows"),
        (lambda self, x, h: self.wide(x), "state h with 5 units where there should be 7"),
        (lambda self, x, h: self.h(x, h) + torch.cat((h, h), 1), "'cat'"),
        (lambda self, x, h: self.h(x, h) + torch.nn.functional.dropout(x), "dropout"),
        (lambda self, x, h: self.h(x, h) + self.wide(h[:, :3]), "getitem"),
    ],
)
def test_refusals_say_why(step, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UntraceableError, match=message):
        trace(stepping(step, wide=Gate(3, 5, recurrence=None)))


def test_tracing_leaves_the_cell_as_it_was() -> None:
    cell = stepping(lambda self, x, h: sigmoid(self.h(x, h)) * self.scale, scale=nn.Parameter(torch.randn(7)))
    before = dict(cell.__dict__)
    assert trace(cell).step.parameters == (7,)
    assert cell.__dict__ == before


def test_explain_shows_every_stage_of_the_pipeline() -> None:
    from gatework.engine.explain import explain

    text = explain(GRU(3, 7), source=True)
    for part in (
        "Cho et al. 2014",
        "slot 2 is gate n",
        "2 in the loop, 1 hoisted",
        "2 forward",
        "forward_stage1",
        "2 sigmoid",
    ):
        assert part in text


def test_explain_counts_what_pytorch_computes_for_a_normalised_gate() -> None:
    from gatework.engine.explain import explain

    text = explain(LSTM(3, 12, layer_norm=True, recurrence="block", heads=3))
    assert "1 in the loop, 0 hoisted out of it, 4 more expressions of the input computed by PyTorch" in text
    assert "slot 3 is gate o: U n0 in 3 heads, without b" in text
