"""The table of derivatives, by itself: every basic operation against autograd."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from gatework.cells import LSTM
from gatework.engine.derive import DERIVATIVES, derive
from gatework.engine.graph import LEAVES, Graph
from gatework.engine.schedule import Store, schedule
from gatework.engine.trace import trace

MEANING = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "neg": torch.neg,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "sqrt": torch.sqrt,
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
    "where": torch.where,
    "less": torch.lt,
    "less_equal": torch.le,
    "equal": torch.eq,
    "both": torch.logical_and,
    "either": torch.logical_or,
    "opposite": torch.logical_not,
    "detach": torch.detach,
    "row_sum": lambda x: x.sum(-1, keepdim=True),
    "row_max": lambda x: x.amax(-1, keepdim=True),
    "kept_sigmoid": lambda y: y,
    "kept_tanh": lambda y: y,
}


def evaluated(graph: Graph, root: int, leaves: dict[int, Tensor]) -> Tensor:
    node = graph.nodes[root]
    if node.op == "constant":
        return torch.tensor(node.value, dtype=torch.float64)
    if node.op in LEAVES:
        return leaves[root]
    return MEANING[node.op](*(evaluated(graph, arg, leaves) for arg in node.args))


def test_every_operation_has_a_meaning() -> None:
    assert DERIVATIVES.keys() == MEANING.keys()


@pytest.mark.parametrize("op", [op for op in DERIVATIVES if op not in ("both", "either", "opposite", "where")])
def test_derivative_equals_autograds(op: str) -> None:
    torch.manual_seed(0)
    count = 2 if op in ("add", "sub", "mul", "div", "less", "less_equal", "equal") else 1
    graph = Graph()
    args = tuple(graph.leaf("state", index, 5) for index in range(count))
    result, slope = graph.add(op, *args), graph.leaf("carried", 0, 5)
    parts = DERIVATIVES[op](graph, result, args, slope)
    values = [torch.rand(3, 5, dtype=torch.float64) + 0.3 for _ in args]
    given = torch.randn(3, 1 if op.startswith("row") else 5, dtype=torch.float64)
    leaves = dict(zip(args, values, strict=True)) | {slope: given}
    if op.startswith("kept"):  # the leaf holds the activation of a pre-activation
        before = [value.clone().requires_grad_() for value in values]
        values = [getattr(torch, op.removeprefix("kept_"))(value) for value in before]
        leaves |= dict(zip(args, values, strict=True))
        expected = torch.autograd.grad(values[0], before, given)
    else:
        wanted = [value.requires_grad_() for value in values]
        output = MEANING[op](*wanted)
        expected = torch.autograd.grad(output, wanted, given) if output.requires_grad else [None] * count
    for part, gradient in zip(parts, expected, strict=True):
        assert (part is None) == (gradient is None)
        if part is not None:
            found = evaluated(graph, part, leaves).expand(3, 5)
            torch.testing.assert_close(found, gradient, rtol=1e-12, atol=1e-12)


def test_activations_alone_are_kept_in_place_of_preactivations() -> None:
    reverse = derive(trace(LSTM(3, 7)).step)
    forward = trace(LSTM(3, 7)).step.graph
    assert [forward.nodes[node].op for node in reverse.kept] == ["sigmoid", "sigmoid", "tanh", "sigmoid"]
    needed = reverse.graph.reached([*reverse.slots, *reverse.states])
    operations = [reverse.graph.nodes[node].op for node in needed]
    assert operations.count("tanh") == 1  # of the cell state
    assert "sigmoid" not in operations


def test_simplification_keeps_values() -> None:
    graph = Graph()
    x = graph.leaf("state", 0, 5)
    assert graph.add("mul", x, graph.constant(1)) == x
    assert graph.add("add", graph.constant(0), x) == x
    assert graph.add("neg", graph.add("neg", x)) == x
    assert graph.number(graph.add("div", graph.constant(1), graph.constant(4))) == 0.25
    assert graph.number(graph.add("mul", x, graph.constant(0))) is None  # 0 * NaN is NaN
    assert math.isnan(evaluated(graph, graph.add("sqrt", graph.constant(-1)), {}).item())


def test_an_overwritten_leaf_is_spilled_for_later_stages() -> None:
    graph = Graph()
    slot = graph.leaf("slot", 0, 5)
    total = graph.add("row_sum", slot)
    stores = [Store("slope", 0, graph.add("exp", slot), 5), Store("carry", 0, graph.add("mul", slot, total), 5)]
    made = schedule(graph, stores, lambda *_: 0, lambda store: slot if store.target == "slope" else None)
    assert len(made.stages) == 2
    assert made.passes[0].spilled == [slot]
    assert made.passes[1].restored == [slot]
