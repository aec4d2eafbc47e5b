"""A run as one operation: torch.compile and torch.export leave it whole and give the numbers of the eager run."""

from __future__ import annotations

import copy
import gc
import json
import subprocess
import sys
import threading
from typing import Any

import pytest
import torch
from comparing import a_noise
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounterWithBackend

import gatework
from gatework.cells import GRU, LSTM, BatchNormLSTM, Cell, GRUResetAfter, handles
from gatework.data import Vocabulary
from gatework.engine import compiled as engine
from gatework.engine import run
from gatework.errors import EngineError
from gatework.layers import Recurrent, Stack
from gatework.models import LanguageModel

B, T, I, H = 2, 5, 3, 7
pytestmark = [pytest.mark.usefixtures("exact"), pytest.mark.filterwarnings("ignore")]  # torch's compiler warns

MODULES = {
    "compiled engine": lambda: Recurrent(LSTM(I, H)),
    "loop": lambda: Recurrent(GRU(I, H), engine="loop", learn_initial=True),
    "native, backwards": lambda: Recurrent(GRUResetAfter(I, H), engine="native", reverse=True),
    "statistics in buffers": lambda: Recurrent(BatchNormLSTM(I, H, steps=4)),
    "stack": lambda: Stack(GRU, I, H, layers=2, bidirectional=True, connection="residual"),
    "drop-in": lambda: gatework.LSTM(I, H, 2, bidirectional=True, proj_size=2),
}


@pytest.fixture(autouse=True)
def _nothing_compiled():
    torch._dynamo.reset()


def whole(module: nn.Module, **options: Any) -> Any:
    return torch.compile(module, fullgraph=True, backend="aot_eager", **options)


def assert_same(found: Any, expected: Any, module: nn.Module, other: nn.Module, *leaves: Tensor) -> None:
    """Two results are equal, and so are their gradients by two modules' parameters and by leaves."""
    torch.testing.assert_close(found, expected)
    slopes = [
        torch.autograd.grad(result.square().sum(), [*leaves, *one.parameters()], allow_unused=True)
        for result, one in ((found, module), (expected, other))
    ]
    assert any(slope is not None and bool(slope.abs().max() > 0) for slope in slopes[1])
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize("kind", MODULES)
def test_a_compiled_module_gives_the_same(kind):
    module = MODULES[kind]()
    other, x = copy.deepcopy(module), torch.randn(T, B, I, requires_grad=True)
    assert_same(whole(module)(x)[0], other(x)[0], module, other, x)
    torch.testing.assert_close(dict(module.named_buffers()), dict(other.named_buffers()))


def test_every_option_of_a_run():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.options = LSTM(I, H), {"lengths": torch.tensor([3, T]), "every_state": True}
            self.noise = a_noise(self.cell, "rczs", T, B, torch.float64)

        def forward(self, x, state, initial, resets, **more):
            result = run(self.cell, x, state, initial=initial, resets=resets, noise=self.noise, **self.options, **more)
            return torch.cat([result.outputs, *result.states[1:], *(part[None] for part in result.state)])

    model = Model()
    leaves = torch.randn(T, B, I, requires_grad=True), *torch.randn(4, B, H, requires_grad=True).unbind()
    state, initial, resets = tuple(leaves[1:3]), tuple(leaves[3:]), torch.rand(T, B) < 0.4
    for more in ({}, {"engine": "loop"}, {"checkpoint_every": 2}):
        found, expected = (
            whole(model)(leaves[0], state, initial, resets, **more),
            model(leaves[0], state, initial, resets),
        )
        assert_same(found, expected, model, model, *leaves)


def test_a_regularised_language_model_trains():
    vocabulary = Vocabulary("character", ("<unknown>", *"abcd"))
    disturbed = {"zoneout": {"c": 0.2}, "recurrent_dropout": 0.3, "weight_dropout": 0.2}
    options = {"cell": "lstm", "hidden_size": H, "layers": 2, "dropout": 0.0, **disturbed}
    model = LanguageModel.build(vocabulary, **options)
    tokens = torch.randint(5, (T, B))
    torch.manual_seed(1)
    expected = model(tokens)[0]
    torch.manual_seed(1)
    assert_same(whole(model)(tokens)[0], expected, model, model)


