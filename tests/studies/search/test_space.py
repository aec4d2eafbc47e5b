"""What may be searched, as a user names it; draws stay within, and can be typed again."""

from __future__ import annotations

import pytest

from gatework.errors import InputError
from gatework.settings import checked_config
from gatework.studies.search import Dimension, Space, usual_space
from gatework.studies.search.space import named_dimension

CONFIG = checked_config({"task": "language", "model": {"hidden_size": 40}})
SECTIONS = {"model": CONFIG.model, "training": CONFIG.training}
USUAL = usual_space(SECTIONS, 0.006)


def test_the_usual_space_lies_around_the_settings():
    assert [str(one) for one in USUAL] == [
        "learning_rate 0.0003 to 0.03 (log)",
        "hidden_size 10 to 80 (log)",
        "layers 1 to 3",
        "dropout 0 to 0.6",
    ]
    assert [one.section for one in USUAL] == ["training", "model", "model", "model"]
    assert [one.whole for one in USUAL] == [False, True, True, False]


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("dropout", Dimension("dropout", "model", 0.0, 0.6)),
        ("--hidden-size", Dimension("hidden_size", "model", 10, 80, log=True, whole=True)),
        ("hidden_size=8:79", Dimension("hidden_size", "model", 8, 79, whole=True)),
        ("batch=8:80", Dimension("batch", "training", 8, 80, log=True, whole=True)),
        ("weight-decay=0.01:1", Dimension("weight_decay", "training", 0.01, 1, log=True)),
        ("dropout=0:0.9", Dimension("dropout", "model", 0, 0.9)),
        ("cell=lstm,gru", Dimension("cell", "model", choices=("lstm", "gru"))),
        ("clip_norm=0.5,5", Dimension("clip_norm", "training", choices=(0.5, 5))),
        ("tied=true,false", Dimension("tied", "model", choices=(True, False))),
    ],
)
def test_what_a_user_names(word, wanted):
    assert named_dimension(word, SECTIONS, USUAL) == wanted


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("hiden_size=3:9", "there is no setting 'hiden_size' to be searched: did you mean 'hidden_size'?"),
        ("seed=1:9", "there is no setting 'seed'"),
        ("level=word,character", "there is no setting 'level'"),
        ("batch", "--search batch says no values"),
        ("batch=9:3", "--search batch=9:3 is no range"),
        ("batch=a:b", "--search batch=a:b is no range"),
        ("dropout=0.1:nan", "is no range"),
        ("layers=1:2.5", "layers is a whole number"),
        ("cell=lstm", "leaves nothing to choose"),
        ("cell=lstm,lstm", "leaves nothing to choose"),
        ("clip_norm=0.5,null", "no option can be given null"),
    ],
)
def test_what_cannot_be_searched(word, said):
    with pytest.raises(InputError, match=r"^[^\n]*$") as caught:
        named_dimension(word, SECTIONS, USUAL)
    assert said in str(caught.value)


def test_shares_of_a_range():
    rate = Dimension("learning_rate", "training", 0.001, 0.1, log=True)
    assert [rate.at(share) for share in (0, 0.5, 1)] == [0.001, 0.01, 0.1]
    assert Dimension("layers", "model", 1, 5, whole=True).at(0.5) == 3
    assert [Dimension("cell", choices=("a", "b")).at(share) for share in (0, 0.6, 1)] == ["a", "b", "b"]


def test_a_drawn_value_is_tried_with_three_digits():
    assert Dimension("learning_rate").value(0.00123456) == 0.00123
    assert Dimension("layers", whole=True).value(3) == 3


def test_corners_and_sections():
    cells = Dimension("cell", "model", choices=("lstm", "gru", "elman"))
    space = Space([Dimension("learning_rate", "training", 0.1, 0.3), cells])
    corners = space.corners()
    assert {corner["learning_rate"] for corner in corners} == {0.1, 0.3}
    assert {corner["cell"] for corner in corners} == {"lstm", "gru", "elman"}
    assert space.placed(corners[0]) == {"training": {"learning_rate": 0.1}, "model": {"cell": "lstm"}}
