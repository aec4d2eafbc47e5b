"""What the documents show works: every command and every piece of Python in them is run, only for fewer updates."""

from __future__ import annotations

import inspect
import re
import shlex
from pathlib import Path

import pytest
from papers import ROWS

import gatework
from gatework.cells import CELLS
from gatework.cli.main import COMMANDS, status_of
from gatework.settings import TASKS

ROOT = Path(__file__).parent.parent
TEXT = "The cat sat on the mat. The dog ran out of the door, and The End was near.\n" * 80
QUICK = ["--steps", "3", "--hidden-size", "7", "--embedding-size", "5"]
SHORTER = ((r"--minutes [\d.]+", "--steps 5"), (r"--epochs \d+", "--steps 7"), (r"minutes=1\b", "steps=5"))


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a document, made shorter to run."""
    found = re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    for pattern, replacement in SHORTER:
        found = [re.sub(pattern, replacement, block) for block in found]
    return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the reader's own text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "more.txt").write_text("Novak\nMiller\n", encoding="utf-8")
    names = {"Czech": ["Novak", "Svoboda", "Dvorak", "Prochazka"], "English": ["Smith", "Jones", "Taylor", "Miller"]}
    (tmp_path / "names").mkdir()
    for label, group in names.items():
        (tmp_path / "names" / f"{label}.txt").write_text("\n".join(group * 10) + "\n", encoding="utf-8")
    return tmp_path


def test_the_commands_of_the_readme(place: Path) -> None:
    lines = [line for block in blocks("README.md", "bash") for line in block.splitlines()]
    commands = [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("gatework ")]
    assert {words[0] for words in commands} == COMMANDS - {"rate", "words"}
    for words in commands:
        words += QUICK if words[:2] == ["train", "names/"] or words[0] == "compare" else []
        words += ["--jobs", "1"] if words[0] == "compare" else []
        assert status_of(words) == 0, words


@pytest.mark.parametrize("block", blocks("README.md", "python"))
def test_the_python_of_the_readme(place: Path, block: str) -> None:
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})


def test_the_python_of_the_guide_to_tasks(place: Path) -> None:
    """One program from the first block to the last."""
    exec(compile("\n".join(blocks("docs/tasks.md", "python")), "tasks.md", "exec"), {"__name__": "tasks"})


def test_the_options_of_the_guide_to_tasks_exist(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        shlex.split(line, comments=True)[1:] for block in blocks("docs/tasks.md", "bash") for line in block.splitlines()
    ]
    commands = [words for words in lines if words]
    assert {words[words.index("--task") + 1] for words in commands if "--task" in words} == set(TASKS) - {"language"}
    for words in commands:
        task = words[words.index("--task") : words.index("--task") + 2] if "--task" in words else []
        assert status_of([words[0], *task, "--help"]) == 0
        shown = capsys.readouterr().out
        assert all(word in shown for word in words if word.startswith("--")), words


def test_the_python_of_the_layers_guide() -> None:
    """One program from the first block to the last."""
    exec(compile("\n".join(blocks("docs/layers.md", "python")), "layers.md", "exec"), {"__name__": "layers"})


def test_the_study_of_the_guide_to_experiments(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A study of one's own, from the plan to the report; a second call goes on in its folder."""
    (block,) = blocks("docs/experiments.md", "python")
    for _ in range(2):
        exec(compile(block, "experiments.md", "exec"), {"__name__": "experiments"})
        assert re.search(r"^\| gru \| [\d.]+ ± [\d.]+ \|$", capsys.readouterr().out, re.MULTILINE)
    assert len(list(Path("untrained/trials").iterdir())) == 10


def test_the_options_of_the_guide_to_experiments_exist(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for block in blocks("docs/experiments.md", "bash") for line in block.splitlines()]
    for words in (shlex.split(line, comments=True)[1:] for line in lines):
        assert status_of([words[0], "--help"]) == 0
        shown = capsys.readouterr().out
        assert all(word in shown for word in words if word.startswith("--")), words


def test_the_cell_of_contributing_is_the_one_that_is_tested() -> None:
    cell, row = blocks("CONTRIBUTING.md", "python")
    (name,) = re.findall(r"^class (\w+)\(Cell\):", cell, re.MULTILINE)
    assert cell.partition("\n\n\n")[2].strip() == inspect.getsource(CELLS[name]).strip()
    (step,) = [step for kind, options, step, *_ in ROWS if kind is CELLS[name] and not options]
    assert inspect.getsource(step).strip() in row
    assert f"({name}, {{}}, {step.__name__})," in row
    for block in (cell, row):  # nothing is missing from the imports
        exec(compile(block, "CONTRIBUTING.md", "exec"), {"__name__": "contributing", name: CELLS[name]})


def test_the_make_targets_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"^make ([a-z-]+)", "\n".join(blocks(name, "bash")), re.MULTILINE):
            assert target in targets


def test_every_public_name_is_there_and_typed() -> None:
    source = Path(gatework.__file__).read_text()
    assert set(re.findall(r"import (\w+) as \1$", source, re.MULTILINE)) == set(gatework._ROOMS)
    for name, room in gatework._ROOMS.items():
        assert getattr(gatework, name).__module__.startswith(f"gatework.{room}")


def test_links_of_the_documents_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/guide.md", "docs/tasks.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)", (ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / name).parent.joinpath(target).exists(), f"{name}: {target}"
