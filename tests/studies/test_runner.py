"""A study is made trial by trial, goes on where it stopped, and counts what fails."""

from __future__ import annotations

import csv
import signal
import time

import pytest

from gatework.errors import InputError
from gatework.storage import read_json, write_json
from gatework.studies import (
    Report,
    Scope,
    Study,
    StudyFolder,
    Trials,
    find_study,
    found_trials,
    run_study,
)
from gatework.studies.trials import key_of
from gatework.training.signals import Interrupted


class Squares(Study):
    """Squares of numbers; of the lowest one, its cube too."""

    name, title, question, sources = "squares", "Squares", "What are they?", ("a book",)
    made: list[dict] = []  # noqa: RUF012 (of all instances, so that tests can look)

    def plan(self, scope, done):
        first = [{"number": number, "seed": seed} for number in (3, -2, 0) for seed in scope.seed_range(1, 2)]
        best = done.where(power=None).best("value") if len(done) >= len(first) else None
        return first if best is None else [*first, {"number": best["number"], "power": 3, "seed": 1}]

    def measure(self, settings):
        self.made.append(settings)
        if settings["number"] == 0:
            raise ArithmeticError("nothing\nmore")
        return {"value": settings["number"] ** settings.get("power", 2), "curve": [1, 2]}

    def report(self, trials, report, scope):
        report.table(
            ["number", "value"], [(key[0], group[0]["value"]) for key, group in trials.good.groups("number").items()]
        )


@pytest.fixture(autouse=True)
def forgotten():
    Squares.made.clear()


def test_later_trials_depend_on_earlier_ones(tmp_path):
    trials = run_study(Squares(), Scope(), StudyFolder(tmp_path / "s", "squares"))
    assert [trial.settings.get("power") for trial in trials] == [None] * 6 + [3]
    assert trials[-1].measured["value"] == -8
    assert [trial.error for trial in trials.failed] == ["ArithmeticError: nothing"] * 2


def test_it_goes_on_where_it_was_stopped(tmp_path):
    folder = StudyFolder(tmp_path / "s", "squares")

    def stop(trial, done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(Squares(), Scope(), folder, progress=stop)
    assert len(Squares.made) == 4
    run_study(Squares(), Scope(), folder)
    assert len(Squares.made) == 7
    run_study(Squares(), Scope(), folder)
    assert len(Squares.made) == 7
    run_study(Squares(), Scope(), folder, again=True)
    assert [settings["number"] for settings in Squares.made[7:]] == [0, 0]


def test_a_training_that_is_stopped_stops_the_study(tmp_path):
    class Stopped(Squares):
        def measure(self, settings):
            if settings["number"] == -2:
                raise Interrupted(signal.SIGINT)
            return super().measure(settings)

    with pytest.raises(Interrupted):
        run_study(Stopped(), Scope(), StudyFolder(tmp_path / "s", "squares"))
    assert len(list((tmp_path / "s" / "trials").iterdir())) == len(Squares.made) == 2


def test_what_was_made_is_found_and_nothing_made(tmp_path):
    folder = StudyFolder(tmp_path / "s", "squares")
    assert found_trials(Squares(), Scope(), folder)[1] == 6
    made = run_study(Squares(), Scope(), folder)
    Squares.made.clear()
    found, known = found_trials(Squares(), Scope(), folder)
    assert [trial.settings for trial in found] == [trial.settings for trial in made]
    assert (known, Squares.made) == (7, [])


def test_seconds_of_the_processor_do_not_count_waiting(tmp_path):
    class Waiting(Squares):
        def measure(self, settings):
            time.sleep(0.05)
            return {"value": 1.0}

    folder = StudyFolder(tmp_path / "s", "squares")
    trials = run_study(Waiting(), Scope(), folder)
    assert all(trial.spent == trial.core_seconds < 0.05 <= trial.seconds for trial in trials)
    assert [trial.spent for trial in run_study(Waiting(), Scope(), folder)] == [trial.spent for trial in trials]


def test_trials_made_before_the_processor_was_timed_have_their_wall_time(tmp_path):
    folder = StudyFolder(tmp_path / "s", "squares")
    old = {"settings": {"seed": 1}, "measured": {}, "seconds": 90.0, "error": ""}
    write_json(tmp_path / "s" / "trials" / f"{key_of('squares', old['settings'])}.json", old)
    trial = folder.find(old["settings"])
    assert trial.spent == 90
    text = Report(tmp_path).markdown(Squares(), Scope(), Trials([trial]), 1.0)
    assert "1.5 minutes of one core in all (of 1 trials wall time" in text


def test_processes_measure_the_same(tmp_path):
    study = find_study("binary-memory")
    settings = [{**one, "updates": 7} for one in study.plan(Scope(quick=True), Trials([]))[:2]]

    class Two(type(study)):
        def plan(self, scope, done):
            return settings

    alone = run_study(Two(), Scope(), StudyFolder(tmp_path / "a", study.name))
    beside = run_study(Two(), Scope(), StudyFolder(tmp_path / "b", study.name), jobs=2)
    assert [trial.measured for trial in alone] == [trial.measured for trial in beside]
    assert not alone.failed


def test_the_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="other files"):
        StudyFolder(tmp_path, "squares")
    StudyFolder(tmp_path / "s", "squares").start({})
    with pytest.raises(InputError, match="holds the study 'squares'"):
        StudyFolder(tmp_path / "s", "cubes")


def test_report_and_table(tmp_path):
    folder = StudyFolder(tmp_path / "s", "squares")
    folder.start({"quick": True})
    trials = run_study(Squares(), Scope(quick=True), folder)
    report = Report(folder.path)
    Squares().report(trials, report, Scope(quick=True))
    text = report.markdown(Squares(), Scope(quick=True), trials, 90.0)
    assert "| 3 | 9 |" in text
    assert "`gatework study squares --quick`: 4 trials" in text
    assert "1 of 4:\n\n- number=0 seed=1: ArithmeticError: nothing" in text
    rows = list(csv.DictReader(folder.write_table(trials).read_text().splitlines()))
    assert [row["value"] for row in rows] == ["9", "4", "", "-8"]
    assert "curve" not in rows[0]
    assert read_json(folder.path / "study.json") == {"study": "squares", "quick": True}
