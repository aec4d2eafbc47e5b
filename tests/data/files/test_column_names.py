"""Which column is what, by its name."""

from __future__ import annotations

import pytest

from gatework.data.files import column_names
from gatework.data.files.column_names import LABEL, PATH, SAID, SURE_LABEL, SURE_TEXT, TEXT, TIME, Role
from gatework.errors import InputError


def test_the_first_column_of_a_usual_name_is_found_in_letters_of_any_size() -> None:
    columns = ["id", " Review ", "text", "Label"]
    assert TEXT.find(columns) == " Review "
    assert LABEL.find(columns) == "Label"
    assert PATH.find(columns) is None
    assert TIME.is_usual("Year")


def test_what_was_named_goes_before_what_is_usual() -> None:
    columns = ["text", "body", "label"]
    assert TEXT.choose("t.csv", columns, "body") == "body"
    assert TEXT.choose("t.csv", columns) == "text"
    assert SAID.choose("t.csv", columns, among=["label"]) == "label"
    with pytest.raises(InputError, match=r"t\.csv has no column 'bdy'.*did you mean 'body'"):
        TEXT.choose("t.csv", columns, "bdy")
    with pytest.raises(InputError, match=r"t\.csv has no column of files among 'text', 'body', 'label': .*--path-col"):
        PATH.choose("t.csv", columns)


def test_usual_names_are_small_and_sure_ones_are_usual() -> None:
    roles = [role for role in vars(column_names).values() if isinstance(role, Role)]
    assert len(roles) == 10
    for role in roles:
        assert all(name == name.strip().lower() for name in role.usual)
    assert set(SURE_TEXT.usual) < set(TEXT.usual)
    assert set(SURE_LABEL.usual) < set(LABEL.usual)
    assert not set(SURE_TEXT.usual) & set(SURE_LABEL.usual)
