"""generate, evaluate, plot, cells, doctor and the help."""

from __future__ import annotations

import importlib
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from gatework.cells import CELLS, Cell, cell_name, family
from gatework.models import LanguageModel

from .conftest import TEXT, Said

Command = Callable[..., Said]


def test_generate_writes_the_prompt_and_so_many_symbols(trained: Path, command: Command) -> None:
    said = command("generate", "last", "--prompt", "the cat", "--length", "41", "--seed", "5")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("the cat")
    assert len(said.out) == len("the cat") + 41 + 1


def test_a_seed_reproduces(trained: Path, command: Command) -> None:
    first, again, other = (command("generate", "last", "--seed", seed).out for seed in ("5", "5", "6"))
    assert first == again != other


def test_several_samples(trained: Path, command: Command) -> None:
    said = command("generate", "last", "--samples", "3", "--length", "17", "--seed", "5")
    pieces = said.out.split("--- sample ")[1:]
    assert [piece.split("\n")[0] for piece in pieces] == ["1", "2", "3"]
    assert len({piece[1:] for piece in pieces}) > 1


def test_evaluate_agrees_with_a_calculation_by_hand(trained: Path, command: Command) -> None:
    said = command("evaluate", "last", "--json")
    row = json.loads(said.out)
    text = TEXT[int(0.9 * len(TEXT)) :]
    model = LanguageModel.from_pretrained(trained / "model")
    ids = torch.tensor(model.vocabulary.encode(text))[:, None]
    with torch.no_grad():
        scores = model(ids[:-1])[0].double().log_softmax(-1).numpy()[:, 0]
    nats = -np.mean(scores[np.arange(len(scores)), ids[1:, 0].numpy()])
    assert row["nats"] == pytest.approx(nats, rel=1e-5)
    assert row["bits"] == pytest.approx(nats / math.log(2), rel=1e-5)
    assert row["symbols"] == len(text) - 1


def test_evaluate_on_another_text_tells_of_unknown_symbols(trained: Path, command: Command) -> None:
    Path("other.txt").write_text("the cat met Ünal and Ünal met the cat. " * 9)
    said = command("evaluate", "last", "other.txt")
    assert said.status == 0
    assert "18 of 351 symbols are unknown" in said.err


def test_a_saved_model_folder_is_a_run_too(trained: Path, command: Command) -> None:
    assert command("generate", trained / "model", "--length", "5").status == 0


@pytest.mark.pictures
def test_plot_draws_both_pictures_where_asked(trained: Path, command: Command) -> None:
    said = command("plot", "last", "--text", "the cat sat", "--output", "pictures")
    assert said.status == 0
    for name in ("loss.png", "gates.png"):
        assert Path("pictures", name).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_cells_lists_every_cell_below_its_family(command: Command) -> None:
    said = command("cells")
    listed: dict[str, list[list[str]]] = {}
    for block in said.out.split("\n\n")[1:-1]:
        heading, *rows = block.splitlines()
        package = heading.split()[0]
        assert heading.endswith(importlib.import_module(f"gatework.cells.{package}").__doc__.splitlines()[0])
        listed[package] = [row.split() for row in rows]
    assert {row[0]: package for package, rows in listed.items() for row in rows} == {
        cell_name(cell): family(cell) for cell in CELLS.values()
    }
    years = [[row[1] for row in rows] for rows in listed.values()]
    assert all(group == sorted(group) for group in years)
    (gru,) = [row for row in listed["gru"] if row[0] == "gru"]
    assert gru[:7] == ["gru", "2014", "h", "z", "r", "n", "98,688"]
    assert max(map(len, said.out.splitlines()[:-1])) < 250


def test_cells_of_one_family(command: Command) -> None:
    said = command("cells", "--family", "GRU")
    assert "gru-reset-after" in said.out
    assert "lstm" not in said.out.rpartition("\n\n")[0]
    assert command("cells", "--family", "gri").err.startswith("error: there is no family 'gri'. Did you mean 'gru'?")


