"""A search goes on as if it had never been stopped; bad trials end early, failed ones are counted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gatework.errors import DamagedFileError, DivergedError, InputError
from gatework.studies.folder import StudyFolder
from gatework.studies.search import Dimension, Search, Space
from gatework.studies.search.search import JOURNAL, STARTUP, UNPRUNED, WARM, OutOfTimeError

pytest.importorskip("optuna")
SPACE = Space([Dimension("x", "model", -3.0, 5.0), Dimension("kind", "model", choices=("a", "b"))])


def bowl(values, judge):
    """Lowest at x = 2, kind b; three validations that come nearer to it."""
    rank = (values["x"] - 2) ** 2 + (values["kind"] == "a")
    for late in (4, 2, 1):
        judge(rank * late)
    return rank, {"note": values["kind"]}


def searched(search, trials, objective=bowl):
    while len(search.tried()) < trials:
        search.make(search.propose(), objective)
    return search.tried()


def test_it_finds_the_lowest_and_keeps_what_was_measured():
    search = Search(SPACE, seed=3)
    tried = searched(search, 40)
    best = search.best()
    assert best.values["kind"] == "b" == best.measured["note"]
    assert best.values["x"] == pytest.approx(2, abs=0.3)
    assert [one.number for one in tried] == list(range(1, 41))
    assert all(-3 <= one.values["x"] <= 5 for one in tried)


def test_proposals_gather_near_the_lowest():
    tried = searched(Search(SPACE, seed=3, prune=False), 40)
    first, last = tried[:STARTUP], tried[-STARTUP:]
    assert sum(one.rank for one in last) < sum(one.rank for one in first) / 3


def test_values_that_come_again_are_not_trained_again():
    trained = []

    def counting(values, judge):
        trained.append(values["kind"])
        return bowl({**values, "x": 0.0}, judge)

    tried = searched(Search(Space([SPACE[1]]), seed=3, prune=False), 9, counting)
    assert sorted(trained) == ["a", "b"]
    for one in tried[2:]:
        first = tried[one.measured.get("same_as", one.number) - 1]
        assert (first.values, first.rank) == (one.values, one.rank)
    assert sum("same_as" in one.measured for one in tried) == 7


def test_what_does_worse_than_the_median_ends_early():
    search = Search(SPACE, seed=1, sampler="random")
    tried = searched(search, 25)
    pruned = [one for one in tried if one.state == "pruned"]
    assert pruned
    for one in tried:
        earlier = [other.course for other in tried[: one.number - 1] if other.state == "done"]
        last = len(one.course) - 1
        worse = min(one.course) > np.median([course[last] for course in earlier] or [np.inf])
        assert (one.state == "pruned") == (len(earlier) >= UNPRUNED and last >= WARM - 1 and worse)
    assert {one.state for one in searched(Search(SPACE, seed=1, sampler="random", prune=False), 25)} == {"done"}


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_stopped_search_goes_on_as_it_would_have(tmp_path, sampler):
    whole = searched(Search(SPACE, seed=5, sampler=sampler), 17)

    def stopped(values, judge):
        judge(1.0)
        raise KeyboardInterrupt

    for count in (4, 13):
        search = Search(SPACE, folder=tmp_path, seed=5, sampler=sampler)
        searched(search, count)
        with pytest.raises(KeyboardInterrupt):
            search.make(search.propose(), stopped)
    Search(SPACE, folder=tmp_path, seed=5, sampler=sampler).propose()  # a process that is killed in its trial
    with (tmp_path / JOURNAL).open("a") as file:
        file.write('{"op_code":')
    again = searched(Search(SPACE, folder=tmp_path, seed=5, sampler=sampler), 17)
    assert [(one.values, one.rank, one.state) for one in again] == [(one.values, one.rank, one.state) for one in whole]


def test_a_damaged_journal_is_said(tmp_path):
    searched(Search(SPACE, folder=tmp_path), 2)
    lines = (tmp_path / JOURNAL).read_text().splitlines()
    (tmp_path / JOURNAL).write_text("\n".join([*lines[:4], "{what", *lines[4:]]) + "\n")
    with pytest.raises(DamagedFileError, match=r"journal\.log is damaged"):
        Search(SPACE, folder=tmp_path)


def test_a_trial_that_fails_is_counted_and_learnt_from():
    def hole(values, judge):
        if values["x"] < 0:
            raise DivergedError("the loss became nan", "lower it")
        return bowl(values, judge)

    search = Search(SPACE, seed=3, prune=False)
    tried = searched(search, 40, hole)
    failed = [one for one in tried if one.state == "failed"]
    assert {one.error for one in failed} == {"the loss became nan"}
    assert all(math.isnan(one.rank) and one.values["x"] < 0 for one in failed)
    assert search.best().state == "done"
    assert len([one for one in failed if one.number > 20]) < len([one for one in failed if one.number <= 20])


def test_a_trial_that_ran_out_of_time_does_not_count():
    def late(values, judge):
        raise OutOfTimeError

    search = Search(SPACE, seed=3)
    assert search.make(search.propose(), late) is None
    assert search.tried() == []
    assert search.best() is None
    assert search.seconds() > 0


def test_programming_errors_are_passed_on():
    def wrong(values, judge):
        raise TypeError("no")

    search = Search(SPACE)
    with pytest.raises(TypeError, match="no"):
        search.make(search.propose(), wrong)


def test_a_folder_is_gone_on_with_by_the_same_search_only(tmp_path):
    about = {"model": {"cell": "lstm"}, "sampler": "tpe"}
    assert StudyFolder(tmp_path / "s", "tune").start_or_go_on(about, "search") is False
    assert StudyFolder(tmp_path / "s", "tune").start_or_go_on(about, "search") is True
    with pytest.raises(InputError, match="its cell is 'lstm', here it is 'gru'"):
        StudyFolder(tmp_path / "s", "tune").start_or_go_on({**about, "model": {"cell": "gru"}}, "search")
    with pytest.raises(InputError, match="its sampler is 'tpe', here it is not given"):
        StudyFolder(tmp_path / "s", "tune").start_or_go_on({"model": {"cell": "lstm"}}, "search")
