"""Rates are chosen by the first seed; what is solved ends early; the report has baseline and published figures."""

from __future__ import annotations

import torch

from gatework.studies import Report, Scope, StudyFolder, Trial, Trials, run_study
from gatework.studies.networks import StepReader
from gatework.studies.published.long_lag.study import CELLS, RATES, STUDY
from gatework.studies.published.long_lag.tasks import TASKS
from gatework.studies.published.long_lag.training import SOLVED, Lesson, learn, reach
from gatework.studies.sources.counting import counted


def test_the_better_rate_gets_the_other_seeds():
    first = STUDY.plan(Scope(), Trials([]))
    assert {settings["task"] for settings in first} == set(TASKS)
    assert {settings["cell"] for settings in first} == set(CELLS)
    made = [
        Trial(settings, {"loss": 1.0, "right": 0.5 + (settings["rate"] == RATES[1]), "updates": 9}, 1.0)
        for settings in first
    ]
    later = [settings for settings in STUDY.plan(Scope(), Trials(made)) if settings not in first]
    assert {settings["rate"] for settings in later} == {RATES[1]}
    assert {settings["seed"] for settings in later} == {2}
    assert max(settings["length"] for settings in later) == 100


def test_learning_ends_where_the_task_is_solved():
    torch.manual_seed(3)
    task = TASKS["latched noise"]
    model = StepReader("gru", task.inputs, 13, task.outputs)
    found = learn(model, task, Lesson(length=5, updates=300, batch=32, rate=0.02, seed=3))
    assert found["solved"] == found["updates"] < 300
    assert found["right"] >= SOLVED
    assert found["loss"] < task.baseline(5) / 2


def test_a_counter_reaches_as_far_as_it_is_right():
    class ShortWordsOnly(torch.nn.Module):
        """Knows what is wanted, and says the opposite for words with n above 3."""

        def forward(self, x):
            answers = counted(2, x[..., 1].sum(0).long().tolist()).wanted * 2 - 1
            answers[:, 3:] *= -1
            return answers, None

    assert reach(ShortWordsOnly(), TASKS["a^n b^n"], 7) == 3


def test_a_report_of_short_trials(tmp_path, monkeypatch):
    plan = [
        {
            "task": task,
            "length": 5,
            "cell": cell,
            "updates": 2,
            "hidden": 3,
            "batch": 2,
            "most": 4,
            "rate": 0.01,
            "seed": 1,
        }
        for task, cell in [("adding", "lstm"), ("a^n b^n", "chrono lstm"), ("copying", "lru"), ("digits", "orthogonal")]
    ]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: plan)
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    assert not trials.failed
    report = Report(tmp_path)
    STUDY.report(trials, report, Scope(quick=True))
    text = report.markdown(STUDY, Scope(quick=True), trials, 1.0)
    assert "remembers nothing: 0.1667" in text
    assert "| lstm | 0.164 at T=600 (Bai 2018) |" in text
    assert "## a^n b^n, 5" in text
    assert (tmp_path / "overview.png").stat().st_size > 10_000
