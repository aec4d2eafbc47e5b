"""gatework compare: what it prints is what its trainings gave; it goes on where it stopped; bad input is one line."""

from __future__ import annotations

import csv
import json
import shlex
import signal
import sys
from pathlib import Path

import pytest

from gatework.studies.comparison import speeds
from gatework.training import Trainer

pytest.importorskip("scipy")
SMALL = ["--hidden-size", "11", "--embedding-size", "5", "--batch", "5", "--window", "11", "--steps", "6"]
WORDS = ["--data", "my.txt", *SMALL, "--jobs", "1"]
COMPARE = ["compare", "gru", "Elman", *WORDS]


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    """Speeds are not what is tested here."""
    monkeypatch.setattr(speeds, "TURNS", 1)
    monkeypatch.setattr(speeds, "UPDATES", 1)


def rows(folder="runs/compare/my", stage="counted"):
    with Path(folder, "trials.csv").open() as file:
        found = [row for row in csv.DictReader(file) if row["stage"] == stage]
    return [{**row, "seconds": "", "core_seconds": "", "training_seconds": ""} for row in found]


def losses(cell, folder="runs/compare/my"):
    return {int(row["seed"]): float(row["loss"]) for row in rows(folder) if row["cell"] == cell}


def test_the_table_is_that_of_the_trainings(place, command):
    said = command(*COMPARE)
    assert (said.status, said.err) == (0, "")
    gru, elman = losses("gru"), losses("elman")
    assert list(gru) == list(elman) == [1, 2, 3]
    lines = {line.split()[0]: line for line in said.out.splitlines() if line}
    header = "cell size parameters loss bits loss - gru's seconds characters/s"
    assert lines["cell"].split() == header.split()
    assert f" {sum(gru.values()) / 3:.3f} ± " in lines["gru"]
    assert f" {(sum(elman.values()) - sum(gru.values())) / 3:.3f} ± " in lines["elman"]
    best = min(("gru", gru), ("elman", elman), key=lambda pair: sum(pair[1].values()))[0]
    assert f"Best by loss on the test part: {best}, " in said.out
    assert "gru, seed 1:" in said.out
    assert "comparing gru 11, elman " in said.out
    text = Path("runs/compare/my/report.md").read_text()
    assert "`gatework compare gru elman --data my.txt" in text.replace("Elman", "elman")
    assert {path.name for path in Path("runs/compare/my").glob("*.png")} == {"courses.png"}
    check_json(command(*COMPARE, "--json", "--seeds", "1"))


def check_json(said):
    """A line that says the same of fewer seeds, none of which is made again."""
    assert "0 trainings to be made" in said.err
    (line,) = said.out.splitlines()
    found = json.loads(line)
    assert (found["task"], found["part"], found["figure"], found["unit"]) == ("language", "test", "loss", "character")
    gru, elman = found["cells"]
    assert gru["figures"]["loss"] == {"mean": losses("gru")[1], "half_width": None, "count": 1}
    assert elman["differences"]["loss"]["mean"] == pytest.approx(losses("elman")[1] - losses("gru")[1])
    assert elman["parameters"] == pytest.approx(gru["parameters"], rel=0.05)
    assert elman["speed"] > 0


def test_the_command_in_the_report_is_the_same_comparison(place, command):
    assert command(*COMPARE, "--cell-option", "bias=false", "--seeds", "1").status == 0
    text = Path("runs/compare/my/report.md").read_text()
    words = shlex.split(text.split("`")[1])
    again = command(*words[1:], "--jobs", "1")
    assert again.status == 0
    assert "0 trainings to be made" in again.out


def test_ctrl_c_keeps_all_and_the_same_command_goes_on(place, command, monkeypatch):
    assert command(*COMPARE, "--seeds", "2", "--folder", "whole").status == 0
    real, updates, updates_of_one = Trainer._advance, 0, 6

    def advance(self, *arguments):
        nonlocal updates
        updates += 1
        if updates == 2 * updates_of_one + 2:
            signal.raise_signal(signal.SIGINT)
        return real(self, *arguments)

    monkeypatch.setattr(Trainer, "_advance", advance)
    said = command(*COMPARE, "--seeds", "2")
    assert said.status == 130
    assert "stopped; what was made is kept in runs/compare/my: the same command goes on" in said.out
    updates = 10**6
    said = command(*COMPARE, "--seeds", "2")
    assert said.status == 0
    assert "2 trainings to be made" in said.out
    assert updates == 10**6 + 2 * updates_of_one  # the stopped one again, and the one that had not begun
    assert rows() == rows("whole")


def test_it_goes_further_with_more_seeds_and_cells(place, command, monkeypatch):
    assert command(*COMPARE, "--seeds", "1").status == 0
    fitted = []
    real = Trainer.fit
    monkeypatch.setattr(Trainer, "fit", lambda self: (fitted.append(self.model.config.cell), real(self))[1])
    said = command("compare", "gru", "elman", "mgu", *WORDS, "--seeds", "2")
    assert said.status == 0
    assert sorted(fitted) == ["elman", "gru", "mgu", "mgu"]
    assert "4 trainings to be made" in said.out


