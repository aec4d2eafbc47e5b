"""Speech with transcripts: spoken digits, one a recording, and sequences joined from them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gatework.data.files.sources import unreadable
from gatework.data.sound.audio import read_wav
from gatework.data.sound.lexicon import DIGIT_WORDS, DIGITS, Lexicon
from gatework.errors import InputError, did_you_mean

FADE_SECONDS = 0.01  # what two neighbours overlap by where they touch
LONGEST_SILENCE = 0.15  # seconds between two neighbours
NOISE = 1e-4  # deviation of the noise in a silence, full scale being 1: no recording is perfectly still

_NAME = re.compile(r"(\d)_(.+)_(\d+)\.wav")


class SpokenDigit(NamedTuple):
    """A recording of one digit: the file, the digit 0-9, who says it, and which of the like it is."""

    path: Path
    digit: int
    speaker: str
    take: int


class SpeechSplit(NamedTuple):
    """Recordings to train on and recordings to test with."""

    train: list[SpokenDigit]
    test: list[SpokenDigit]


@dataclass(frozen=True, eq=False)
class JoinedDigits:
    """Digits said one after the other.

    Attributes:
        samples: (n,) float32, full scale is -1 to 1.
        rate: samples a second.
        words: what is said.
        phonemes: how it is said.
        speaker: who says it.
        sources: the recordings that it was joined from.
    """

    samples: np.ndarray
    rate: int
    words: tuple[str, ...]
    phonemes: tuple[str, ...]
    speaker: str
    sources: tuple[SpokenDigit, ...]


def read_fsdd(folder: str | Path) -> list[SpokenDigit]:
    """List recordings of the free spoken digit dataset, DIGIT_SPEAKER_INDEX.wav, by digit, speaker and take.

    Raises:
        InputError: there is no such folder, it holds no recordings, or one is named otherwise.
    """
    folder = Path(folder)
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix.lower() == ".wav")
    except OSError as error:
        raise unreadable(folder, error) from error
    found = []
    for name in names:
        match = _NAME.fullmatch(name)
        if match is None:
            raise InputError(f"{folder / name} is not named DIGIT_SPEAKER_INDEX.wav", "rename it or take it out")
        found.append(SpokenDigit(folder / name, int(match[1]), match[2], int(match[3])))
    if not found:
        raise InputError(f"{folder} holds no recordings", "give a folder of files DIGIT_SPEAKER_INDEX.wav")
    return sorted(found, key=lambda one: one[1:])


def hold_out_speaker(recordings: Sequence[SpokenDigit], speaker: str) -> SpeechSplit:
    """Test with all recordings of one speaker, train on those of the others.

    Raises:
        InputError: nobody of that name speaks, or nobody else does.
    """
    train = [one for one in recordings if one.speaker != speaker]
    test = [one for one in recordings if one.speaker == speaker]
    if not test:
        raise InputError(f"there is no speaker {speaker!r}", did_you_mean(speaker, {one.speaker for one in recordings}))
    if not train:
        raise InputError(f"{speaker!r} is the only speaker", "give recordings of others to train on")
    return SpeechSplit(train, test)


def hold_out_recordings(recordings: Sequence[SpokenDigit], share: float = 0.25, *, seed: int) -> SpeechSplit:
    """Test with a random share of what each speaker says of each digit: all speakers are heard in training.

    Raises:
        ValueError: the share is not between 0 and 1.
        InputError: there is only one recording of some speaker's digit.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, not {share}")
    generator = np.random.default_rng(seed)
    groups: dict[tuple[str, int], list[SpokenDigit]] = {}
    for one in recordings:
        groups.setdefault((one.speaker, one.digit), []).append(one)
    split = SpeechSplit([], [])
    for (speaker, digit), group in sorted(groups.items()):
        if len(group) < 2:
            raise InputError(f"there is one recording of {digit} by {speaker!r}", "give two or more of each")
        number = min(max(1, round(share * len(group))), len(group) - 1)
        chosen = set(generator.permutation(len(group))[:number].tolist())
        for position, one in enumerate(group):
            (split.test if position in chosen else split.train).append(one)
    return split


