"""A study is a file or a package of ``published/``, found by its name."""

from __future__ import annotations

import pytest

from gatework.errors import InputError
from gatework.studies import find_study, study_names


def test_every_study_has_the_name_that_finds_it():
    assert {"binary-memory", "long-lag", "jozefowicz-2015"} <= set(study_names())
    assert [find_study(name).name for name in study_names()] == study_names()


def test_a_name_that_is_nearly_one_is_helped():
    with pytest.raises(InputError, match="no study 'long-lags'"):
        find_study("long-lags")
