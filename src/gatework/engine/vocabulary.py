"""The operations a cell may use, each written in the few that kernels compute.

One method a word, named as PyTorch names it; its signature is the part of PyTorch's that is understood.
Everything is built from: add sub mul div neg, where and comparisons, exp expm1 log log1p sqrt sigmoid
tanh sin cos erf, row_sum row_max, detach. Only these need a derivative and a line of C.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gatework.engine.graph import Graph

Word = Callable[..., int]


class Operand(NamedTuple):
    """A node among the arguments of a word, told from a plain number."""

    node: int


class Vocabulary:
    """Words applied to the nodes of one graph.

    Args:
        graph: the graph that grows.
        widened: (leaf, width) -> the same leaf of one unit with that unit repeated, or None if it cannot be.

    Raises:
        TypeError, ValueError: a word is used in a form that is not understood.
    """

    def __init__(self, graph: Graph, widened: Callable[[int, int], int | None]) -> None:
        self.graph = graph
        self._widened = widened

    def node(self, value: Any) -> int:
        """The node of an operand or number, truths turned into 0 and 1."""
        if isinstance(value, Operand):
            return self._number(value.node) if self.graph.nodes[value.node].mask else value.node
        if isinstance(value, bool | int | float):
            return self.graph.constant(value)
        raise TypeError(f"a {type(value).__name__} is no tensor and no number")

    def _number(self, mask: int) -> int:
        return self.graph.add("where", mask, self.graph.constant(1), self.graph.constant(0))

    def apply(self, op: str, *values: Any) -> Operand:
        """One basic operation."""
        return Operand(self.graph.add(op, *self.fitted(map(self.node, values))))

    def fitted(self, nodes: Iterable[int]) -> list[int]:
        """Nodes of equal width, those of one unit spread over the others'."""
        nodes = list(nodes)
        widest = max(self.graph.nodes[node].width for node in nodes)
        return [self.spread(node, widest) for node in nodes]

    def spread(self, node: int, width: int) -> int:
        """A node as one of that width: it has that width, or one value a row, or one unit."""
        own = self.graph.nodes[node].width
        if own in (0, width):
            return node
        widened = self._widened(node, width) if own == 1 else None
        if widened is not None:
            return widened
        if own != 1 or self.graph.nodes[node].mask:
            raise ValueError(f"{own} units where there should be {width}")
        return self.graph.add("row_sum", node)

    def width(self, x: Any) -> int:
        """The number of units of an operand."""
        return self.graph.nodes[self.node(x)].width

    def choose(self, mask: Any, there: Any, elsewhere: Any) -> Operand:
        """``where`` on a mask."""
        if not (isinstance(mask, Operand) and self.graph.nodes[mask.node].mask):
            raise TypeError("where needs a comparison as its condition")
        return Operand(self.graph.add("where", *self.fitted((mask.node, self.node(there), self.node(elsewhere)))))

    def is_last(self, dim: Any) -> None:
        """Accept only the unit axis."""
        dims = dim if isinstance(dim, list | tuple) else (dim,)
        if list(dims) not in ([-1], [1]):
            raise ValueError(f"only over the last axis, not dim={dim!r}")

    def row(self, op: str, x: Any, dim: Any, keepdim: bool) -> Operand:
        """A reduction over the units."""
        self.is_last(dim)
        if not keepdim:
            raise ValueError("only with keepdim=True")
        node = self.node(x)
        if not self.graph.nodes[node].width:
            raise ValueError("of what is already one value a row")
        return Operand(self.graph.add(op, node))


def _add(v: Vocabulary, a: Any, b: Any, *, alpha: float = 1) -> Operand:
    return v.apply("add", a, v.apply("mul", b, alpha))


def _sub(v: Vocabulary, a: Any, b: Any, *, alpha: float = 1) -> Operand:
    return v.apply("sub", a, v.apply("mul", b, alpha))


def _rsub(v: Vocabulary, a: Any, b: Any, *, alpha: float = 1) -> Operand:
    return _sub(v, b, a, alpha=alpha)


