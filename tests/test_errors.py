"""What a user reads when something is wrong: one line of cause, one of remedy."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from gatework import errors
from gatework.errors import DivergedError, GateworkError, InputError, did_you_mean


def test_cause_and_remedy_make_one_line():
    error = InputError("text.txt is empty", "give a file with text in it")
    assert str(error) == "text.txt is empty: give a file with text in it"
    assert str(DivergedError("the loss is not a number")) == "the loss is not a number"


def test_one_except_catches_them_all():
    own = [e for _, e in inspect.getmembers(errors, inspect.isclass) if issubclass(e, Exception)]
    assert len(own) > 5
    assert all(issubclass(error, GateworkError) for error in own)


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_survive_the_way_between_processes(again):
    error = again(InputError("cause", "remedy"))
    assert (type(error), error.cause, error.remedy) == (InputError, "cause", "remedy")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("hiden_size", "did you mean 'hidden_size'?"),
        ("layer", "did you mean 'layers'?"),
        ("xyz", "choose from batch, hidden_size, layers"),
    ],
)
def test_did_you_mean(word, hint):
    assert did_you_mean(word, iter(["layers", "hidden_size", "batch"])) == hint
