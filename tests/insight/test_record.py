"""Recorded gates and states against their equations, for published cells and for cells written here."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.cells import Cell, Gate
from gatework.data import Vocabulary
from gatework.insight import record_gates
from gatework.layers import Recurrent, Stack
from gatework.models import LanguageModel

T, B, H, E = 11, 3, 7, 5
VOCABULARY = Vocabulary.build("character", dict.fromkeys("abcdef", 1))


class Leaky(Cell):
    """A cell of a reader's own: one gate by the name of its state, one used twice, one without a function."""

    states = ("s", "wide")

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.keep = Gate(input_size, hidden_size, recurrence="diagonal")
        self.s = Gate(input_size, hidden_size)
        self.raw = Gate(input_size, hidden_size, recurrence=None)

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (self.hidden_size, 2 * self.hidden_size)

    def step(self, x: Tensor, s: Tensor, wide: Tensor) -> tuple[Tensor, ...]:
        keep = F.sigmoid(self.keep(x, s))
        new = self.s(x, s).tanh()
        raw = self.raw(x)
        s = keep * s + (1 - keep) * new * torch.cos(raw)
        return s, torch.cat([s, raw], dim=1)


def make(cell: Any = "lstm", **options: Any) -> LanguageModel:
    torch.manual_seed(3)
    name = cell if isinstance(cell, str) else "lstm"
    model = LanguageModel.build(VOCABULARY, cell=name, hidden_size=H, embedding_size=E, **options).double()
    if not isinstance(cell, str):
        model.stack = Stack(cell, E, H).double()
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) / 2
    return model


def tokens() -> Tensor:
    return torch.randint(len(VOCABULARY), (T, B), generator=torch.Generator().manual_seed(1))


def affine(gate: Gate, x: Tensor, h: Tensor) -> Tensor:
    return x @ gate.W.T + h @ gate.U.T + gate.b


def test_lstm_gates_and_states_are_those_of_the_equations() -> None:
    model = make(layers=2, dropout=0.5)
    records = record_gates(model, tokens())
    x = model.embedding.weight[tokens()]
    for record, layer in zip(records, model.stack.layers, strict=True):
        cell, h, c = layer[0].cell, *torch.zeros(2, B, H).double()
        assert list(record.gates) == ["i", "f", "g", "o"]
        assert list(record.states) == ["h", "c"]
        outputs = []
        for t, step in enumerate(x):
            i, f, o = (torch.sigmoid(affine(gate, step, h)) for gate in (cell.i, cell.f, cell.o))
            g = torch.tanh(affine(cell.g, step, h))
            c = f * c + i * g
            h = o * torch.tanh(c)
            for name, value in {"i": i, "f": f, "g": g, "o": o}.items():
                torch.testing.assert_close(record.gates[name][t], value)
            torch.testing.assert_close(record.states["h"][t], h)
            torch.testing.assert_close(record.states["c"][t], c)
            outputs.append(h)
        x = torch.stack(outputs)


def test_reset_after_shows_its_candidate_in_parts() -> None:
    model = make("gru-reset-after")
    (record,) = record_gates(model, tokens())
    gates, h = record.gates, record.states["h"]
    assert set(gates) == {"r", "z", "n", "m"}
    assert all(value.shape == (T, B, H) for value in gates.values())
    before = torch.cat([torch.zeros_like(h[:1]), h[:-1]])
    candidate = torch.tanh(gates["n"] + gates["r"] * gates["m"])
    torch.testing.assert_close((1 - gates["z"]) * candidate + gates["z"] * before, h)
    assert 0 < float(gates["r"].min()) < float(gates["r"].max()) < 1
    torch.testing.assert_close(gates["m"][0], model.stack.layers[0][0].cell.m.b.expand(B, -1))


@pytest.mark.parametrize(("cell", "options"), [("gru", {}), ("elman", {}), ("elman", {"activation": "relu"})])
def test_other_cells_states_follow_from_their_gates(cell: str, options: dict[str, Any]) -> None:
    (record,) = record_gates(make(cell, cell_options=options), tokens())
    h, gates = record.states["h"], record.gates
    if cell == "elman":
        torch.testing.assert_close(gates["h"], h)
    else:
        before = torch.cat([torch.zeros_like(h[:1]), h[:-1]])
        torch.testing.assert_close((1 - gates["z"]) * before + gates["z"] * gates["n"], h)
    assert float(h.std()) > 0.05


def test_a_cell_of_ones_own_is_recorded() -> None:
    (record,) = record_gates(make(Leaky), tokens())
    keep, new, raw = record.gates["keep"], record.gates["s"], record.gates["raw"]
    s, wide = record.states["s"], record.states["wide"]
    assert wide.shape == (T, B, 2 * H)
    before = torch.cat([torch.zeros_like(s[:1]), s[:-1]])
    torch.testing.assert_close(keep * before + (1 - keep) * new * torch.cos(raw), s)
    torch.testing.assert_close(wide, torch.cat([s, raw], dim=2))
    assert 0 < float(keep.min()) < float(keep.max()) < 1
    assert float(raw.abs().max()) > 1


def test_narrow_models_are_recorded() -> None:
    model = make()
    (wide,) = record_gates(model.float(), tokens())
    (narrow,) = record_gates(model.bfloat16(), tokens())
    torch.testing.assert_close(narrow.gates["f"].float(), wide.gates["f"], rtol=0, atol=0.1)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(training: bool) -> None:
    model = make(layers=2, dropout=0.5).train(training)
    layers = [module for module in model.modules() if isinstance(module, Recurrent)]
    layers[0].engine = "native"
    before = model.eval()(tokens())[0]
    model.train(training)
    records = record_gates(model, tokens())
    assert [layer.engine for layer in layers] == ["native", "auto"]
    assert all(module.training is training for module in model.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert not any(value.requires_grad for record in records for value in record.gates.values())
    assert layers[0](model.embed(tokens())).states is None
    torch.testing.assert_close(model.eval()(tokens())[0], before)


def test_a_failure_while_recording_leaves_the_model_as_it_was() -> None:
    model = make().train()
    with pytest.raises(IndexError):
        record_gates(model, tokens() + 100)
    assert model.training
    assert model.stack.layers[0][0].engine == "auto"
    assert not any(isinstance(module, nn.Module) and module._forward_hooks for module in model.modules())
