"""Published cells as expressions: where a search begins, and the arms of Jozefowicz et al. 2015."""

from __future__ import annotations

from gatework.studies.published.jozefowicz_2015.expression_tree import Definitions, Tree

USUAL = ["affine", "h_old"]
"""W x + U h_old + b, what most gates see."""


def gate(tree: Tree = None) -> Tree:
    """The logistic function of W x + U e + b, e the old h unless said."""
    return ["sigmoid", USUAL if tree is None else tree]


def blend(gate: str, new: str) -> Tree:
    """(1 - gate) h_old + gate new."""
    return ["add", ["mul", ["sub", "one", gate], "h_old"], ["mul", gate, new]]


def lstm(*, without: str = "", forget_bias: bool = False) -> Definitions:
    """Long short-term memory without peepholes, without one of its gates i, f, o.

    Args:
        without: the gate that is 1.
        forget_bias: 1 is added within the forget gate, as if its b started 1 higher.
    """
    openings = {name: "one" if name == without else name for name in "ifo"}
    forget = gate(["add", USUAL, "one"]) if forget_bias else gate()
    trees = {"i": gate(), "f": forget, "o": gate()}
    gates = [(name, tree) for name, tree in trees.items() if name != without]
    memory = ["add", ["mul", openings["f"], "c_old"], ["mul", openings["i"], "g"]]
    return [*gates, ("g", ["tanh", USUAL]), ("c", memory), ("h", ["mul", openings["o"], ["tanh", "c"]])]


def gru(*, update: Tree = None, reset: Tree = None, candidate: Tree = None) -> Definitions:
    """The gated recurrent unit, reset before the product, with other maps in its parts where they are given."""
    new = ["affine", ["mul", "r", "h_old"]] if candidate is None else candidate
    return [("z", gate(update)), ("r", gate(reset)), ("n", ["tanh", new]), ("h", blend("z", "n"))]


KNOWN: dict[str, Definitions] = {
    "tanh": [("h", ["tanh", USUAL])],
    "LSTM": lstm(),
    "LSTM-f": lstm(without="f"),
    "LSTM-i": lstm(without="i"),
    "LSTM-o": lstm(without="o"),
    "LSTM-b": lstm(forget_bias=True),
    "GRU": gru(),
    "MUT1": gru(update=["input"], candidate=["add", ["recurrent", ["mul", "r", "h_old"]], ["tanh", ["input"]]]),
    "MUT2": gru(reset=["add", ["input"], ["recurrent", "h_old"]]),
    "MUT3": gru(update=["affine", ["tanh", "h_old"]]),
}
"""Name in the paper -> definitions. Where the paper has the bare x, W x + b is in its place: sizes differ here."""
