"""A run that several tests read, and commands called as the console script calls them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from gatework.cli.main import status_of

TEXT = "the cat sat on the mat. a dog ran to the door,\nand the cat went out again. who let it in?\n" * 60
SMALL = ["--hidden-size", "13", "--embedding-size", "7", "--batch", "5", "--window", "11", "--sample-length", "29"]


@dataclass(frozen=True)
class Said:
    """What a command left: its status and what it printed."""

    status: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command in this process."""

    def run(*words: str | Path) -> Said:
        capsys.readouterr()
        status = status_of([str(word) for word in words])
        captured = capsys.readouterr()
        return Said(status, captured.out, captured.err)

    return run


@pytest.fixture(autouse=True)
def sketches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are empty files unless a test is marked so: to draw them is most of a short training.

    The run ``original`` has real ones.
    """
    if "pictures" not in request.keywords:
        monkeypatch.setattr(Figure, "savefig", lambda self, path, **options: Path(path).write_bytes(b""))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with my.txt in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "my.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained for a few updates, once; tests get copies."""
    folder = tmp_path_factory.mktemp("original")
    (folder / "my.txt").write_text(TEXT, encoding="utf-8")
    run = folder / "run"
    assert status_of(["train", str(folder / "my.txt"), "--steps", "24", "--run", str(run), *SMALL]) == 0
    return run


@pytest.fixture
def trained(place: Path, original: Path) -> Path:
    """The run runs/first, trained on my.txt for 24 updates."""
    run = place / "runs" / "first"
    shutil.copytree(original, run)
    config = json.loads((run / "config.json").read_text())
    config["data"]["sources"] = [str(place / "my.txt")]
    (run / "config.json").write_text(json.dumps(config))
    return run
