"""The options of all cells: each either does what it says, compiled as in the loop, or is refused by name.

One kernel has blocks, norms, other functions and no biases; another has diagonals and all noise. What changes no kernel
(initialisers, dropped weights) and what one kind of gate is beside another is checked in the loop.
"""

from __future__ import annotations

import pytest
import torch
from comparing import compare
from holding import randomized

from gatework.cells import CELLS
from gatework.engine import checked_call, run
from gatework.engine import compiled as compiled_engine
from gatework.layers import Recurrent
from gatework.settings import Regularizers

B, T, I, H, HEADS = 2, 5, 3, 6, 2
pytestmark = pytest.mark.usefixtures("exact")

# what their equations fix
DIAGONAL = {"BRC", "IndRNN", "UnICORNN"}
DENSE = {"AntisymmetricRNN", "GatedAntisymmetricRNN"}
WITHOUT_PRODUCT = {"MinGRU", "MinLSTM", "RGLRU", "SRU", "TRNN"}
OF_THE_INPUT_BEFORE = {"QRNN"}
# all their products map between widths: of these sizes none can be a diagonal, and heads must divide both
BETWEEN_WIDTHS = {"LSTMP", "TGRU", "TLSTM"}
WITHOUT_CANDIDATE = {"CoRNN", "Elman", "IRNN", "IndRNN", "Jordan", "LRU", "SCRN", "SGRN", "UnICORNN"}
WITHOUT_SIGMA = {
    "AntisymmetricRNN",
    "CoRNN",
    "Elman",
    "FastRNN",
    "IRNN",
    "IndRNN",
    "Jordan",
    "LRU",
    "MiRU2",
    "UnICORNN",
}
WITHOUT_PHI = {"ATR", "LRU", "RGLRU", "SCRN", "TRNN"}
DRAWN_OTHERWISE = {("IndRNN", "h"), ("UnICORNN", "z"), ("LRU", "h"), ("LRU", "m")}
LOOP_ONLY = {"BatchNormLSTM", "TauGRU"}

FIXED = {
    **dict.fromkeys(DIAGONAL, ("dense", "block")),
    **dict.fromkeys(DENSE, ("diagonal", "block")),
    **dict.fromkeys(WITHOUT_PRODUCT | OF_THE_INPUT_BEFORE, ("dense", "diagonal", "block")),
}
every_cell = pytest.mark.parametrize("name", CELLS)


def accepts(name: str, recurrence: str) -> bool:
    between = recurrence == "diagonal" and name in BETWEEN_WIDTHS
    return recurrence not in FIXED.get(name, ()) and not between


def made(name: str, **options):
    """A cell of sizes that two heads divide, with random weights, as in evaluation."""
    return randomized(CELLS[name](4 if name in BETWEEN_WIDTHS else I, H, **options)).eval()


def holds_compiled(cell, noise=""):
    name = type(cell).__name__
    if name in LOOP_ONLY:
        assert compiled_engine.refuses(checked_call(cell, torch.zeros(T, B, cell.input_size)))
    else:
        compare(cell, time=T, batch=B, noise=noise)


@every_cell
def test_blocks_norms_and_other_functions_compile(name):
    options = {"bias": False, "layer_norm": True, "activation": "softplus", "gate_activation": "hard_sigmoid"}
    if accepts(name, "block"):
        options |= {"recurrence": "block", "heads": HEADS}
    holds_compiled(made(name, **options))


@every_cell
def test_diagonals_and_noise_compile(name):
    noise = "z" if name in WITHOUT_PRODUCT else "rz"
    cell = made(name, **({"recurrence": "diagonal"} if accepts(name, "diagonal") else {}))
    holds_compiled(cell, noise if name in WITHOUT_CANDIDATE else f"{noise}c")


