"""Cells that are compared have models of as many parameters as a search of all widths would find."""

from __future__ import annotations

import pytest
import torch

from gatework.cells import CELLS, cell_name
from gatework.data import load_corpus
from gatework.errors import InputError
from gatework.settings import CorpusConfig, checked_config
from gatework.studies.comparison.arms import Arm, cell_arms, changed, fitted_size, named_cells
from gatework.tasks import find_task

NAMES = sorted(cell_name(cell) for cell in CELLS.values())


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "my.txt"
    path.write_text("a dog ran to the door, and out. " * 30)
    return load_corpus(CorpusConfig(sources=[str(path)]))


def config(**model):
    return checked_config({"task": "language", "model": {"hidden_size": 13, "embedding_size": 5, **model}})


def count(model_config, corpus):
    with torch.device("meta"):
        model = find_task("language").build(model_config.model, corpus)
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_width_that_comes_nearest(corpus):
    arms = cell_arms(config(layers=2), named_cells(["LSTM", "gru", "janet"]), corpus)
    assert [arm.name for arm in arms] == ["lstm", "gru", "janet"]
    assert arms[0].model == {"cell": "lstm", "hidden_size": 13}
    wanted = count(changed(config(layers=2), arms[0].model, {}), corpus)
    for arm in arms[1:]:
        counts = {
            size: count(changed(config(layers=2), {"cell": arm.name, "hidden_size": size}, {}), corpus)
            for size in range(1, 40)
        }
        assert arm.model["hidden_size"] == min(counts, key=lambda size: abs(counts[size] - wanted))


@pytest.mark.parametrize("name", NAMES[::9])
def test_published_cells_can_be_compared(corpus, name):
    size = fitted_size(config(), name, 6000, corpus)
    near = [count(changed(config(), {"cell": name, "hidden_size": one}, {}), corpus) for one in (size, size + 1)]
    assert abs(near[0] - 6000) <= abs(near[1] - 6000)
    assert near[1] > 6000 or near[0] == 6000


def test_changes_replace_settings_of_their_section():
    found = changed(config(layers=2), {"cell": "gru"}, {"learning_rate": 0.25})
    assert (found.model.cell, found.model.layers, found.model.hidden_size) == ("gru", 2, 13)
    assert found.training.learning_rate == 0.25


def test_what_an_arm_changes_is_flat():
    assert Arm("a", {"cell": "gru"}, {"momentum": 0.5}).settings() == {"cell": "gru", "momentum": 0.5}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([], "no cell is named"),
        (["gru"], "only gru is named: nothing can be compared: name two"),
        (["gru", "lstm", "GRU"], "gru is named twice"),
        (["gru", "lstn"], "there is no cell 'lstn': Did you mean 'lstm'"),
    ],
)
def test_cells_that_cannot_be_compared(words, error):
    with pytest.raises(InputError, match=f"(?i){error}"):
        named_cells(words)


def test_options_that_a_cell_does_not_have(corpus):
    with pytest.raises(InputError, match="elman cannot be compared: cell elman has no option 'forget_bias'"):
        cell_arms(config(cell_options={"forget_bias": 1.0}), named_cells(["lstm", "elman"]), corpus)


def test_one_width_for_all(corpus):
    tied = config(tied=True, embedding_size=13)
    with pytest.raises(InputError, match=r"elman cannot be compared: tied weights .* leave out what allows few"):
        cell_arms(tied, named_cells(["lstm", "elman"]), corpus)