def _pow(v: Vocabulary, x: Any, exponent: Any) -> Operand:
    if isinstance(x, int | float) and x > 0:
        return v.apply("exp", v.apply("mul", exponent, math.log(x)))
    if isinstance(exponent, Operand):
        number = v.graph.number(exponent.node)
        if number is None:
            raise TypeError("only a number as exponent")
        exponent = number
    if exponent in (0.5, -0.5):
        root = v.apply("sqrt", x)
        return root if exponent > 0 else v.apply("div", 1.0, root)
    if exponent != int(exponent):
        return v.apply("exp", v.apply("mul", v.apply("log", x), exponent))
    if exponent < 0:
        return v.apply("div", 1.0, _pow(v, x, -exponent))
    result, square, left = Operand(v.graph.constant(1)), x, int(exponent)
    while left:
        if left & 1:
            result = v.apply("mul", result, square)
        left >>= 1
        square = v.apply("mul", square, square) if left else square
    return result


def _maximum(v: Vocabulary, a: Any, b: Any) -> Operand:
    """NaN where either is one, and half the gradient to each where they are equal, as torch does."""
    return v.choose(_less(v, a, b), b, v.choose(_less(v, b, a), a, _mean_of(v, a, b)))


def _minimum(v: Vocabulary, a: Any, b: Any) -> Operand:
    return v.choose(_less(v, a, b), a, v.choose(_less(v, b, a), b, _mean_of(v, a, b)))


def _mean_of(v: Vocabulary, a: Any, b: Any) -> Operand:
    return v.apply("add", v.apply("mul", a, 0.5), v.apply("mul", b, 0.5))


def _clamp(v: Vocabulary, x: Any, min: Any = None, max: Any = None) -> Operand:
    if max is not None:
        x = v.choose(_less(v, max, x), max, x)
    return x if min is None else v.choose(_less(v, x, min), min, x)


def _relu(v: Vocabulary, x: Any, inplace: bool = False) -> Operand:
    return v.choose(v.apply("less_equal", x, 0.0), 0.0, x)


def _leaky_relu(v: Vocabulary, x: Any, negative_slope: float = 0.01, inplace: bool = False) -> Operand:
    return v.choose(v.apply("less", 0.0, x), x, v.apply("mul", x, negative_slope))


def _elu(v: Vocabulary, x: Any, alpha: float = 1.0, inplace: bool = False) -> Operand:
    positive = v.apply("less", 0.0, x)
    below = v.apply("expm1", v.choose(positive, 0.0, x))  # guarded: 0 * inf would be NaN in the gradient
    return v.choose(positive, x, v.apply("mul", below, alpha))


def _softplus(v: Vocabulary, x: Any, beta: float = 1, threshold: float = 20) -> Operand:
    scaled = v.apply("mul", x, beta)
    linear = v.apply("less", threshold, scaled)
    soft = v.apply("log1p", v.apply("exp", v.choose(linear, 0.0, scaled)))
    return v.choose(linear, x, v.apply("div", soft, beta))


def _logsigmoid(v: Vocabulary, x: Any) -> Operand:
    return v.apply("neg", _softplus(v, v.apply("neg", x), threshold=40))


def _silu(v: Vocabulary, x: Any, inplace: bool = False) -> Operand:
    return v.apply("mul", x, v.apply("sigmoid", x))


def _gelu(v: Vocabulary, x: Any, approximate: str = "none") -> Operand:
    if approximate == "tanh":
        cubic = v.apply("mul", v.apply("mul", v.apply("mul", x, x), x), 0.044715)
        inner = v.apply("tanh", v.apply("mul", v.apply("add", x, cubic), math.sqrt(2 / math.pi)))
    else:
        inner = v.apply("erf", v.apply("mul", x, math.sqrt(0.5)))
    return v.apply("mul", v.apply("mul", x, 0.5), v.apply("add", inner, 1.0))


def _hardsigmoid(v: Vocabulary, x: Any, inplace: bool = False) -> Operand:
    inside = v.apply("add", v.apply("div", x, 6.0), 0.5)
    above = v.choose(v.apply("less_equal", 3.0, x), 1.0, inside)
    return v.choose(v.apply("less_equal", x, -3.0), 0.0, above)