@pytest.mark.parametrize("kind", ["compiled engine", "loop"])
def test_another_length_compiles_nothing_anew(kind):
    module, counter = MODULES[kind](), CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(module, fullgraph=True, backend=counter)
    counts = []
    for time in (T, 2, 11, 13):
        x = torch.randn(time, B, I, requires_grad=True)
        torch._dynamo.mark_dynamic(x, 0)
        assert_same(compiled(x)[0], module(x)[0], module, module, x)
        counts.append(counter.frame_count)
    assert counts[0] == counts[-1] > 0


@pytest.mark.parametrize(("kind", "strict"), [("drop-in", False), ("stack", False), ("compiled engine", True)])
def test_an_exported_module_runs_at_any_length(kind, strict):
    module = MODULES[kind]().eval()
    lengths = {0: torch.export.Dim("time", min=2, max=10_000)}
    exported = torch.export.export(module, (torch.randn(T, B, I),), dynamic_shapes=(lengths,), strict=strict)
    inputs = [torch.randn(time, B, I, requires_grad=True) for time in (2, T, 31)]
    expected = [module(x)[0].detach() for x in inputs]
    if not strict:
        del module
        gc.collect()
    for x, values in zip(inputs, expected, strict=True):
        found = exported.module()(x)[0]
        torch.testing.assert_close(found, values)
        assert torch.autograd.grad(found.sum(), x)[0].abs().min() > 0


LOADING = """
import sys, torch, gatework.engine
for name in sys.argv[1:]:
    x, expected = torch.load(name + ".pt")
    found = torch.export.load(name + ".pt2").module()(x)
    if isinstance(found, gatework.engine.Result):
        found = found.outputs, *found.state
    torch.testing.assert_close(found[0], expected)
    print(len(x), type(found).__name__)
"""


def test_an_exported_module_can_be_saved_and_run_in_another_process(tmp_path):
    """Which makes the cells again from their classes' names and options."""
    modules = {
        "recurrent": Recurrent(LSTM(I, H, bias=False, activation="relu")),
        "drop-in": gatework.LSTM(I, H, 2, bidirectional=True, proj_size=2),
    }
    for name, module in modules.items():
        lengths = {0: torch.export.Dim("time", min=2, max=10_000)}
        exported = torch.export.export(module.eval(), (torch.randn(T, B, I),), dynamic_shapes=(lengths,))
        torch.export.save(exported, tmp_path / f"{name}.pt2")
        x = torch.randn(11, B, I)
        torch.save((x, module(x)[0].detach()), tmp_path / f"{name}.pt")
    names = [str(tmp_path / name) for name in modules]
    shown = subprocess.run([sys.executable, "-c", LOADING, *names], capture_output=True, text=True, check=False)
    assert shown.stdout.split() == ["11", "tuple", "11", "tuple"], shown.stderr


