"""The draws are the paper's kind; collections follow each other; rates are chosen on validation alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.io import savemat

from gatework.studies import Report, Scope, StudyFolder, Trial, Trials, run_study
from gatework.studies.music_training import train_on_music
from gatework.studies.published.chung_2014.study import CELLS, DRAWS, PUBLISHED, STUDY, chosen, drawn_rates


def answered(plan, validation):
    return Trials([Trial(one, {"validation": validation(one), "test": -validation(one)}, 1.0) for one in plan])


def grown(validation):
    """Every plan until nothing new, each trial answered by a function."""
    trials = Trials([])
    while True:
        plan = STUDY.plan(Scope(), trials)
        if len(plan) == len(trials):
            return trials
        trials = answered(plan, validation)


@pytest.fixture
def collection(tmp_path, monkeypatch):
    """A collection as the published files are: lists of pieces, which are lists of chords."""
    random = np.random.default_rng(3)
    parts = {}
    for part, count in (("traindata", 5), ("validdata", 2), ("testdata", 3)):
        cells = np.empty((1, count), dtype=object)
        for index in range(count):
            cells[0, index] = (random.random((7 + index, 88)) < 0.1).astype(np.uint8)
        parts[part] = cells
    (tmp_path / "data/music").mkdir(parents=True)
    for name in PUBLISHED:
        savemat(tmp_path / "data/music" / f"{name}.mat", parts)
    monkeypatch.setenv("GATEWORK_DATA", str(tmp_path / "data"))


def test_rates_are_log_uniform():
    rates = drawn_rates(DRAWS)
    assert len(set(rates)) == 10
    assert all(-12 <= math.log(rate) <= -6 for rate in rates)
    assert max(map(math.log, rates)) - min(map(math.log, rates)) > 3


def test_the_best_two_go_on_and_the_better_is_repeated():
    second, best = sorted(drawn_rates(DRAWS))[3:5]
    trials = grown(lambda one: abs(math.log(one["rate"] / best)) + (one["seed"] - 1) / 7)
    finals = trials.where(data="Piano_midi", cell="gru", stage="final")
    assert sorted((trial["rate"], trial["seed"]) for trial in finals) == [(second, 1), (best, 1), (best, 2), (best, 3)]
    (only,) = trials.where(data="MuseData", cell="gru", stage="final")
    assert (only["rate"], only["seed"]) == (best, 1)
    assert len(trials) == len(CELLS) * (3 * DRAWS + 2 * 4 + 2 * 1)


def test_rates_of_another_collection_are_taken_over():
    first, other = sorted(drawn_rates(DRAWS))[:2]
    best = {"Nottingham": other}
    trials = grown(lambda one: abs(one["rate"] - best.get(one["data"], first)))
    assert not trials.where(data="MuseData", stage="draw")
    assert {trial["rate"] for trial in trials.where(data="MuseData")} == {other}


def test_the_test_part_chooses_nothing():
    trials = grown(lambda one: one["rate"])  # where validation is best the test is worst
    group = chosen("Nottingham", "elman", trials)
    assert {trial["rate"] for trial in group} == {min(drawn_rates(DRAWS))}


def test_a_collection_is_finished_before_the_next_begins():
    trials = answered(STUDY.plan(Scope(), Trials([])), lambda one: one["rate"])
    assert {trial["data"] for trial in trials} == {"JSB_Chorales"}
    names = [trial["data"] for trial in grown(lambda one: one["rate"])]
    assert list(dict.fromkeys(names)) == list(PUBLISHED)
    assert names == sorted(names, key=list(PUBLISHED).index)


def test_a_collection_where_all_draws_failed_is_passed_over():
    plan = STUDY.plan(Scope(), Trials([]))
    failed = Trials([Trial(one, {}, 1.0, "DivergedError: x") for one in plan])
    assert {one["data"] for one in STUDY.plan(Scope(), failed)} == {"JSB_Chorales", "Piano_midi"}


@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_parameters_come_near_the_paper(cell, collection):
    model = {"cell": cell, "hidden_size": CELLS[cell][1]}
    measured = train_on_music("JSB_Chorales", model, {"epochs": 1}, seed=1)
    assert 18_000 <= measured["recurrent"] <= 19_000
    assert measured["parameters"] - measured["recurrent"] == 88 * (CELLS[cell][1] + 1)


def test_a_draw_measures_the_validation_part_alone(collection):
    plan = STUDY.plan(Scope(quick=True), Trials([]))
    measured = STUDY.measure({**plan[0], "epochs": 1})
    assert math.isfinite(measured["validation"])
    assert not {"train", "test", "test_pieces"} & set(measured)


def test_momentum_changes_what_is_learnt(collection):
    settings = {**STUDY.plan(Scope(quick=True), Trials([]))[0], "epochs": 5, "rate": 0.002, "stage": "final"}
    plain = STUDY.measure(settings)["curve"]
    assert STUDY.measure({**settings, "momentum": 0.0, "decay": 0.99})["curve"] == pytest.approx(plain, abs=2e-4)
    faster = STUDY.measure({**settings, "momentum": 0.9, "decay": 0.99})["curve"]
    assert faster[0] == pytest.approx(plain[0], abs=2e-4)  # the first update has nothing before it
    assert abs(faster[-1] - plain[-1]) > 0.01


def test_pieces_count_alike_in_their_mean(collection):
    measured = train_on_music("JSB_Chorales", {"hidden_size": 3}, {"epochs": 1}, seed=1)
    assert measured["test_pieces"] != measured["test"]  # test pieces have 6, 7 and 8 predicted steps
    assert measured["test_pieces"] == pytest.approx(measured["test"], rel=0.2)


def test_silence_learnt_costs_what_the_keys_frequencies_say(collection):
    measured = train_on_music("JSB_Chorales", {"hidden_size": 3}, {"epochs": 1, "learning_rate": 1e-12}, seed=1)
    assert 88 * 0.2 < measured["test"] < 88 * 0.5  # 88 keys at a tenth: 88 * 0.325 nats, and what few pieces mislead


def test_a_report_of_short_trials(tmp_path, monkeypatch, collection):
    plan = type(STUDY).plan
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: [{**one, "epochs": 1} for one in plan(*arguments)][:6])
    scope = Scope(quick=True)
    trials = run_study(STUDY, scope, StudyFolder(tmp_path / "s", STUDY.name))
    report = Report(tmp_path)
    STUDY.report(trials, report, scope)
    text = report.markdown(STUDY, scope, trials, 1.0)
    assert not trials.failed
    assert "| MuseData | LSTM | 6.23 | not measured | not measured |" in text
    assert "0 measured, of 12 in all" in text
    assert (tmp_path / "rates.png").stat().st_size > 10_000
