"""Every study can be reported on before anything was measured, and where everything failed."""

from __future__ import annotations

import re

import pytest

from gatework.studies import Scope, Trial, Trials, find_study, study_names


def all_failed(study, scope):
    """All trials that a study plans where each of them fails."""
    made = Trials([])
    while True:
        plan = study.plan(scope, made)
        if len(plan) == len(made):
            return made
        made = Trials([Trial(settings, {}, 1.0, "ArithmeticError: no") for settings in plan])


@pytest.mark.parametrize("name", study_names())
def test_what_is_missing_is_not_measured(name, told, tmp_path):
    study = find_study(name)
    failed = all_failed(study, Scope())
    for trials, scope in ((Trials([]), Scope(quick=True)), (failed, Scope())):
        text = told(study, trials, scope)
        pictures = re.findall(r"\]\((\w+\.png)\)", text)
        assert all((tmp_path / picture).read_bytes().startswith(b"\x89PNG") for picture in pictures)
    assert "not measured" in text or "| --- |" not in text
    assert f"{len(failed)} of {len(failed)}:" in text.partition("## Failed trials")[2]
