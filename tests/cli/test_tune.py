"""gatework tune: it goes on where it was stopped, its last line trains as its best trial did, bad input is one line."""

from __future__ import annotations

import csv
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest

from gatework.cli.options import words_of

from .conftest import SMALL

pytest.importorskip("optuna")
pytest.importorskip("sklearn")
SHORT = [*SMALL[:-2], "--steps", "6", "--validate-every", "2"]
SHORT = [word for place, word in enumerate(SHORT) if "--hidden-size" not in SHORT[max(0, place - 1) : place + 1]]
SEARCH = ["tune", "my.txt", *SHORT, "--search", "hidden_size=3:11", "--search", "learning_rate", "--cells", "gru,elman"]


def rows(folder="runs/tune/my"):
    with Path(folder, "trials.csv").open() as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


def test_the_best_settings_train_as_they_did_in_the_search(place, command):
    said = command(*SEARCH, "--trials", "7", "--no-prune")
    assert (said.status, said.err) == (0, "")
    assert "7 of 7" in said.out
    assert "what mattered (share of the variance explained): " in said.out
    found = rows()
    best = min(found, key=lambda row: float(row["validation loss"]))
    assert f"best of 7: trial {best['trial']}, loss {float(best['validation loss']):.4f}" in said.out
    text = Path("runs/tune/my/report.md").read_text()
    assert "7 done, 0 ended early, 0 failed" in text
    assert {path.name for path in Path("runs/tune/my").glob("*.png")} == {"history.png", "slices.png", "importance.png"}
    words = shlex.split(said.out.rpartition("next: ")[2])
    trained = command(*words[words.index("train") :], "--run", "best")
    assert trained.status == 0
    (loss,) = re.findall(r"best validation loss ([0-9.]+)", trained.out)
    assert loss == f"{float(best['validation loss']):.4f}"


def test_ctrl_c_keeps_all_and_the_same_command_goes_on(place, command, monkeypatch):
    from gatework.cli.tuning import _Watch

    assert command(*SEARCH, "--trials", "6", "--folder", "whole").status == 0
    whole, updates = _Watch.on_update, 0

    def interrupting(self, trainer):
        nonlocal updates
        updates += 1
        if updates == 15:
            signal.raise_signal(signal.SIGINT)
        whole(self, trainer)

    monkeypatch.setattr(_Watch, "on_update", interrupting)
    said = command(*SEARCH, "--trials", "6")
    assert said.status == 130
    assert "stopped; 2 trials are kept in runs/tune/my: the same command goes on" in said.out
    said = command(*SEARCH, "--trials", "6")
    assert said.status == 0
    assert "going on with 2 trials" in said.out
    assert rows() == rows("whole")
    again = command(*SEARCH, "--trials", "6")
    assert again.status == 0
    assert " of 6  " not in again.out
    assert again.out.splitlines()[-1] == said.out.splitlines()[-1]


def test_minutes_are_those_of_all_trials(place, command):
    said = command(*SEARCH, "--minutes", "0.0001")
    assert said.status == 2
    assert said.err.startswith("error: no trial ended in the time. Give more --minutes")


def test_a_search_of_another_task_judges_by_its_figure(place, command):
    lines = [f"{'good fine' if n % 2 else 'bad poor'} film number {n},{'yes' if n % 2 else 'no'}" for n in range(80)]
    Path("films.csv").write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    words = ["films.csv", "--task", "classify", "--epochs", "2", "--batch", "16", "--embedding-size", "5"]
    said = command("tune", *words, "--hidden-size", "7", "--search", "dropout=0:0.8", "--trials", "2")
    assert (said.status, said.err) == (0, "")
    assert "too few trials were done to tell which settings mattered" in said.out
    assert all(0 <= float(row["dropout"]) <= 0.8 for row in rows("runs/tune/films"))
    assert "train films.csv --task classify --hidden-size 7" in said.out
    assert " --epochs 2 " in said.out
    best = max(float(row["validation accuracy"]) for row in rows("runs/tune/films"))
    assert f"accuracy {best:.4f}" in said.out


