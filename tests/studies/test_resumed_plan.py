"""A study whose later trials depend on earlier ones has all of them again when it is reported once more."""

from __future__ import annotations

from gatework.studies import Report, Scope, Study, StudyFolder, Trials, run_study


class Staged(Study):
    name, title, question, sources = "staged", "Staged", "Which?", ("none",)

    def plan(self, scope, done):
        first = [{"stage": 1, "value": value} for value in (3, 2)]
        best = done.where(stage=1).best("value")
        return first + ([] if best is None else [{"stage": 2, "value": best["value"]}])

    def measure(self, settings):
        return {"value": settings["value"]}

    def report(self, trials: Trials, report: Report, scope: Scope) -> None: ...


def test_later_trials_are_found_again(tmp_path):
    folder = StudyFolder(tmp_path, "staged")
    folder.start({})
    first = run_study(Staged(), Scope(), folder)
    again = run_study(Staged(), Scope(), StudyFolder(tmp_path, "staged"))
    assert [trial.settings for trial in first] == [trial.settings for trial in again]
    assert [trial["stage"] for trial in again] == [1, 1, 2]
