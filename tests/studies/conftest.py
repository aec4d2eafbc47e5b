"""What the tests of studies share: a report, written and read."""

from __future__ import annotations

import re

import pytest

from gatework.studies import Report, Scope


@pytest.fixture
def told(tmp_path):
    """Write a study's report on some trials into ``tmp_path``; its text, in which no figure is nan."""

    def tell(study, trials, scope=Scope(quick=True)):  # noqa: B008 (frozen)
        report = Report(tmp_path)
        study.report(trials, report, scope)
        text = report.markdown(study, scope, trials, 1.0)
        assert not re.search(r"\bnan\b", text)
        return text

    return tell