def _hardtanh(v: Vocabulary, x: Any, min_val: float = -1, max_val: float = 1, inplace: bool = False) -> Operand:
    above = v.choose(v.apply("less_equal", max_val, x), max_val, x)
    return v.choose(v.apply("less_equal", x, min_val), min_val, above)


def _abs(v: Vocabulary, x: Any) -> Operand:
    negative = v.choose(v.apply("less", x, 0.0), v.apply("neg", x), v.apply("mul", x, 0.0))
    return v.choose(v.apply("less", 0.0, x), x, negative)  # 0 * x: no gradient at 0, NaN for NaN


def _sum(v: Vocabulary, x: Any, dim: Any = None, keepdim: bool = False) -> Operand:
    return v.row("row_sum", x, dim, keepdim)


def _mean(v: Vocabulary, x: Any, dim: Any = None, keepdim: bool = False) -> Operand:
    total = v.row("row_sum", x, dim, keepdim)
    return v.apply("mul", total, 1 / v.width(x))


def _amax(v: Vocabulary, x: Any, dim: Any = None, keepdim: bool = False) -> Operand:
    return v.row("row_max", x, dim, keepdim)


def _var(v: Vocabulary, x: Any, dim: Any = None, *, unbiased: bool | None = None, correction: int | None = None,
         keepdim: bool = False) -> Operand:  # fmt: skip
    free = 1 if unbiased is None and correction is None else int(unbiased or 0) + int(correction or 0)
    centred = v.apply("sub", x, _mean(v, x, dim, keepdim))
    if v.width(x) <= free:
        raise ValueError("a variance of one unit")
    return v.apply("div", _sum(v, v.apply("mul", centred, centred), dim, keepdim), v.width(x) - free)


def _softmax(v: Vocabulary, x: Any, dim: Any = None, **ignored: Any) -> Operand:
    if any(value is not None and name == "dtype" for name, value in ignored.items()):
        raise ValueError("only without dtype")
    largest = v.apply("detach", v.row("row_max", x, dim, True))  # its gradient cancels
    raised = v.apply("exp", v.apply("sub", x, largest))
    return v.apply("div", raised, v.row("row_sum", raised, dim, True))


def _layer_norm(v: Vocabulary, x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None,
                eps: float = 1e-5) -> Operand:  # fmt: skip
    if list(normalized_shape) != [v.width(x)]:
        raise ValueError(f"only over all units, not {tuple(normalized_shape)}")
    centred = v.apply("sub", x, _mean(v, x, -1, True))
    variance = _mean(v, v.apply("mul", centred, centred), -1, True)
    scale = v.apply("div", 1.0, v.apply("sqrt", v.apply("add", variance, eps)))  # once a row
    normal = v.apply("mul", centred, scale)
    scaled = normal if weight is None else v.apply("mul", normal, weight)
    return scaled if bias is None else v.apply("add", scaled, bias)


def _less(v: Vocabulary, a: Any, b: Any) -> Operand:
    return v.apply("less", a, b)


def _where(v: Vocabulary, condition: Any, there: Any, elsewhere: Any) -> Operand:
    return v.choose(condition, there, elsewhere)


def _logic(op: str) -> Word:
    def word(v: Vocabulary, *masks: Any) -> Operand:
        if not all(isinstance(mask, Operand) and v.graph.nodes[mask.node].mask for mask in masks):
            raise TypeError("only of comparisons")
        return Operand(v.graph.add(op, *v.fitted(mask.node for mask in masks)))

    return _as_word(word)


def _basic(op: str) -> Word:
    def word(v: Vocabulary, *values: Any) -> Operand:
        return v.apply(op, *values)

    return _as_word(word)


def _as_word(function: Callable[..., Operand]) -> Word:
    """A word whose result is the bare node."""

    def word(v: Vocabulary, *args: Any, **keywords: Any) -> int:
        result = function(v, *args, **keywords)
        return result.node if isinstance(result, Operand) else v.node(result)

    return word


