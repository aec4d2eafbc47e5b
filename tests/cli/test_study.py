"""gatework study: the list, a name that is none."""

from __future__ import annotations


def test_studies_are_listed(command):
    shown = command("study")
    assert shown.status == 0
    assert "binary-memory" in shown.out


def test_a_name_that_is_none(command):
    shown = command("study", "binary-memori")
    assert shown.status == 2
    assert "Did you mean 'binary-memory'?" in shown.err
