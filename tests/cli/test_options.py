"""Options made of the settings of several tasks: what the help says, what the command is given."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
import typer
from pydantic import BaseModel, Field
from typer.testing import CliRunner

from gatework.cli.options import with_settings


class Paint(BaseModel):
    """Settings of a task."""

    coats: int = Field(2, description="How often.")
    width: float = Field(1.5, description="How wide.")
    tint: str | None = Field(None, description="Which colour.")
    names: list[str] = Field([], description="What is painted.")


class Draw(BaseModel):
    """Settings of another, which has some of the same."""

    coats: int = Field(3, description="How often.")
    width: float = Field(1.5, description="How wide.")
    tint: str = Field("red", description="Which colour.")
    hatch: Annotated[int, Field(ge=1)] | None = Field(None, description="How dense.")


class Hidden(BaseModel):
    """Of a task that the help does not show."""

    coats: int = Field(7, description="How often.")
    secret: int = Field(11, description="Not shown.")


SECTIONS = {
    "paint": {"prediction": Paint},
    "draw": {"prediction": Draw},
    "etch": {"prediction": Draw},
    "hide": {"prediction": Hidden},
}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command; its output, and the settings that it was given."""
    monkeypatch.setenv("COLUMNS", "200")
    seen: list[dict[str, Any]] = []

    def command(settings: dict[str, Any]) -> None:
        seen.append(settings)

    app = typer.Typer()
    app.command()(with_settings(command, SECTIONS, shown=["paint", "draw", "etch"]))

    def run(*words: str) -> tuple[list[str], list[dict[str, Any]]]:
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == 0, result.output
        return [" ".join(line.split()) for line in result.output.splitlines()], seen

    return run


def test_defaults_that_differ_are_told_of_each_task(given: Any) -> None:
    lines, _ = given("--help")
    told = {line.split()[1]: line for line in lines if "--" in line}
    assert "How often. [default: 2 (paint); 3 (draw, etch)]" in told["--coats"]
    assert "How wide. [default: 1.5]" in told["--width"]
    assert "Which colour. [default: red (draw, etch)]" in told["--tint"]
    assert "default" not in told["--names"]
    assert told["--hatch"].split()[2] == "<int>"
    assert "--secret" not in told


def test_only_what_is_said_is_given(given: Any) -> None:
    _, seen = given("--coats", "5", "--secret", "1", "--hatch", "2", "--names", "a", "--names", "b")
    assert seen == [{"prediction": {"coats": 5, "secret": 1, "hatch": 2, "names": ["a", "b"]}}]
