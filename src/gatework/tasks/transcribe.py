"""The task of a transcriber: recordings in, what is said in them out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gatework.data.codec import Codec
from gatework.data.dataset import Dataset
from gatework.data.sound.audio import Recording, read_wav
from gatework.data.sound.speech import SpeechCodec, Utterance, is_silent
from gatework.data.sound.transcribed import load_speech
from gatework.data.text.edit_distance import errors
from gatework.errors import InputError
from gatework.generation.transcripts import search, transcribe
from gatework.insight import plot_phonemes
from gatework.models import Transcriber
from gatework.settings import (
    STANDARD_INPUT,
    DataConfig,
    PredictionConfig,
    RunConfig,
    TranscribeData,
    TranscribePrediction,
    TranscriberConfig,
)
from gatework.tasks.example_task import ExampleTask, chunks, lines_of
from gatework.tasks.task import Answer, Progress
from gatework.training import Score


class TranscribeTask(ExampleTask[Transcriber]):
    """Speech in, symbols and words out.

    Args:
        measured: how the transcripts that are measured are searched for; as usual where None.
    """

    name = "transcribe"
    model = Transcriber

    def __init__(self, measured: TranscribePrediction | None = None) -> None:
        self.measured = TranscribePrediction() if measured is None else measured

    def answering(self, options: PredictionConfig) -> TranscribeTask:
        """The same, measuring transcripts that are searched for so."""
        assert isinstance(options, TranscribePrediction)
        return TranscribeTask(options)

    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> Dataset[Utterance, SpeechCodec]:
        """Read recordings and transcripts."""
        assert isinstance(config, TranscribeData)
        assert codec is None or isinstance(codec, SpeechCodec)
        return load_speech(config, codec=codec, progress=progress or (lambda done, total: None))

    def activations(self, config: RunConfig, data: Dataset) -> int:
        """States and gates of a batch of the longest recordings."""
        assert isinstance(config.model, TranscriberConfig)
        longest = max(len(one.steps) for one in data.train)
        directions = 2 if config.model.bidirectional else 1
        a_step = config.model.layers * directions * 3 * config.model.hidden_size + 2 * len(data.codec.symbols)
        return min(config.training.batch, len(data.train)) * longest * a_step

    def show(self, model: Transcriber, examples: Sequence[Utterance]) -> str:
        """What was said and what is heard."""
        found = transcribe(model, [one.steps for one in examples], TranscribePrediction(beam=1))
        return "\n".join(
            f"said   {_line(model, model.codec.names(one.tokens.tolist()), ' '.join(one.words))}\n"
            f"heard  {_line(model, heard.symbols, heard.text)}"
            for one, heard in zip(examples, found, strict=True)
        )

    def reading(self, model: Transcriber) -> dict[str, Any]:
        """Units; the model's codec knows the rest. All speakers are heard."""
        return {"units": model.codec.units, "lexicon": None, "held_out_speaker": None}

    def score(
        self,
        model: Transcriber,
        data: Dataset,
        part: str,
        *,
        name: str,
        poll: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Score:
        """Greedy decoding, and the beam search of ``predict`` beside it."""
        found = super().score(model, data, part, name=name, poll=poll, progress=progress)
        pairs: list[tuple[list[int], list[int]]] = []
        words: list[tuple[list[str], Sequence[str]]] = []
        for examples in chunks(getattr(data, part), self.measured.batch):
            poll()
            best = search(model, *model.hear([one.steps for one in examples]), self.measured)
            pairs += [(one.tokens, right.tokens.tolist()) for one, right in zip(best, examples, strict=True)]
            words += [
                (model.codec.words_of(one.tokens), right.words) for one, right in zip(best, examples, strict=True)
            ]
        (wrong, count), (wrong_words, word_count) = errors(pairs), errors(words)
        beam = {f"beam_{model.codec.units}_error_rate": wrong / count, "beam_word_error_rate": wrong_words / word_count}
        return dataclasses.replace(found, figures={**found.figures, **beam})

    def score_lines(self, model: Transcriber, score: Score, name: str) -> list[str]:
        """Loss and figures, and how the beam searched."""
        found = self.measured
        how = f"beam {found.beam}, language weight {found.language_weight:g}, insertion bonus {found.insertion_bonus:g}"
        return [*super().score_lines(model, score, name), f"beam search: {how}"]

    def inputs(self, sources: Sequence[str], encoding: str) -> Iterator[str]:
        """Names of WAV files: as given, those in a folder, or lines of standard input."""
        for source in sources or [STANDARD_INPUT]:
            if source == STANDARD_INPUT:
                yield from (line.strip() for line, _ in lines_of([source], encoding) if line.strip())
            elif Path(source).is_dir():
                inside = sorted(path for path in Path(source).iterdir() if path.suffix.lower() == ".wav")
                if not inside:
                    raise InputError(f"the folder {source} holds no WAV files", "name one that does")
                yield from map(str, inside)
            else:
                yield source

    def answer(
        self,
        model: Transcriber,
        inputs: Iterable[str],
        options: PredictionConfig,
        note: Callable[[str], None] = lambda text: None,
    ) -> Iterator[Answer]:
        """Symbols, text, score, and when each symbol was said; a note where something is odd."""
        assert isinstance(options, TranscribePrediction)
        for recordings in _read(inputs, model.codec.features.rate, options.batch):
            found = transcribe(model, [model.codec.hear(one.samples) for _, one in recordings], options)
            for (file, recording), heard in zip(recordings, found, strict=True):
                notes = [recording.note] if recording.note else []
                notes += ["silence"] if is_silent(recording.samples) else []
                answer: Answer = {"file": file, "tokens": list(heard.symbols), "text": heard.text}
                answer |= {"score": round(heard.score, 4), "times": [list(span) for span in heard.times]}
                yield {**answer, **({"note": ", ".join(notes)} if notes else {})}

    def as_text(self, answer: Answer) -> str:
        """File and text."""
        return f"{answer['file']}\t{answer['text']}"

    def pictures(self, model: Transcriber, data: Dataset, folder: Path, *, layer: int = 0) -> list[Path]:
        """Features and the probabilities of symbols over time, in the first held-out recording."""
        one: Utterance = (data.test or data.validation or data.train)[0]
        heard, _ = model.hear([one.steps])
        codec = model.codec
        names = ["blank" if token == codec.blank else name for token, name in enumerate(codec.symbols.names)]
        picture = plot_phonemes(
            heard[:, 0],
            names,
            folder / "symbols.png",
            features=codec.frames(one.steps),
            transcript=codec.names(one.tokens.tolist()),
            blank=codec.blank,
            step_ms=codec.step_seconds / codec.stacked * 1000,
        )
        return [picture]


def _read(files: Iterable[str], rate: int, size: int) -> Iterator[list[tuple[str, Recording]]]:
    """Recordings a few at a time; those before one that cannot be read are given before the error."""
    waiting: list[tuple[str, Recording]] = []
    for file in files:
        try:
            waiting.append((file, read_wav(file, rate)))
        except InputError:
            if waiting:
                yield waiting
            raise
        if len(waiting) == size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _line(model: Transcriber, symbols: Sequence[str], text: str) -> str:
    if model.codec.units == "phoneme":
        return f"{text}  ({' '.join(symbols)})"
    return text


TASK = TranscribeTask()
