"""Published cells as expressions equal the cells of the library; mutations keep a cell a cell."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from gatework.cells import GRU, LSTM, MUT3, Elman, GreffLSTM
from gatework.engine.trace import UntraceableError, trace
from gatework.layers import Recurrent
from gatework.studies.published.jozefowicz_2015.expression_tree import (
    TreeCell,
    check_definitions,
    nodes,
    parts,
    replaced,
    text_of,
)
from gatework.studies.published.jozefowicz_2015.known_trees import KNOWN
from gatework.studies.published.jozefowicz_2015.mutations import LARGEST, MUTATIONS, mutate, pruned, remembers, size_of
from gatework.testing import check_cell

TWINS = {
    "tanh": (Elman, {}, "h"),
    "LSTM": (LSTM, {"forget_bias": 0.0}, "ifog"),
    "LSTM-b": (LSTM, {"forget_bias": 1.0}, "ifog"),
    "LSTM-i": (GreffLSTM, {"variant": "NIG"}, "foz"),
    "LSTM-f": (GreffLSTM, {"variant": "NFG"}, "ioz"),
    "LSTM-o": (GreffLSTM, {"variant": "NOG"}, "ifz"),
    "GRU": (GRU, {}, "zrn"),
    "MUT3": (MUT3, {}, "zrn"),
}


@pytest.mark.parametrize("name", TWINS)
def test_it_equals_the_published_cell(name):
    kind, options, gates = TWINS[name]
    torch.manual_seed(11)
    cell, tree = kind(3, 7, **options).double(), TreeCell(3, 7, definitions=KNOWN[name]).double()
    for place, gate in enumerate(gates):
        tree.maps[place].load_state_dict(getattr(cell, gate).state_dict())
    if name == "LSTM-b":
        nn.init.constant_(tree.maps[1].b, 0.0)  # the expression adds its 1 outside
    for peephole in ("p_i", "p_f", "p_o"):
        for parameter in getattr(cell, peephole, nn.Module()).parameters():
            nn.init.zeros_(parameter)
    x = torch.randn(5, 2, 3, dtype=torch.double)
    wanted = Recurrent(cell, engine="loop")(x).outputs
    for engine in ("loop", "compiled"):
        torch.testing.assert_close(Recurrent(tree, engine=engine)(x).outputs, wanted)


@pytest.mark.parametrize("name", ["MUT1", "MUT2"])
def test_mut_with_a_map_of_the_input_is_the_papers_equation(name):
    torch.manual_seed(5)
    cell = TreeCell(3, 7, definitions=KNOWN[name])
    x, h = torch.randn(2, 3), torch.randn(2, 7)
    if name == "MUT1":
        update, reset, candidate, direct = cell.maps
        z, r = torch.sigmoid(update(x)), torch.sigmoid(reset(x, h))
        n = torch.tanh(candidate(e=r * h) + torch.tanh(direct(x)))
    else:
        update, direct, reset, candidate = cell.maps
        z, r = torch.sigmoid(update(x, h)), torch.sigmoid(direct(x) + reset(e=h))
        n = torch.tanh(candidate(x, r * h))
    found, memory = cell.step(x, h, h + 1)
    torch.testing.assert_close(found, z * n + (1 - z) * h)
    assert torch.equal(memory, h + 1)


def test_formulas():
    tree = ["mul", ["sub", "one", "z"], ["tanh", ["affine", ["damped", "h_old"]]]]
    assert text_of(tree) == "((1 - z) * tanh([W x + U 0.9 h_old + b]))"
    assert replaced(tree, (2, 1), "z") == ["mul", ["sub", "one", "z"], ["tanh", "z"]]
    assert [path for path, _ in nodes(tree)] == [(), (1,), (1, 1), (1, 2), (2,), (2, 1), (2, 1, 1), (2, 1, 1, 1)]


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ([("h", ["tanh", "z"])], "before it is defined"),
        ([("h", ["tanh", "one", "one"])], "2 parts"),
        ([("h", ["cube", "one"])], "no operation"),
        ([("c", "one")], "output h"),
        ([("h", "one"), ("h", "one")], "twice"),
    ],
)
def test_what_is_no_cell_is_refused(definitions, message):
    with pytest.raises(ValueError, match=message):
        check_definitions(definitions)


def test_every_mutation_does_what_its_name_says():
    random = np.random.default_rng(3)
    tree = ["add", ["tanh", ["affine", "h_old"]], "one"]
    names = ["h_old", "c_old", "one"]
    made = {name: [mutation(tree, names, random) for _ in range(30)] for name, mutation in MUTATIONS.items()}
    assert {new[0] for new in made["swap_operator"]} == {"sub", "mul"}
    assert all(new[1] == tree and len(new) == 2 for new in made["insert_activation"] + made["insert_map"])
    assert all(new[1] == tree and new[2] in names for new in made["insert_operator"])
    assert {json.dumps(new) for new in made["remove_node"]} == {json.dumps(part) for part in parts(tree)}
    assert len({json.dumps(new) for new in made["replace_by_descendant"]}) == 4
    assert made["replace_activation"] == made["replace_by_known"] == [None] * 30
    assert "tanh" not in {MUTATIONS["replace_activation"](tree[1], names, random)[0] for _ in range(30)}
    assert {MUTATIONS["replace_by_known"]("one", names, random) for _ in range(30)} == {"h_old", "c_old"}


def test_chains_of_mutations_stay_cells():
    random = np.random.default_rng(1)
    traced = 0
    for start in ("GRU", "LSTM-b"):
        definitions = KNOWN[start]
        for _ in range(60):
            changed = mutate(definitions, random)
            assert changed != definitions
            definitions = changed
            check_definitions(definitions)
            assert size_of(definitions) <= LARGEST
            try:
                trace(TreeCell(3, 7, definitions=definitions))
                traced += 1
            except UntraceableError:
                pass
    assert traced > 80


def test_mutations_do_something():
    random = np.random.default_rng(5)
    changed = [mutate(KNOWN["GRU"], random) for _ in range(200)]
    assert not any("c_old" in json.dumps(definitions) for definitions in changed)
    assert any("c_old" in json.dumps(mutate([("r", "one"), *KNOWN["LSTM"]], random)[0]) for _ in range(200))
    assert "identity" not in {MUTATIONS["insert_activation"]("one", [], random)[0] for _ in range(90)}


def test_a_cell_must_see_its_input_and_its_past():
    assert all(remembers(definitions) for definitions in KNOWN.values())
    assert not remembers([("h", ["tanh", ["input"]])])
    assert not remembers([("h", ["recurrent", "h_old"])])
    assert not remembers([("c", ["affine", "h_old"]), ("h", ["tanh", ["input"]])])
    assert [name for name, _ in pruned([("z", "one"), ("r", "h_old"), ("h", ["affine", "r"])])] == ["r", "h"]


@pytest.mark.parametrize("name", ["LSTM-b"])
def test_the_laws_of_all_cells_hold(name):
    check_cell(TreeCell(3, 7, definitions=KNOWN[name]))
