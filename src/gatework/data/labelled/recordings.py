"""Recordings of examples read at one rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gatework.data.labelled.labelled_examples import LabelledExample
from gatework.data.sound.audio import Recording, read_wav

Progress = Callable[[int, int | None], None]
Parts = tuple[list[LabelledExample], list[LabelledExample], list[LabelledExample]]


class Heard(NamedTuple):
    """Parts of examples whose values are samples (n,) float32, what was done to some, and their rate."""

    examples: Parts
    notes: list[str]
    rate: int | None


def read_recordings(parts: Parts, rate: int | None, progress: Progress | None = None) -> Heard:
    """Read the WAV files of examples.

    Args:
        parts: examples whose values are paths; the training part first.
        rate: samples a second that all shall have; None: those of most training examples.
        progress: told how many were read and how many there are.

    Raises:
        InputError: a file cannot be read or is no WAV file.
    """
    total, done = sum(map(len, parts)), 0
    heard: list[list[Recording]] = []
    for part in parts:
        heard.append([])
        for example in part:
            assert isinstance(example.value, Path)
            heard[-1].append(read_wav(example.value, rate))
            done += 1
            if progress is not None:
                progress(done, total)
    if rate is None and parts[0]:
        rate = Counter(recording.rate for recording in heard[0]).most_common(1)[0][0]
        heard = [
            [_at(rate, *pair) for pair in zip(part, one, strict=True)] for part, one in zip(parts, heard, strict=True)
        ]
    done_to = Counter(recording.note for part in heard for recording in part if recording.note)
    notes = [f"{count:,} recording{'s' * (count > 1)} {note}" for note, count in done_to.items()]
    train, validation, test = (_with(part, one) for part, one in zip(parts, heard, strict=True))
    return Heard((train, validation, test), notes, rate)


def _at(rate: int, example: LabelledExample, recording: Recording) -> Recording:
    assert isinstance(example.value, Path)
    return recording if recording.rate == rate else read_wav(example.value, rate)


def _with(examples: Sequence[LabelledExample], recordings: Sequence[Recording]) -> list[LabelledExample]:
    return [example._replace(value=recording.samples) for example, recording in zip(examples, recordings, strict=True)]