def test_rates(place, command):
    said = command(*COMPARE, "--seeds", "1", "--rates", "0.05,0.0005")
    assert said.status == 0
    tried = rows(stage="rate")
    for cell in ("gru", "elman"):
        ranks = {float(row["rank"]): row["learning_rate"] for row in tried if row["cell"] == cell}
        (counted,) = [row for row in rows() if row["cell"] == cell]
        assert counted["learning_rate"] == ranks[min(ranks)]
        assert len(ranks) == 2


def test_a_cell_of_ones_own_for_another_task(place, command):
    Path("mine.py").write_text(
        "import torch\nimport gatework as gw\n\n"
        "class Leaky(gw.Cell):\n"
        "    def __init__(self, i, h):\n"
        "        super().__init__(i, h)\n"
        "        self.n = gw.Gate(i, h)\n\n"
        "    def step(self, x, h):\n"
        "        return 0.5 * h + 0.5 * torch.tanh(self.n(x, h))\n"
    )
    lines = [f"{'good fine' if n % 2 else 'bad poor'} film number {n},{'yes' if n % 2 else 'no'}" for n in range(60)]
    Path("films.csv").write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    small = ["--hidden-size", "7", "--embedding-size", "5", "--epochs", "1", "--batch", "16", "--jobs", "1"]
    said = command("compare", "leaky.py", "gru", "--data", "films.csv", *small)
    assert said.err.endswith("error: cannot read leaky.py (No such file or directory). Check the path\n")
    said = command("compare", "gru", "mine.py", "--data", "films.csv", *small, "--seeds", "2")
    assert said.status == 0
    assert "the task is classify" in said.err
    assert "accuracy - gru's" in said.out
    assert "Best by accuracy on the test part: " in said.out
    assert "leaky, seed 1:" in said.out
    assert "examples/s" in said.out
    assert all(row["cell_file"] for row in rows("runs/compare/films") if row["cell"] == "leaky")


def test_a_series_is_forecast(place, command):
    numbers = "\n".join(f"{20 + n % 7 + n / 10:.2f}" for n in range(120))
    Path("sales.csv").write_text(f"sales\n{numbers}\n", encoding="utf-8")
    small = ["--hidden-size", "5", "--steps", "3", "--jobs", "1", "--seeds", "1", "--horizon", "3", "--context", "9"]
    said = command("compare", "gru", "lstm", "--data", "sales.csv", "--task", "forecast", *small)
    assert said.status == 0
    assert "what came: " in said.out
    assert "mase" in said.out


def test_a_folder_of_another_comparison(place, command):
    assert command(*COMPARE, "--seeds", "1").status == 0
    said = command(*COMPARE, "--seeds", "1", "--optimizer", "sgd")
    assert said.status == 2
    assert said.err.startswith(
        "error: runs/compare/my is another comparison's: its optimizer is not given, here it is 'sgd'."
    )
    Path("my.txt").write_text(Path("my.txt").read_text() + "and then?")
    assert "runs/compare/my is a comparison on other data" in command(*COMPARE, "--seeds", "1").err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["gru", "lstn"], "there is no cell 'lstn'. Did you mean 'lstm'?"),
        ([], "no cell is named"),
        (["gru", "lstm", "--data", "none.txt"], "cannot read none.txt"),
        (["gru", "lstm", "--data", "-"], "a comparison reads its data again"),
        (["gru", "elman", "--cell-option", "forget_bias=1"], "gru cannot be compared: cell gru has no option"),
        (["gru", "elman", "--validation", "0", "--test", "0"], "there is nothing to judge by"),
        (["gru", "elman", "--rates", "0.1"], "--rates 0.1 names no learning rates to choose from"),
        (["gru", "elman", "--rates", "0.1,0.2", "--learning-rate", "1"], "--learning-rate is given, and --rates too"),
        (["gru", "elman", "--bands", "3"], "--bands is no option of the task language"),
        (["gru", "elman", "--cell", "lstm"], "No such option: --cell"),
    ],
)
def test_bad_input_is_one_line(place, command, words, error):
    said = command("compare", *(words if "--data" in words else [*words, "--data", "my.txt"]))
    assert said.status == 2
    assert error in said.err
    assert said.err.startswith("error: ")
    assert len(said.err.splitlines()) == 1
    assert not Path("runs").exists()


def test_trainings_that_all_fail_are_said(place, command):
    wild = ["--optimizer", "sgd", "--learning-rate", "1e38", "--clip-norm", "1e38", "--warmup", "0"]
    said = command(*COMPARE, *wild, "--seeds", "1")
    assert said.status == 2
    assert said.err.startswith("error: no training ended: ")


def test_a_missing_package_is_named(place, command, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    said = command(*COMPARE)
    assert said.err == "error: SciPy is not installed. Pip install 'gatework[studies]'\n"