def _filled(number: float) -> Word:
    def word(v: Vocabulary, like: Any) -> Operand:
        return Operand(v.graph.constant(number))

    return _as_word(word)


def _same(v: Vocabulary, x: Any) -> Operand:
    return Operand(v.node(x))


def _opposite(compare: str, *, swapped: bool = False) -> Word:
    """Greater from less, and so on; not_equal is the opposite of equal, so that it holds for NaN."""

    def word(v: Vocabulary, a: Any, b: Any) -> Operand:
        return v.apply(compare, b, a) if swapped else v.apply(compare, a, b)

    return _as_word(word)


def _not_equal(v: Vocabulary, a: Any, b: Any) -> Operand:
    return Operand(v.graph.add("opposite", v.apply("equal", a, b).node))


_NAMED: dict[str, tuple[Callable[..., Operand], str]] = {
    "add": (_add, "add iadd"),
    "sub": (_sub, "sub subtract isub"),
    "rsub": (_rsub, "rsub"),
    "pow": (_pow, "pow"),
    "maximum": (_maximum, "maximum"),
    "minimum": (_minimum, "minimum"),
    "clamp": (_clamp, "clamp clip"),
    "relu": (_relu, "relu"),
    "leaky_relu": (_leaky_relu, "leaky_relu"),
    "elu": (_elu, "elu"),
    "softplus": (_softplus, "softplus"),
    "logsigmoid": (_logsigmoid, "logsigmoid log_sigmoid"),
    "silu": (_silu, "silu"),
    "gelu": (_gelu, "gelu"),
    "hardsigmoid": (_hardsigmoid, "hardsigmoid"),
    "hardtanh": (_hardtanh, "hardtanh"),
    "abs": (_abs, "abs absolute"),
    "sum": (_sum, "sum"),
    "mean": (_mean, "mean"),
    "amax": (_amax, "amax"),
    "var": (_var, "var"),
    "softmax": (_softmax, "softmax"),
    "layer_norm": (_layer_norm, "layer_norm"),
    "where": (_where, "where"),
    "ne": (_not_equal, "ne not_equal"),
    "same": (_same, "clone contiguous"),
}

WORDS: dict[str, Word] = {name: _as_word(function) for function, names in _NAMED.values() for name in names.split()} | {
    "mul": _basic("mul"),
    "multiply": _basic("mul"),
    "truediv": _basic("div"),
    "div": _basic("div"),
    "divide": _basic("div"),
    "neg": _basic("neg"),
    "negative": _basic("neg"),
    "sigmoid": _basic("sigmoid"),
    "expit": _basic("sigmoid"),
    "tanh": _basic("tanh"),
    "exp": _basic("exp"),
    "expm1": _basic("expm1"),
    "log": _basic("log"),
    "log1p": _basic("log1p"),
    "sqrt": _basic("sqrt"),
    "rsqrt": _as_word(lambda v, x: v.apply("div", 1.0, v.apply("sqrt", x))),
    "reciprocal": _as_word(lambda v, x: v.apply("div", 1.0, x)),
    "square": _as_word(lambda v, x: v.apply("mul", x, x)),
    "sin": _basic("sin"),
    "cos": _basic("cos"),
    "erf": _basic("erf"),
    "detach": _basic("detach"),
    "lt": _opposite("less"),
    "le": _opposite("less_equal"),
    "eq": _opposite("equal"),
    "gt": _opposite("less", swapped=True),
    "ge": _opposite("less_equal", swapped=True),
    "logical_and": _logic("both"),
    "and_": _logic("both"),
    "logical_or": _logic("either"),
    "or_": _logic("either"),
    "logical_not": _logic("opposite"),
    "invert": _logic("opposite"),
    "zeros_like": _filled(0.0),
    "ones_like": _filled(1.0),
}
"""Every word that ``step`` may use on states, by the name of PyTorch's function, method or operator."""

ROW_WORDS = frozenset(("sum", "mean", "amax", "var", "softmax", "layer_norm"))
"""Those that see a whole row, not one unit."""