@every_cell
@pytest.mark.parametrize("recurrence", ["dense", "diagonal", "block"])
def test_a_recurrence_is_taken_or_refused_by_name(name, recurrence):
    options = {"recurrence": recurrence, "heads": HEADS if recurrence == "block" else 1}
    if accepts(name, recurrence):
        assert recurrence in {gate.recurrence for _, gate in made(name, **options).gates()}
        return
    message = "a diagonal recurrence maps a state of" if name in BETWEEN_WIDTHS else "recurrence is"
    with pytest.raises(ValueError, match=f"^{message} "):
        made(name, **options)


@pytest.mark.parametrize(
    ("name", "recurrence"),
    [(name, kind) for name in CELLS if accepts(name, "dense") for kind in ("diagonal", "block") if accepts(name, kind)],
)
def test_other_recurrences_are_dense_ones_with_zeros(name, recurrence):
    narrow = made(name, recurrence=recurrence, heads=HEADS if recurrence == "block" else 1)
    dense, weights = made(name), dict(narrow.state_dict())
    for path, gate in narrow.gates():
        if gate.recurrence == "diagonal":
            weights[f"{path}.U"] = torch.diag(gate.U)
        elif gate.recurrence == "block":
            weights[f"{path}.U"] = torch.block_diag(*gate.U)
    dense.load_state_dict(weights)
    x = torch.randn(T, B, narrow.input_size)
    theirs, ours = (run(cell, x, engine="loop") for cell in (dense, narrow))
    torch.testing.assert_close(ours.outputs, theirs.outputs, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(tuple(ours.state), tuple(theirs.state), rtol=1e-12, atol=1e-12)


@every_cell
@pytest.mark.parametrize(
    ("option", "without"), [("activation", WITHOUT_PHI), ("gate_activation", WITHOUT_SIGMA), ("layer_norm", set())]
)
def test_functions_and_norms_change_the_numbers(name, option, without):
    plain = made(name)
    other = made(name, **{option: True if option == "layer_norm" else "softplus"})
    other.load_state_dict(plain.state_dict(), strict=option != "layer_norm")
    x = torch.randn(T, B, plain.input_size)
    assert torch.equal(run(plain, x, engine="loop").outputs, run(other, x, engine="loop").outputs) == (name in without)


@every_cell
def test_initialisers_reach_the_gates(name):
    for init in ("glorot", "identity"):
        for path, gate in CELLS[name](4, H, init=init).gates():
            if (name, path) in DRAWN_OTHERWISE:
                continue
            if gate.recurrence == "dense" and gate.state_size == gate.hidden_size:
                expected = gate.U if init == "identity" else gate.U @ gate.U.T
                torch.testing.assert_close(expected, torch.eye(H), msg=lambda text, path=path: f"{path}: {text}")
            elif gate.recurrence == "diagonal":
                assert (gate.U.abs() == 1).all(), path
            if gate.b is not None and gate.start is None:
                assert not gate.b.any(), path


REFUSED = {
    "recurrent_dropout": (WITHOUT_PRODUCT, "has no recurrent weights that could be dropped"),
    "weight_dropout": (WITHOUT_PRODUCT, "has no recurrent weights that could be dropped"),
    "candidate": (WITHOUT_CANDIDATE, "has no candidate that recurrent dropout could act on"),
    "weight_noise": (set(), ""),
    "zoneout": (set(), ""),
}


@every_cell
@pytest.mark.parametrize("kind", REFUSED)
def test_regularizers_act_or_are_refused(name, kind):
    on_candidate = {"recurrent_dropout": 0.5, "recurrent_dropout_on": "candidate"}
    regularizers = Regularizers(**(on_candidate if kind == "candidate" else {kind: 0.5}))
    refused, message = REFUSED[kind]
    if name in refused:
        with pytest.raises(ValueError, match=f"^{name} {message}$"):
            Recurrent(made(name), regularizers=regularizers)
        return
    layer = Recurrent(made(name).train(), regularizers=regularizers, engine="loop").train()
    x = torch.randn(T, 11, layer.cell.input_size)
    first, second = layer(x).outputs, layer(x).outputs
    assert not torch.equal(first, second)
