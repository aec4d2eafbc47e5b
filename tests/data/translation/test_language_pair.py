"""Source and target as numbers."""

from __future__ import annotations

import json

import pytest

from gatework.data.text.symbols import END, START
from gatework.data.translation.language_pair import LanguagePair
from gatework.errors import DamagedFileError
from gatework.settings.tasks.translate import TranslationData

PAIRS = [("a red house .", "ein rotes Haus ."), ("two red houses !", "zwei rote Häuser !"), ("a house", "ein Haus")]


def make(**options):
    return LanguagePair.build(PAIRS, TranslationData(**{"max_vocabulary": 60, **options}))


@pytest.mark.parametrize("level", ["token", "word", "character", "bpe"])
@pytest.mark.parametrize("shared", [False, True])
def test_texts_are_numbers_and_come_back(level, shared):
    pair = make(level=level, shared_vocabulary=shared)
    for source, target in PAIRS:
        assert pair.read(source)[-1] == pair.source.id(END)
        assert pair.written(target)[-1] == pair.end
        shown = target.replace(" .", ".").replace(" !", "!") if level == "word" else target  # joined as prose is
        assert pair.text(pair.written(target)[:-1]) == shown
    assert pair.start == pair.target.id(START) != pair.end
    again = LanguagePair.from_json(json.loads(json.dumps(pair.to_json())))
    assert again == pair
    assert (again.source is again.target) == shared


def test_what_each_language_knows():
    apart, shared = make(level="token"), make(level="token", shared_vocabulary=True)
    assert apart.source.encode("rotes").tolist() == [0]
    assert shared.source.encode("rotes").tolist() != [0]
    assert make(level="token", min_count=2).target.names[3:] == ("Haus", "ein")
    assert len(make(level="token", max_vocabulary=7).target) == 7
    assert make(level="token", lower=True).reference("Häuser") == "häuser"
    assert make(level="token").reference("Häuser") == "Häuser"


def test_symbols_can_be_replaced():
    pair = make(level="token")
    numbers = pair.target.encode("ein Baum Haus")
    assert pair.text(numbers) == "ein <unknown> Haus"
    assert pair.text(numbers, [None, "tree", None]) == "ein tree Haus"


@pytest.mark.parametrize(
    "change", [{"source": None}, {"target": {}}, {"target": {"splitting": "token", "names": ["<unknown>", "a"]}}]
)
def test_damage_is_noticed(change):
    with pytest.raises(DamagedFileError):
        LanguagePair.from_json({**make(level="token").to_json(), **change})


def test_a_language_without_an_end_is_damaged():
    value = make(level="token").to_json()
    value["target"] = {"splitting": "token", "names": ["<unknown>", "a"], "lower": False, "special": 1}
    with pytest.raises(DamagedFileError):
        LanguagePair.from_json(value)
