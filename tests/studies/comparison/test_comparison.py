"""A comparison's trainings are those that `fit` would make; rates are chosen before anything counts."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

import gatework
from gatework.data import load_corpus
from gatework.errors import InputError
from gatework.models import LanguageModel
from gatework.settings import checked_config
from gatework.studies import Report, Scope, StudyFolder, Trial, Trials, run_study
from gatework.studies.comparison import speeds
from gatework.studies.comparison.arms import Arm, cell_arms, named_cells
from gatework.studies.comparison.comparison import Comparison, _read, with_test_part
from gatework.studies.comparison.training import course
from gatework.training import evaluate

RATES = (0.01, 0.03, 0.09)


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    """Speeds have a test of their own."""
    monkeypatch.setattr(speeds, "TURNS", 1)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "my.txt"
    path.write_text("the cat sat on the mat. a dog ran to the door,\nand out it went. " * 25)
    shape = {"hidden_size": 11, "embedding_size": 5}
    how = {"batch": 3, "window": 7, "steps": 9, "validate_every": 4, "seed": 5, "device": "cpu"}
    data = {"sources": [str(path)], "test": 0.15}
    return checked_config({"task": "language", "data": data, "model": shape, "training": how})


def compared(config, cells=("gru", "elman"), rates=(), **options):
    corpus = load_corpus(config.data)
    return Comparison("cell", config, cell_arms(config, named_cells(cells), corpus, rates), corpus, **options)


def answered(comparison, done, rank):
    """The whole plan with made-up results."""
    plan = comparison.plan(Scope(), done)
    return Trials([Trial(one, {"rank": rank(one), "speeds": {}, "loss": 1.0}, 1.0) for one in plan])


def test_speeds_come_first_and_alone(config):
    (first,) = compared(config).plan(Scope(), Trials([]))
    assert first["stage"] == "speed"
    assert set(first["arms"]) == {"gru", "elman"}


def test_without_rates_all_seeds_of_all_cells(config):
    comparison = compared(config, seeds=2)
    plan = comparison.plan(Scope(), answered(comparison, Trials([]), lambda one: 1.0))[1:]
    assert [(one["cell"], one["seed"]) for one in plan] == [("gru", 5), ("elman", 5), ("gru", 6), ("elman", 6)]
    assert all(one["steps"] == 9 and "learning_rate" not in one and "sources" not in one for one in plan)
    more = comparison.plan(Scope(seeds=3), answered(comparison, Trials([]), lambda one: 1.0))
    assert more[1:5] == plan
    assert len(more) == 7


def test_rates_are_chosen_at_a_seed_that_does_not_count(config):
    comparison = compared(config, rates=RATES, seeds=2, most_rates=4)

    def rank(one):
        best = {"gru": 0.03, "elman": 0.09}.get(one["cell"])
        return 0.0 if one["stage"] == "speed" else abs(one["learning_rate"] - best)

    done = Trials([])
    for _ in range(4):
        done = answered(comparison, done, rank)
    tried = done.where(stage="rate")
    assert {trial["seed"] for trial in tried} == {1005}
    assert sorted(trial["learning_rate"] for trial in tried.where(cell="gru")) == [0.01, 0.03, 0.09]
    assert sorted(trial["learning_rate"] for trial in tried.where(cell="elman")) == [0.01, 0.03, 0.09, 0.27]
    counted = done.where(stage="counted")
    assert {(trial["cell"], trial["learning_rate"]) for trial in counted} == {("gru", 0.03), ("elman", 0.09)}
    assert len(counted) == 4


def test_a_training_is_the_one_that_fit_makes(config):
    comparison = compared(config)
    corpus = comparison.data
    settings = comparison.plan(Scope(), answered(comparison, Trials([]), lambda one: 1.0))[2]
    measured = comparison.measure(settings)
    torch.manual_seed(5)
    model = LanguageModel(config.model.model_copy(update=comparison.arms["elman"].model), corpus.vocabulary)
    outcome = gatework.fit(model, corpus, **config.training.model_dump(exclude_unset=True))
    assert measured["loss"] == evaluate(model, corpus.test).loss
    assert measured["rank"] == outcome.validation.loss
    assert measured["updates"] == 9
    assert [point[0] for point in measured["validation"]] == [4, 8, 9]
    assert [point[2] for point in measured["validation"]] == [
        round(row["loss"], 5) for row in outcome.rows if row["kind"] == "validation"
    ]
    assert measured["figures"] == ["loss", "bits", "perplexity"]
    assert measured["sample"]


def test_another_process_reads_the_data_itself(config):
    comparison = compared(config)
    settings = comparison.plan(Scope(), answered(comparison, Trials([]), lambda one: 1.0))[1]
    packed = pickle.dumps(comparison)
    assert len(packed) < 3000
    here, there = comparison.measure(settings), pickle.loads(packed).measure(settings)
    untimed = [name for name in here if name not in ("training_seconds", "train", "validation")]
    assert {name: here[name] for name in untimed} == {name: there[name] for name in untimed}
    Path(config.data.sources[0]).write_text("something else, and more of it. " * 60)
    _read.cache_clear()
    with pytest.raises(InputError, match="has changed since the comparison began"):
        pickle.loads(packed).measure(settings)


def test_a_report_has_all_of_it(config, tmp_path):
    comparison = compared(config, rates=(0.02, 0.06), seeds=2, words=["gatework", "compare"])
    folder = StudyFolder(tmp_path / "c", comparison.name)
    assert comparison.missing(Scope(), folder) == {"gru": 4, "elman": 4}
    trials = run_study(comparison, Scope(), folder)
    assert not trials.failed
    assert comparison.missing(Scope(), folder) == {"gru": 0, "elman": 0}
    report = Report(folder.path)
    comparison.report(trials, report, Scope())
    text = report.markdown(comparison, Scope(), trials, 1.0)
    assert text.startswith("# gru, elman on my.txt\n")
    assert "Source:" not in text
    assert "judged by the test part, which chose nothing" in text
    for part in ("Best by loss on the test part: **", "Fastest: **", "| gru | 0.02, 0.06 |", "elman, seed 5:\n\n    "):
        assert part in text
    assert (folder.path / "courses.png").stat().st_size > 8000
    assert (folder.path / "rates.png").stat().st_size > 8000
    difference = comparison.record(trials)["cells"][1]["differences"]["loss"]
    losses = {cell: trials.where(cell=cell, stage="counted").values("loss") for cell in ("gru", "elman")}
    by_hand = [one - other for one, other in zip(losses["elman"], losses["gru"], strict=True)]
    assert difference["mean"] == pytest.approx(sum(by_hand) / 2)
    assert difference["count"] == 2


def test_failed_trainings_are_counted_and_the_rest_is_told(config, tmp_path):
    corpus = load_corpus(config.data)
    broken = Arm("broken", training={"optimizer": "sgd", "learning_rate": 1e38, "clip_norm": 1e38, "warmup": 0})
    comparison = Comparison("method", config, [Arm("usual"), broken], corpus, seeds=2)
    trials = run_study(comparison, Scope(), StudyFolder(tmp_path / "c", comparison.name))
    usual, other = comparison.summary(trials)
    assert (usual.good, usual.failed, other.good, other.failed) == (2, 0, 0, 2)
    report = Report(tmp_path / "c")
    comparison.report(trials, report, Scope())
    assert "Best by loss on the test part: **usual**" in "\n".join(report.parts)
    assert "method usual" not in comparison.said(trials.failed[0])
    assert comparison.said(trials.failed[0]).startswith("broken, seed 5: DivergedError")


def test_a_tenth_is_held_out_unless_the_user_says_otherwise():
    def shares(**data):
        found = with_test_part(checked_config({"task": "classify", "data": data})).data
        return found.validation, found.test, found.test_data

    assert shares() == (0.1, 0.1, [])
    assert shares(test=0.0) == (0.1, 0.0, [])
    assert shares(test=0.3, validation=0.2) == (0.2, 0.3, [])
    assert shares(test_data=["a.csv"]) == (0.1, 0.0, ["a.csv"])


def test_without_a_test_part_the_validation_part_judges(config):
    def with_shares(**data):
        given = config.model_dump(mode="json", exclude_unset=True)
        return checked_config({**given, "data": {**given["data"], **data}})

    comparison = compared(with_shares(test=0.0))
    assert comparison.part == "validation"
    with pytest.raises(InputError, match="nothing to judge by"):
        compared(with_shares(test=0.0, validation=0.0))
    with pytest.raises(InputError, match="nothing to choose learning rates by"):
        compared(with_shares(validation=0.0), rates=RATES)


def test_long_courses_become_means_of_stretches():
    rows = [{"kind": "train", "step": n, "wall_seconds": n / 2, "loss": float(n)} for n in range(1, 131)]
    found = course(rows, "train")
    assert len(found) == 44
    assert found[0] == [2.0, 1.0, 2.0]
    assert found[-1] == [130.0, 65.0, 130.0]
    assert course(rows, "validation") == []