@pytest.mark.pictures
def test_pictures_are_drawn(place, command):
    assert command(*SEARCH, "--trials", "6").status == 0
    for name in ("history", "slices", "importance"):
        assert Path("runs/tune/my", f"{name}.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_folder_of_another_search_or_of_something_else(place, command):
    assert command(*SEARCH, "--trials", "1").status == 0
    said = command(*SEARCH, "--trials", "1", "--optimizer", "sgd")
    assert said.status == 2
    assert said.err.startswith(
        "error: runs/tune/my is another search's: its optimizer is not given, here it is 'sgd'. Name another"
    )
    Path("my.txt").write_text(Path("my.txt").read_text() + "and then?")
    assert "runs/tune/my is a search on other data. Name another" in command(*SEARCH, "--trials", "1").err
    Path("letters").mkdir()
    Path("letters", "dear.txt").write_text("dear")
    said = command(*SEARCH, "--folder", "letters")
    assert said.err.startswith("error: letters holds other files")


def test_settings_as_words():
    settings = {
        "data": {"validation_data": ["a b.txt", "c1.0"]},
        "model": {"tied": True, "layer_norm": False, "cell_options": {"bias": False, "activation": "relu"}},
        "training": {"epochs": 3.0, "learning_rate": 0.00125},
    }
    assert shlex.join(words_of(settings)) == (
        "--validation-data 'a b.txt' --validation-data c1.0 --tied --no-layer-norm --cell-option bias=false "
        "--cell-option activation=relu --epochs 3 --learning-rate 0.00125"
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["--search", "hiden_size=3:9"],
            "there is no setting 'hiden_size' to be searched. Did you mean 'hidden_size'?",
        ),
        (["--search", "layers=3:1"], "--search layers=3:1 is no range"),
        (["--cells", "lstm"], "--search cell=lstm leaves nothing to choose"),
        (["--cells", "lstm,gri"], "cell gri"),
        (["--cells", "lstm,gru", "--cell", "gru"], "--cell is given, and searched too. Leave out --cell"),
        (["--search", "dropout", "--search", "dropout=0:0.5"], "dropout is searched twice"),
        (
            ["--learning-rate", "0.1", "--hidden-size", "7", "--layers", "1", "--dropout", "0"],
            "nothing is left to be searched",
        ),
        (["--search", "dropout=0:1.5"], "dropout 1.5 cannot be tried: --dropout: "),
        (["--tied", "--embedding-size", "384"], "cannot be tried: tied weights need an embedding of the hidden size"),
        (["--validation", "0"], "there is nothing to judge trials by"),
        (["--minutes", "0"], "--minutes 0 is no time"),
        (["--bands", "3"], "--bands is no option of the task language"),
    ],
)
def test_bad_input_is_one_line(place, command, words, error):
    said = command("tune", "my.txt", *words)
    assert said.status == 2
    assert error in said.err
    assert said.err.startswith("error: ")
    assert len(said.err.splitlines()) == 1
    assert not Path("runs").exists()


def test_standard_input_is_refused(place, command):
    assert command("tune", "-").err.startswith("error: a search reads its data again")


@pytest.mark.parametrize(("module", "name"), [("optuna", "Optuna"), ("sklearn", "scikit-learn")])
def test_a_missing_package_is_named(place, command, monkeypatch, module, name):
    monkeypatch.setitem(sys.modules, module, None)
    said = command("tune", "my.txt")
    assert said.status == 2
    assert said.err == f"error: {name} is not installed. Pip install 'gatework[studies]'\n"


def test_trials_that_all_fail_are_said(place, command):
    said = command(
        "tune",
        "my.txt",
        *SHORT,
        "--search",
        "learning_rate=1e30:1e36",
        "--optimizer",
        "sgd",
        "--trials",
        "2",
        "--clip-norm",
        "1e30",
    )
    assert said.status == 2
    assert said.err.startswith("error: all 2 trials failed, the first by the ")
