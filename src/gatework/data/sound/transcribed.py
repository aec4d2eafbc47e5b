"""The examples of a transcriber: recordings as steps, transcripts as symbols."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from gatework.data.dataset import Dataset, make_dataset
from gatework.data.sound.alignments import steps_needed
from gatework.data.sound.lexicon import DIGITS, Lexicon, read_lexicon
from gatework.data.sound.spectra import LogMel
from gatework.data.sound.speech import BLANK, SpeechCodec, Utterance, is_silent, spelled
from gatework.data.sound.speech_parts import Progress, Said, Speech, read_speech
from gatework.data.text.ngrams import NGrams
from gatework.data.text.symbols import Splitting, Symbols
from gatework.errors import InputError
from gatework.settings import TranscribeData, Units

SHOWN = 8
"""Symbols that a note lists."""


def load_speech(
    config: TranscribeData,
    *,
    codec: SpeechCodec | None = None,
    progress: Progress = lambda done, total: None,
) -> Dataset[Utterance, SpeechCodec]:
    """Read recordings and transcripts, divide and encode them.

    Recordings in which nothing is to be heard, or which have fewer steps than their transcripts need, are left out of
    all parts; a note says so.

    Args:
        config: which, and how.
        codec: that of a trained model; made from the training part where there is none.
        progress: told how many recordings were read, and how many there are.

    Raises:
        InputError: a file is missing or no WAV file, a transcript is empty or has words that the lexicon lacks, the
            features are impossible, or nothing is left to train on.
    """
    lexicon = None if config.lexicon is None or codec else read_lexicon(config.lexicon)
    if codec is not None:
        lexicon = codec.lexicon
    speech = read_speech(config, rate=codec.features.rate if codec else None, lexicon=lexicon, progress=progress)
    name = Path(config.sources[0]).resolve().name
    names = ("the training part" if codec is None else name, "the validation part", "the test part")
    codec = codec or _new_codec(speech, config, lexicon)
    notes = list(speech.notes)
    train, validation, test = (
        _encoded(said, codec, f"of {part}", notes)
        for part, said in zip(names, (speech.train, speech.validation, speech.test), strict=True)
    )
    if config.max_length is not None:
        short = [one for one in train if len(one.steps) <= config.max_length]
        if len(short) < len(train):
            notes.append(f"{len(train) - len(short):,} training utterances are longer than {config.max_length} steps")
        train = short
    return make_dataset((train, validation, test), codec, config, name, notes)


def _new_codec(speech: Speech, config: TranscribeData, lexicon: Lexicon | None) -> SpeechCodec:
    units = config.units or ("phoneme" if lexicon is not None or speech.digits else "character")
    lexicon = (lexicon or DIGITS) if units == "phoneme" else None
    lower = units != "phoneme" and config.lower is not False  # phonemes are written as the lexicon has them
    texts = [_spelled(one, units, lexicon) for one in speech.train]
    splitting: Splitting = "character" if units == "character" else "token"
    symbols = Symbols.build(texts, splitting, lower=lower, special=(BLANK,))
    words = {word.lower() if lower or lexicon else word for one in speech.train for word in one.text.split()}
    return SpeechCodec(
        _features(speech.rate, config),
        config.stacked,
        units,
        symbols,
        tuple(sorted(words)),
        NGrams.of((symbols.encode(text).tolist() for text in texts), len(symbols), config.ngram),
        lexicon,
    )


def _features(rate: int, config: TranscribeData) -> LogMel:
    try:
        return LogMel(
            rate,
            frame_ms=config.frame_ms,
            step_ms=config.step_ms,
            bands=config.bands,
            deltas=config.deltas,
            normalised=config.normalised,
        )
    except ValueError as error:
        raise InputError(str(error), "change --bands, --frame-ms or --step-ms") from error


def _encoded(part: Sequence[Said], codec: SpeechCodec, what: str, notes: list[str]) -> list[Utterance]:
    """The examples of a part; ``notes`` are told what was left out, and what the training part did not know."""
    found, silent, short = [], [], []
    unknown: Counter[str] = Counter()
    for said in part:
        text = _spelled(said, codec.units, codec.lexicon)
        tokens, steps = codec.symbols.encode(text), codec.hear(said.samples)
        if is_silent(said.samples):
            silent.append(said.name)
        elif len(steps) < steps_needed(tokens):
            short.append(said.name)
        else:
            small = codec.symbols.lower or codec.lexicon is not None
            words = (said.text.lower() if small else said.text).split()
            found.append(Utterance(steps, tokens, tuple(words), said.name))
            unknown.update(name for name, token in zip(codec.symbols.split(text), tokens, strict=True) if not token)
    for names, why in ((silent, "silent"), (short, "too short for its transcript")):
        if names:
            notes.append(f"{why} and left out {what}: {len(names):,}, such as {names[0]}")
    if unknown:
        listed = " ".join(map(repr, sorted(unknown)[:SHOWN])) + " ..." * (len(unknown) > SHOWN)
        notes.append(f"symbols {what} that are not in training transcripts: {unknown.total():,}, namely {listed}")
    return found


def _spelled(said: Said, units: Units, lexicon: Lexicon | None) -> str:
    try:
        return spelled(said.text, units, lexicon)
    except InputError as error:
        remedy = f"{error.remedy}, or write other --units" if units == "phoneme" else error.remedy
        raise InputError(f"{said.name}: {error.cause}", remedy) from error
