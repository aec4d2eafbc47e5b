"""The study gru-or-lstm on a short text; its answer follows from the figures, whichever way they lie."""

from __future__ import annotations

import pytest

from gatework.studies import Report, Scope, StudyFolder, Trial, Trials, run_study
from gatework.studies.comparison import speeds
from gatework.studies.comparison.summary import summarised
from gatework.studies.published.gru_or_lstm import CELLS, STUDY, answer


@pytest.fixture
def short(tmp_path, monkeypatch):
    """A short text in the place of Tiny Shakespeare, and short trainings on it."""
    text = "the cat sat on the mat. a dog ran to the door,\nand out it went. " * 250
    (tmp_path / "tinyshakespeare.txt").write_text(text)
    monkeypatch.setenv("GATEWORK_DATA", str(tmp_path))
    monkeypatch.setattr(type(STUDY), "quick_updates", 4)
    monkeypatch.setattr(type(STUDY), "settings", lambda self: {"model": {"hidden_size": 11, "embedding_size": 5}})
    monkeypatch.setattr(speeds, "TURNS", 1)
    return tmp_path


def test_a_report(short):
    folder = StudyFolder(short / "s", STUDY.name)
    trials = run_study(STUDY, Scope(quick=True), folder)
    assert not trials.failed
    counted = trials.where(stage="counted")
    assert [len(counted.where(cell=cell)) for cell in CELLS] == [2, 2, 2]
    sizes = [counted.where(cell=cell)[0]["parameters"] for cell in CELLS]
    assert max(sizes) < 1.06 * min(sizes)
    report = Report(folder.path)
    STUDY.report(trials, report, Scope(quick=True))
    text = report.markdown(STUDY, Scope(quick=True), trials, 1.0)
    assert "`gatework study gru-or-lstm --quick`" in text
    assert "**GRU or LSTM?** " in text
    assert "| gru: about the same loss as lstm | Chung et al. 2014" in text
    assert text.count(", seed 1:\n\n    ") == 3
    assert STUDY.said(counted[0]).startswith(f"{counted[0].settings['cell']}, seed 1: test loss")


def found(losses):
    trials = Trials(
        [
            Trial(
                {"cell": cell, "seed": seed},
                {"loss": loss, "figures": ["loss"], "parameters": 7, "training_seconds": 1.0},
                1.0,
            )
            for cell, values in losses.items()
            for seed, loss in enumerate(values)
        ]
    )
    times = {"lstm": {"turns": [100.0]}, "gru": {"turns": [150.0]}, "elman": {"turns": [220.0]}}
    summary = {arm.name: arm for arm in summarised("cell", CELLS, trials, times)}
    return answer(summary, {cell: trials.where(cell=cell) for cell in CELLS})


@pytest.mark.parametrize(
    ("lstm", "gru", "elman", "said"),
    [
        ([1.5, 1.6], [1.3, 1.4], [1.9, 2.0], ("The GRU, here", "but is behind (its test loss minus that of the gru")),
        ([1.3, 1.4], [1.5, 1.6], [1.0, 1.1], ("The LSTM, here", "even ahead (its test loss minus that of the lstm")),
        ([1.3, 1.6], [1.6, 1.3], [1.4, 1.5], ("It does not matter much", "not told apart from the better gated cell")),
    ],
)
def test_the_answer(lstm, gru, elman, said):
    quality, plain, speed = found({"lstm": lstm, "gru": gru, "elman": elman})
    assert said[0] in quality
    assert said[1] in plain
    assert speed.endswith("the LSTM's being 1: gru 1.50, elman 2.20.")


def test_no_answer_without_all_three():
    assert found({"lstm": [1.0], "gru": [1.0]}) == ["It cannot be answered: no training of elman ended."]
