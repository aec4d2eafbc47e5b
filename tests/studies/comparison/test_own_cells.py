"""Cells of a user's own file are found by its path, and what is wrong with it is said."""

from __future__ import annotations

import sys

import pytest

from gatework.cells import find_cell
from gatework.errors import InputError
from gatework.studies.comparison.own_cells import named_cell

ONE = """
import torch
import gatework as gw

class {name}(gw.Cell):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.n = gw.Gate(input_size, hidden_size)

    def step(self, x, h):
        return torch.tanh(self.n(x, h))
"""


def test_a_published_cell_needs_no_file():
    assert named_cell("GRUResetAfter") == ("gru-reset-after", None)


def test_the_one_cell_of_a_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(ONE.format(name="OnlyMine"))
    name, file = named_cell(str(path))
    assert name == "only-mine"
    assert find_cell(name).__name__ == "OnlyMine"
    assert named_cell(f"{path}:OnlyMine") == (name, file)
    assert [kind.__name__ for kind in file.load()] == ["OnlyMine"]
    path.write_text(ONE.format(name="OnlyMine") + "# another text\n")
    again = named_cell(str(path))[1]
    assert again.digest != file.digest
    del sys.modules[f"gatework_own_{file.digest}"]
    with pytest.raises(InputError, match="has changed meanwhile"):
        file.load()  # as a process does that begins after the text was changed


def test_a_file_says_which_of_its_cells_is_meant(tmp_path):
    path = tmp_path / "two.py"
    path.write_text(ONE.format(name="FirstOfTwo") + ONE.format(name="SecondOfTwo"))
    assert named_cell(f"{path}:SecondOfTwo")[0] == "second-of-two"
    with pytest.raises(InputError, match=r"defines 2 cells: name one: .*two.py:FirstOfTwo, .*two.py:SecondOfTwo"):
        named_cell(str(path))
    with pytest.raises(InputError, match="defines no Third"):
        named_cell(f"{path}:Third")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (None, "cannot read"),
        ("x = 1\n", "defines no cell"),
        ("import no_such_module\n", "cannot be run .ModuleNotFoundError: No module named 'no_such_module'"),
        ("def f(:\n", "cannot be run .SyntaxError"),
    ],
)
def test_files_that_are_of_no_use(tmp_path, text, error):
    path = tmp_path / "bad.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=error):
        named_cell(str(path))
