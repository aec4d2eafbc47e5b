"""Tasks on the command line: their options are shown where they belong, and refused elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gatework.settings import TASKS


def test_help_shows_the_options_of_the_task_that_is_named(place: Path, command: Callable) -> None:
    language, conditional = command("train", "--help").out, command("train", "--task", "conditional", "--help").out
    assert "--window" in language
    assert "--condition-size" not in language
    assert "--condition-size" in conditional
    assert "--window" not in conditional
    assert "[default: 384]" in language
    assert "[default: 192]" in conditional
    assert all(name in language for name in TASKS)
    assert command("train", "--task=conditional", "--help").out == conditional


@pytest.mark.parametrize("task", TASKS)
def test_every_setting_of_a_task_is_an_option(place: Path, command: Callable, task: str) -> None:
    shown = command("train", "--task", task, "--help").out
    for section in TASKS[task].sections.values():
        for name in section.model_fields:
            option = {"sources": "data...", "cell_options": "--cell-option"}.get(name, "--" + name.replace("_", "-"))
            assert option in shown


def test_a_setting_means_the_same_in_every_task() -> None:
    places: dict[str, set[str]] = {}
    for settings in TASKS.values():
        for section, model in settings.sections.items():
            for name in model.model_fields:
                places.setdefault(name, set()).add(section)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_options_of_other_tasks_are_refused(place: Path, command: Callable) -> None:
    said = command("train", "my.txt", "--condition-size", "3")
    assert said.status == 2
    assert "--condition-size is no option of the task language, but of conditional" in said.err
    assert "--task" in said.err
    said = command("train", "my.txt", "--task", "condtional")
    assert "Did you mean 'conditional'" in said.err


def test_what_a_task_does_not_do_is_said(place: Path, command: Callable) -> None:
    small = ["--hidden-size", "5", "--embedding-size", "3", "--batch", "5", "--window", "7", "--sample-length", "0"]
    assert command("train", "my.txt", "--steps", "2", "--run", "r", *small).status == 0
    said = command("predict", "r", "my.txt")
    assert said.status == 2
    assert "a language model answers no questions" in said.err