def joined_digits(
    recordings: Sequence[SpokenDigit],
    number: int,
    *,
    seed: int,
    counts: tuple[int, int] = (3, 6),
    speakers: Sequence[str] | None = None,
    rate: int = 8000,
    lexicon: Lexicon = DIGITS,
) -> list[JoinedDigits]:
    """Join recordings of one speaker into sequences of digits.

    Who speaks, how many digits, and which recordings is drawn evenly. Each joint is, as often as not, a cross-fade
    of 10 ms or a silence of up to 150 ms. The same recordings and seed give the same sequences.

    Args:
        recordings: what is joined.
        number: sequences.
        seed: of all that is drawn.
        counts: the fewest and the most digits of a sequence.
        speakers: who speaks; all whom the recordings have if not given.
        rate: samples a second.
        lexicon: how the words zero to nine are said.

    Raises:
        ValueError: counts are not 1 <= fewest <= most, or number is negative.
        InputError: a speaker has no recordings, or a recording cannot be read.
    """
    if number < 0 or not 1 <= counts[0] <= counts[1]:
        raise ValueError(f"counts must be 1 <= fewest <= most, number not negative: {counts}, {number}")
    generator = np.random.default_rng(seed)
    by_speaker = _by_speaker(recordings, speakers)
    names = sorted(by_speaker)
    sounds: dict[Path, np.ndarray] = {}
    made = []
    for _ in range(number):
        speaker = names[generator.integers(len(names))]
        own = by_speaker[speaker]
        chosen = [
            own[place] for place in generator.integers(len(own), size=generator.integers(counts[0], counts[1] + 1))
        ]
        for one in chosen:
            if one.path not in sounds:
                sounds[one.path] = read_wav(one.path, rate).samples
        words = tuple(DIGIT_WORDS[one.digit] for one in chosen)
        samples = _joined([sounds[one.path] for one in chosen], rate, generator)
        made.append(JoinedDigits(samples, rate, words, tuple(lexicon.phonemes_of(words)), speaker, tuple(chosen)))
    return made


def _by_speaker(recordings: Sequence[SpokenDigit], speakers: Sequence[str] | None) -> dict[str, list[SpokenDigit]]:
    every: dict[str, list[SpokenDigit]] = {}
    for one in recordings:
        every.setdefault(one.speaker, []).append(one)
    if not every:
        raise InputError("there are no recordings to join", "give a folder of recordings")
    for speaker in speakers or ():
        if speaker not in every:
            raise InputError(f"there is no speaker {speaker!r}", did_you_mean(speaker, every))
    return {speaker: every[speaker] for speaker in speakers or every}


def _joined(sounds: Sequence[np.ndarray], rate: int, generator: np.random.Generator) -> np.ndarray:
    """Sounds one after the other, (n,) float32; each is faded in and out where another meets it."""
    longest = round(FADE_SECONDS * rate)
    joined = sounds[0]
    for sound in sounds[1:]:
        fade = min(longest, len(joined), len(sound))
        rise = (np.arange(fade, dtype=np.float32) + 0.5) / max(fade, 1)
        gap = -fade  # an overlap
        if generator.random() < 0.5:
            gap = int(generator.integers(round(LONGEST_SILENCE * rate) + 1))
        longer = np.zeros(len(joined) + gap + len(sound), np.float32)
        longer[: len(joined)] = joined
        longer[len(joined) - fade : len(joined)] *= rise[::-1]
        if gap > 0:
            longer[len(joined) : len(joined) + gap] = NOISE * generator.standard_normal(gap)
        longer[len(joined) + gap :] += np.concatenate([sound[:fade] * rise, sound[fade:]])
        joined = longer
    return joined
