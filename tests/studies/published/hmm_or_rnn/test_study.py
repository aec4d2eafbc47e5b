"""The study hmm-or-rnn with tiny trials: its plan, and a report in which every trial is found."""

from __future__ import annotations

from gatework.studies import Scope, StudyFolder, Trials, run_study
from gatework.studies.published.hmm_or_rnn.study import STUDY

TINY = {"iterations": 3, "restarts": 1, "updates": 4}


def test_a_report_of_short_trials(tmp_path, monkeypatch, gatework_data, told):
    full = STUDY.plan(Scope(quick=True, seeds=2), Trials([]))
    plan = [
        {**one, **{name: TINY[name] for name in TINY if name in one}, "train": one["train"] // 5, "test": 7}
        for one in full
    ]
    monkeypatch.setattr(type(STUDY), "plan", lambda *arguments: plan)
    trials = run_study(STUDY, Scope(quick=True), StudyFolder(tmp_path, STUDY.name))
    assert not trials.failed
    known = trials.where(data="known")
    assert all(trial["loss"] > trial["floor"] - 0.02 for trial in known)
    for data in ("known", "text"):
        told(STUDY, trials.where(data=data)[-1:])
    text = told(STUDY, trials)
    assert (tmp_path / "losses.png").stat().st_size > 10_000
    assert text.count("| 3 states, 5 symbols |") == 12
    assert "| hmm | 10 | 739 | approximates an LSTM |" in text
    assert text.count("| 10 states | ") == 3
    assert "; the claim holds for us where it is not better. The best LSTM of any size (64 units) has " in text


def test_networks_of_the_text_have_as_many_parameters_as_their_model():
    plan = STUDY.plan(Scope(), Trials([]))
    assert {one["as_hmm"] for one in plan if "as_hmm" in one} == {10, 20, 40}
    assert len(plan) == 3 * (2 * 3 * 6 + 3 + 9 + 3)