class Foreign(Cell):
    """A cell of a class that another process has not."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.n = self.gate()

    def step(self, x, h):
        return torch.tanh(self.n(x, h))


def test_cells_that_cannot_be_made_again_are_said_to_be_gone():
    assert handles.find(handles.keep(Foreign(I, H))).hidden_size == H
    cell = LSTM(I, H).double()
    given = arguments(cell)
    unknown = json.dumps({"cell": "elsewhere.Foreign", "arguments": [I, H], "options": {}})
    with pytest.raises(EngineError, match=r"of a class that is not imported: import the module of its class"):
        torch.ops.gatework.run(*(unknown if isinstance(part, str) and part == cell.handle else part for part in given))


def test_what_a_constructor_does_not_say_keeps_a_cell_in_its_process():
    plain, changed, watched = GRU(I, H), GRU(I, H), GRU(I, H)
    changed.sigma = torch.tanh
    watched.z.register_forward_hook(print)
    assert json.loads(handles.keep(plain))["arguments"] == [I, H]
    for cell in (changed, watched):
        assert handles.keep(cell) == cell.handle
        assert handles.find(cell.handle) is cell


def test_it_sees_what_changes_between_calls():
    module, x = Recurrent(BatchNormLSTM(I, H, steps=4)), torch.randn(T, B, I)
    compiled, first = whole(module), whole(module)(x)[0]
    for change in (
        module.eval,
        lambda: module.cell.f.U.data.mul_(2),
        lambda: setattr(module.cell, "sigma", torch.tanh),
    ):
        change()
        now = compiled(x)[0]
        assert not torch.allclose(now, first)
        torch.testing.assert_close(now, module(x)[0])
        first = now
    other = copy.deepcopy(module)
    other.cell.f.U.data.mul_(2)
    torch.testing.assert_close(whole(other)(x)[0], other(x)[0])


def test_other_parameters_in_a_functional_call():
    module, other, x = Recurrent(LSTM(I, H)), Recurrent(LSTM(I, H)), torch.randn(T, B, I)

    def call(parameters):
        return torch.func.functional_call(module, parameters, (x,)).outputs

    found = torch.compile(call, fullgraph=True, backend="aot_eager")(dict(other.named_parameters()))
    torch.testing.assert_close(found, other(x).outputs)


def test_autocast_is_for_other_layers():
    module, x = Recurrent(LSTM(I, H).float()), torch.randn(T, B, I).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = whole(module)(x).outputs
    torch.testing.assert_close(outputs, module(x).outputs)


def arguments(cell: LSTM | BatchNormLSTM, **changes: Any) -> tuple[Any, ...]:
    """What the operation is given, by name."""
    given = {
        "x": torch.randn(T, B, I, requires_grad=True),
        "parameters": list(cell.parameters()),
        "buffers": list(cell.buffers()),
        "state": [torch.randn(B, size, requires_grad=True) for size in cell.state_sizes],
        "initial": [],
        "lengths": None,
        "resets": torch.rand(T, B) < 0.4,
        "masks": [],
        "widths": [],
        "candidate": False,
        "shares": [],
        "cell": cell.handle,
        "engine": "auto",
        "training": cell.training,
        "every_state": True,
        "checkpoint_every": 0,
        "keep": True,
    }
    return tuple((given | changes).values())


@pytest.mark.parametrize("cell", [LSTM(I, H), BatchNormLSTM(I, H)], ids=["compiled engine", "loop"])
def test_it_keeps_the_rules_of_operations(cell):
    cell.double()
    masks = [torch.ones(B, H), torch.rand(T, B, H) < 0.3]
    noise = {"masks": masks, "candidate": True, "shares": [0.2, -1.0, 0.0][: len(cell.states)]}
    torch.library.opcheck(torch.ops.gatework.run, arguments(cell, **noise))


def test_the_cell_must_live():
    given = arguments(LSTM(I, H).double())
    gc.collect()
    with pytest.raises(EngineError, match="gone"):
        torch.ops.gatework.run(*given)


def test_the_kernel_runs_once_forwards_and_once_backwards(monkeypatch):
    """The gradient starts from what the forward run left."""
    module, x = Recurrent(LSTM(I, H)), torch.randn(T, B, I, requires_grad=True)
    program = engine.compiled(module.cell, x.dtype).program
    calls = []
    for name in ("forward", "backward"):
        method = getattr(program, name)
        monkeypatch.setattr(program, name, lambda *a, f=method, n=name, **k: calls.append(n) or f(*a, **k))
    compiled = whole(module)
    compiled(x).outputs.sum().backward()
    assert calls == ["forward", "backward"]


def test_threads_may_share_a_compiled_module():
    """From the first call on, which compiles."""
    module = Recurrent(LSTM(I, H))
    compiled, inputs, wrong = whole(module), torch.randn(3, T, B, I), []
    expected = [torch.autograd.grad(module(x).outputs.square().sum(), module.cell.f.U)[0] for x in inputs]
    barrier = threading.Barrier(len(inputs))

    def work(x: Tensor, slope: Tensor) -> None:
        try:
            barrier.wait()
            for _ in range(5):
                loss = compiled(x).outputs.square().sum()
                torch.testing.assert_close(torch.autograd.grad(loss, module.cell.f.U)[0], slope)
        except Exception as error:  # noqa: BLE001  (of whatever kind: the test tells it)
            wrong.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(inputs, expected, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
