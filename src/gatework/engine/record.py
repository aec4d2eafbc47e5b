"""What ``step`` does, recorded by ``torch.fx`` with every ``Gate`` and ``Drop`` as a leaf."""

from __future__ import annotations

import inspect
import linecache
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, ClassVar

from torch import fx, nn

from gatework.cells import Cell, Drop, Gate

_tracing = threading.Lock()  # torch.fx patches nn.Module while it records, for all threads


class UntraceableError(Exception):
    """The step cannot become a step graph; the message names the operation and its line."""


def record(cell: Cell, *, whole: bool = False) -> fx.Graph:
    """The operations of ``cell.step`` in order.

    Args:
        cell: the recurrence.
        whole: whether its modules are recorded as they are called, not what they compute; gates and drops always are.

    Raises:
        UntraceableError: the step depends on values, or does what torch.fx cannot record.
    """
    kinds = {parameter.kind for parameter in inspect.signature(cell.step).parameters.values()}
    if kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
        raise UntraceableError("step takes its states as *state: write them as named arguments")
    before = set(cell.__dict__)
    with _tracing:
        try:
            graph = _Tracer(type(cell).step.__code__, whole).trace(cell)
        except (fx.proxy.TraceError, TypeError, RuntimeError, AttributeError, ValueError, NotImplementedError) as e:
            cause = str(e).strip().splitlines()[0] if str(e).strip() else type(e).__name__
            raise UntraceableError(f"step depends on values or does what torch.fx cannot record ({cause})") from e
        finally:
            made = set(cell.__dict__) - before
            for name in made:
                delattr(cell, name)
    if made:
        raise UntraceableError("step makes a tensor of its own: make it a parameter, a buffer or a Python number")
    return graph


class _Tracer(fx.Tracer):
    traced_func_name: ClassVar[str] = "step"  # type: ignore[misc]
    proxy_buffer_attributes = True

    def __init__(self, code: CodeType, whole: bool) -> None:
        super().__init__()
        self.code = code
        self.whole = whole
        self.thread = threading.get_ident()

    def create_node(self, *args: Any, **keywords: Any) -> fx.Node:
        """Note the line of ``step`` that made the node."""
        node = super().create_node(*args, **keywords)
        frame: FrameType | None = sys._getframe()
        while frame is not None and frame.f_code is not self.code:
            frame = frame.f_back
        if frame is not None:
            node.meta["line"] = (self.code.co_filename, frame.f_lineno)
        return node

    def call_module(self, m: nn.Module, forward: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record the call of a module, unless another thread made it."""
        if threading.get_ident() != self.thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """Record the reading of a parameter, unless another thread reads it."""
        if threading.get_ident() != self.thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return self.whole or isinstance(m, Gate | Drop)


def operation(node: fx.Node) -> str:
    """The name of what a recorded node does, as PyTorch names it."""
    if node.op == "call_function":
        target = node.target
        return "getattr" if target is getattr else str(getattr(target, "__name__", target))
    return str(node.target)


def line(node: fx.Node) -> str:
    """Where ``step`` did it: `` in line 12 of cells/gru.py (n = ...)``."""
    file, number = node.meta.get("line", ("", 0))
    if not number:
        return ""
    return f", line {number} of {Path(file).name}: {linecache.getline(file, number).strip()}"


def unknown(node: fx.Node) -> UntraceableError:
    """What to raise for an operation that no kernel has."""
    return UntraceableError(f"the operation {operation(node)!r} is not one that kernels know{line(node)}")


def operands(gate_call: fx.Node) -> tuple[Any, Any]:
    """The x and the e of a gate's call, None where it has none."""
    given = dict(zip(("x", "e"), gate_call.args, strict=False)) | gate_call.kwargs
    return given.get("x"), given.get("e")
