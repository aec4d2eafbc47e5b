"""What the gates and states of a cell do, step by step, for any cell and without its help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gatework.layers import Recurrent
from gatework.models.language import LanguageModel

_ACTIVATIONS = (torch.sigmoid, torch.tanh, torch.relu, Tensor.sigmoid, Tensor.tanh, Tensor.relu)


@dataclass
class Record:
    """What one layer did.

    Attributes:
        gates: name -> (time, batch, hidden), the gate after its activation function where the cell applies
            one directly to it, else the pre-activation.
        states: name -> (time, batch, size), after each step.
    """

    gates: dict[str, Tensor] = field(default_factory=dict)
    states: dict[str, Tensor] = field(default_factory=dict)


@torch.no_grad()
def record_gates(model: LanguageModel, tokens: Tensor) -> list[Record]:
    """Run a model on tokens (time, batch) and record every layer; the reference engine does the work."""
    layers = [layer for layer in model.modules() if isinstance(layer, Recurrent)]
    results: dict[Recurrent, Any] = {}
    hooks = [
        layer.register_forward_hook(lambda layer, inputs, result: results.__setitem__(layer, result))
        for layer in layers
    ]
    training = model.training
    model.eval()
    try:
        with watched(layers) as watch, _every_state(layers):
            model(tokens)
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    return [
        Record(
            gates={name: torch.stack(watch.seen[gate]) for name, gate in layer.cell.gates() if gate in watch.seen},
            states=dict(zip(layer.cell.states, results[layer].states, strict=True)),
        )
        for layer in layers
    ]


class Watch(TorchFunctionMode):
    """Sees the activation functions that are applied to the results of gates.

    Attributes:
        seen: gate -> its values, one a call.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[nn.Module, list[Tensor]] = {}
        self._last: dict[int, tuple[nn.Module, Tensor]] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in _ACTIVATIONS and args and id(args[0]) in self._last:
            gate, _ = self._last.pop(id(args[0]))
            self.seen[gate][-1] = result
        return result

    def of(self, gate: nn.Module) -> Callable[[nn.Module, Any, Tensor], None]:
        """Forward hook of a gate or what stands in for it: keeps its result until an activation function takes it."""

        def called(module: nn.Module, inputs: Any, value: Tensor) -> None:
            self.seen.setdefault(gate, []).append(value)
            self._last = {key: entry for key, entry in self._last.items() if entry[0] is not gate}
            self._last[id(value)] = (gate, value)

        return called


@contextmanager
def watched(layers: list[Recurrent]) -> Iterator[Watch]:
    """Watch all gates of some layers."""
    watch = Watch()
    gates = [gate for layer in layers for _, gate in layer.cell.gates()]
    hooks = [gate.register_forward_hook(watch.of(gate)) for gate in gates]
    try:
        with watch:
            yield watch
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _every_state(layers: list[Recurrent]) -> Iterator[None]:
    """Let the layers run in the loop and give all states, whatever they are asked for."""

    def ask(layer: Recurrent, inputs: Any, keywords: dict[str, Any]) -> Any:
        return inputs, {**keywords, "every_state": True}

    hooks = [layer.register_forward_pre_hook(ask, with_kwargs=True) for layer in layers]
    engines = [layer.engine for layer in layers]
    for layer in layers:
        layer.engine = "loop"
    try:
        yield
    finally:
        for hook, layer, engine in zip(hooks, layers, engines, strict=True):
            hook.remove()
            layer.engine = engine
