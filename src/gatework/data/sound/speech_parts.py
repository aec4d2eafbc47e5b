"""Recordings with transcripts, divided into parts: those of a table, or spoken digits joined into sequences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gatework.data.dataset import divided
from gatework.data.files.annotations import Annotation, read_annotations
from gatework.data.files.lines import suffix_of
from gatework.data.files.tables import SUFFIXES
from gatework.data.sound.audio import read_wav
from gatework.data.sound.lexicon import DIGITS, Lexicon
from gatework.data.sound.spoken import SpokenDigit, hold_out_speaker, joined_digits, read_fsdd
from gatework.errors import InputError
from gatework.settings import STANDARD_INPUT, TranscribeData

Progress = Callable[[int, int | None], None]
Record = Annotation | SpokenDigit


class Said(NamedTuple):
    """Something that was said: where it comes from, samples (n,) float32 of full scale 1, the transcript."""

    name: str
    samples: np.ndarray
    text: str


@dataclass(frozen=True, eq=False)
class Speech:
    """All that was said.

    Attributes:
        rate: samples a second.
        train, validation, test: the parts.
        digits: whether it was joined from spoken digits.
        notes: what was done to the recordings.
    """

    rate: int
    train: list[Said]
    validation: list[Said]
    test: list[Said]
    digits: bool
    notes: list[str]


def read_speech(
    config: TranscribeData,
    *,
    rate: int | None = None,
    lexicon: Lexicon | None = None,
    progress: Progress = lambda done, total: None,
) -> Speech:
    """Find recordings, divide them and read them at one rate.

    Args:
        config: which.
        rate: samples a second; if not given, what the configuration says, or the rate of most recordings.
        lexicon: how digits are said; as usual if not given.
        progress: told how many recordings were read, and how many there are.

    Raises:
        InputError: there is nothing to read, a file is missing or no WAV file, or a transcript is empty.
    """
    parts = _divided(config)
    paths = list(dict.fromkeys(one.path for part in parts for one in part))
    recordings: dict[Path, np.ndarray] = {}
    rates: dict[Path, int] = {}
    for done, path in enumerate(paths):
        progress(done, len(paths))
        recording = read_wav(path)
        recordings[path], rates[path] = recording.samples, recording.rate
    wanted = rate or config.rate or Counter(rates.values()).most_common(1)[0][0]
    for path, own in rates.items():
        if own != wanted:
            recordings[path] = read_wav(path, wanted).samples
    counts = sorted(Counter(own for own in rates.values() if own != wanted).items())
    notes = [f"{count:,} recording{'s' * (count > 1)} resampled from {own} to {wanted} Hz" for own, count in counts]
    digits = [[one for one in part if isinstance(one, SpokenDigit)] for part in parts]
    every = sum(map(len, parts))
    said = [
        _joined(own, number, round(config.sequences * len(own) / every), config, wanted, lexicon or DIGITS)
        if own
        else [Said(str(one.path), recordings[one.path], one.text) for one in part if isinstance(one, Annotation)]
        for number, (part, own) in enumerate(zip(parts, digits, strict=True))
    ]
    return Speech(wanted, said[0], said[1], said[2], bool(digits[0]), notes)


def _divided(config: TranscribeData) -> tuple[Sequence[Record], Sequence[Record], Sequence[Record]]:
    """The recordings of each part."""
    own = _found(config.sources, config)
    validation, test = (
        _found(sources, config) if sources else [] for sources in (config.validation_data, config.test_data)
    )
    if len({type(one) for one in (*own, *validation, *test)}) > 1:
        raise InputError(
            "some recordings have a table of transcripts, others are digits", "train on one form at a time"
        )
    if config.held_out_speaker is not None and not test:
        own, test, config = _without_speaker(own, config.held_out_speaker, config)
    groups = [(one.speaker, one.digit) if isinstance(one, SpokenDigit) else None for one in own]
    train, *held_out = divided(own, config, groups)
    if not train:
        raise InputError("there is no recording to train on", "give more, or hold out less")
    return train, validation or held_out[0], test or held_out[1]


def _without_speaker(
    records: Sequence[Record], speaker: str, config: TranscribeData
) -> tuple[Sequence[Record], Sequence[Record], TranscribeData]:
    """What the others say, what one says, and how the others' recordings are divided: none of them is a test."""
    digits = [one for one in records if isinstance(one, SpokenDigit)]
    if not digits:
        raise InputError("who speaks is known of files DIGIT_SPEAKER_INDEX.wav only", "hold out with --test-data")
    others, own = hold_out_speaker(digits, speaker)
    return others, own, config.model_copy(update={"test": 0.0})


def _found(sources: Sequence[str], config: TranscribeData) -> Sequence[Record]:
    """The recordings that a user names, in tables or folders."""
    if not sources or STANDARD_INPUT in sources:
        raise InputError("recordings are read from folders", "name one with WAV files and a table of transcripts")
    found: list[Record] = []
    for source in sources:
        path = Path(source)
        if path.is_dir() and not any(suffix_of(file) in SUFFIXES for file in path.iterdir()):
            found += _digits(path)
        elif suffix_of(path) == ".wav":
            raise InputError(
                f"{path} is a recording without a transcript", "give the table of transcripts, or a folder that has one"
            )
        else:
            found += read_annotations(
                path,
                path_column=config.path_column,
                text_column=config.text_column,
                encoding=config.encoding,
            )
    return found


def _digits(folder: Path) -> list[SpokenDigit]:
    try:
        return read_fsdd(folder)
    except InputError as error:
        cause = f"{folder} holds no table of transcripts (CSV, TSV or JSON Lines), and {error.cause}"
        raise InputError(cause, "put a table with the columns path and text beside the WAV files") from error


def _joined(
    part: Sequence[SpokenDigit], number: int, sequences: int, config: TranscribeData, rate: int, lexicon: Lexicon
) -> list[Said]:
    if not part:
        return []
    made = joined_digits(
        part,
        max(1, sequences),
        seed=3 * config.split_seed + number,
        counts=config.joined,
        rate=rate,
        lexicon=lexicon,
    )
    return [
        Said("+".join(one.path.stem for one in joined.sources), joined.samples, " ".join(joined.words))
        for joined in made
    ]
