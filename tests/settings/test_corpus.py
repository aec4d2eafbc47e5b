"""What a user can say about a corpus, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gatework.settings import CorpusConfig


def test_a_configuration_comes_back_from_json() -> None:
    config = CorpusConfig(sources=["a.txt", "-"], level="word", separator=r"\\n", validation=0.05, max_vocabulary=17)
    assert CorpusConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (r"\n\n", "\n\n"),
        ("\n", "\n"),
        (r"\\n", r"\n"),
        (r"\t|\u2028\x41", "\t|\u2028A"),
        (r"\r\n", "\n"),
        (r"\q", r"\q"),
    ],
)
def test_escapes_of_a_separator_are_understood(typed: str, meant: str) -> None:
    assert CorpusConfig(separator=typed).separator_text == meant


def test_bytes_keep_the_line_ends_of_a_separator() -> None:
    assert CorpusConfig(separator=r"\r\n", level="byte").separator_text == "\r\n"


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"validation": 0.7, "test": 0.3}, "nothing to train on"),
        ({"validation": 1.0}, "less than 1"),
        ({"test": -0.1}, "greater than or equal to 0"),
        ({"encoding": "utf-9"}, "utf-9.*name a text encoding"),
        ({"encoding": "hex"}, "not a text encoding"),
        ({"separator": ""}, "at least 1 character"),
        ({"level": "byte", "min_count": 2}, "bytes always have 256"),
        ({"level": "byte", "max_vocabulary": 99}, "bytes always have 256"),
        ({"level": "letter"}, "character"),
        ({"seperator": "x"}, "Extra inputs"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, object], cause: str) -> None:
    with pytest.raises(ValidationError, match=cause):
        CorpusConfig(**options)


def test_every_option_has_a_help_text() -> None:
    assert all(field.description for field in CorpusConfig.model_fields.values())


def test_standard_input_is_named_once() -> None:
    assert CorpusConfig(sources=["-", "a.txt"]).sources == ["-", "a.txt"]
    with pytest.raises(ValueError, match="only once"):
        CorpusConfig(sources=["-", "a.txt", "-"])