def test_a_terminal_cuts_the_list_to_its_width(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatework.cli.console import out

    monkeypatch.setattr(out, "_force_terminal", True)
    monkeypatch.setattr(out, "_width", 60)
    monkeypatch.setattr(out, "_height", 40)
    monkeypatch.setattr(out, "_color_system", None)
    rows = [line for line in command("cells").out.splitlines() if re.match(r"[a-z0-9-]+ +\d{4} ", line)]
    assert all(len(row) <= 60 for row in rows)
    assert any(row.endswith("…") for row in rows)


@pytest.mark.pictures
def test_cells_draws_one(place: Path, command: Command) -> None:
    said = command("cells", "gru", "--draw", "gru.svg")
    assert said.status == 0
    assert said.out.startswith("gru.svg\n")
    drawn = Path("gru.svg").read_bytes()
    assert drawn.startswith(b"<?xml")
    again = command("cells", "gru", "--draw", "gru.svg", "--cell-option", "z_scales=old")
    assert (again.status, Path("gru.svg").read_bytes()) == (2, drawn)
    assert again.err.startswith("error: gru.svg is there already. Name another file, or add --overwrite")
    words = ("cells", "gru", "--draw", "gru.svg", "--cell-option", "z_scales=old", "--overwrite")
    assert command(*words).status == 0
    assert Path("gru.svg").read_bytes() != drawn


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["gru", "--draw", "gru.gif"], "gru.gif is no name for a drawing. It must end in .svg, .png or .pdf"),
        (["--draw", "gru.svg"], "no cell is named. For example `gatework cells lstm --draw lstm.svg`"),
        (["gri", "--draw", "gru.svg"], "there is no cell 'gri'. Did you mean 'gru'?"),
        (["gru", "--draw", "gru.svg", "--cell-option", "z=1"], "cell gru has no option 'z'. "),
        (["stubborn", "--draw", "gru.svg"], "stubborn cannot be drawn: step depends on values"),
    ],
)
def test_what_cells_cannot_draw_is_said(place: Path, command: Command, words: list[str], error: str) -> None:
    class Stubborn(Cell):
        def step(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
            return h if bool(h.any()) else x

    said = command("cells", *words)
    assert said.status == 2
    assert said.err.startswith(f"error: {error}")
    assert [path.name for path in place.iterdir()] == ["my.txt"]


@pytest.mark.parametrize("cell", CELLS.values())
def test_cells_shows_the_equations_of_one(cell: type, command: Command) -> None:
    said = command("cells", cell_name(cell))
    assert "Reference:" in said.out
    assert "Parameters:" in said.out
    assert f"`gatework cells {cell_name(cell)} --draw {cell_name(cell)}.svg` draws it" in said.out


@pytest.mark.parametrize("name", ["LSTM", "GRU", "LSTMP", "RHN", "LRU"])
def test_explain_tells_what_is_made_of_a_cell(name: str, command: Command) -> None:
    said = command("explain", cell_name(CELLS[name]), "--source")
    assert said.status == 0
    kernel = ("Step graph", "Operations backward", "Generated C")
    for wanted in (*kernel, "Engines for 100 steps of 32 rows", "compiled: runs it", "loop: could run it"):
        assert wanted in said.out


def test_explain_tells_why_a_cell_has_no_kernel(command: Command) -> None:
    said = command("explain", "batch-norm-lstm")
    assert said.status == 0
    assert "No kernel is made of it: " in said.out
    assert "compiled: not: " in said.out
    assert "loop: runs it" in said.out


def test_doctor_finds_all_well(place: Path, command: Command) -> None:
    said = command("doctor")
    assert said.status == 0
    assert "all is well" in said.out
    assert torch.__version__ in said.out


def test_doctor_notices_an_engine_that_is_wrong(place: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatework.engine import native

    right = native.run
    monkeypatch.setattr(native, "run", lambda call: right(call)._replace(outputs=right(call).outputs + 1))
    said = command("doctor")
    assert said.status == 1
    assert "something else than the loop" in said.out


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["--version"]])
def test_help_answers_without_torch(words: list[str]) -> None:
    program = (
        f"import sys; from gatework.cli.main import status_of; status_of({words!r}); assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "gatework" in done.stdout


def test_a_reader_that_goes_away_is_no_error(trained: Path) -> None:
    line = f"{sys.executable} -m gatework generate runs/first --length 3000 | head -c 20"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=100)
    assert done.stderr == ""


def test_a_language_model_is_measured_by_no_answers(command, trained):
    said = command("evaluate", "first", "--beam", "3")
    assert said.status == 2
    assert "--beam is no option of the task language" in said.err
