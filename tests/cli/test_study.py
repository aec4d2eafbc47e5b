"""gatework study: the list, a name that is none."""

from __future__ import annotations

from gatework.studies import Scope, StudyFolder, Trial, Trials, find_study


def test_studies_are_listed(command):
    shown = command("study")
    assert shown.status == 0
    assert "binary-memory" in shown.out


def test_a_name_that_is_none(command):
    shown = command("study", "binary-memori")
    assert shown.status == 2
    assert "Did you mean 'binary-memory'?" in shown.err


def test_a_report_on_nothing_needs_no_data_and_leaves_nothing(command, tmp_path, monkeypatch):
    monkeypatch.delenv("GATEWORK_DATA", raising=False)
    for name in ("binary-memory", "chung-2014"):
        shown = command("study", name, "--so-far", "--folder", str(tmp_path / "s"))
        assert shown.status == 2
        assert "has no trials yet" in shown.err
        assert not (tmp_path / "s").exists()


def test_a_report_on_what_was_made_so_far(command, tmp_path):
    study = find_study("binary-memory")
    folder = StudyFolder(tmp_path / "s", study.name)
    folder.start({})
    settings = study.plan(Scope(quick=True), Trials([]))[-1]
    measured = {"loss": 0.66, "memory": [0.5] * 13, "parameters": 7, "every": 1, "curve": [0.7]}
    folder.keep(Trial(settings, measured, 1.0))
    shown = command("study", "binary-memory", "--quick", "--so-far", "--folder", str(folder.path))
    assert shown.status == 0
    assert "**Unfinished**: 1 of the 10 trials" in (folder.path / "report.md").read_text(encoding="utf-8")
