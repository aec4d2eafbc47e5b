"""The task of a language model: write a text on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gatework.data import Corpus, Split, Vocabulary, load_corpus
from gatework.data.codec import Codec
from gatework.generation import BeamOptions, SampleWriter, Sampling, beam_text, check_prompt, generate, loops
from gatework.generation.showing import show_texts
from gatework.insight import PlotWriter, plot_gates, readable_excerpt
from gatework.models import LanguageModel
from gatework.settings import (
    CorpusConfig,
    DataConfig,
    GenerationConfig,
    LanguageGeneration,
    LanguageModelConfig,
    RunConfig,
    StreamTraining,
)
from gatework.tasks.describing import how_line, model_line
from gatework.tasks.task import Answer, Progress, Task
from gatework.training import Callback, Outcome, Score, Trainer, evaluate

SAMPLE = 600
SHORT = {"character": "char", "byte": "byte", "word": "word"}
"""Short names, so that the bar fits 80 columns."""


class LanguageTask(Task[LanguageModel, Corpus]):
    """Text in, text out."""

    name = "language"
    model = LanguageModel
    data_word = "text"

    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> Corpus:
        """Read texts as one corpus."""
        assert isinstance(config, CorpusConfig)
        assert codec is None or isinstance(codec, Vocabulary)
        return load_corpus(config, progress=progress, keep=keep, vocabulary=codec)

    def activations(self, config: RunConfig, data: Corpus) -> int:
        """States and gates of a window."""
        model, training = config.model, config.training
        assert isinstance(model, LanguageModelConfig)
        assert isinstance(training, StreamTraining)
        a_step = model.layers * 3 * model.hidden_size + 2 * len(data.vocabulary)
        return training.batch * training.window * a_step

    def check(self, trainer: Trainer) -> None:
        """The prompt of the samples."""
        check_prompt(self._model(trainer), self._training(trainer).sample_prompt)

    def callbacks(self, show: Callable[[str], None]) -> list[Callback]:
        """Samples, curves and gates."""
        return [SampleWriter(show), PlotWriter()]

    def describe(self, trainer: Trainer) -> list[str]:
        """Text, model, method."""
        corpus, config = self._corpus(trainer), self._training(trainer)
        level = corpus.vocabulary.level
        stride = config.stride or config.window
        window = f"{config.window} steps" if stride == config.window else f"k1 {stride}, k2 {config.window}"
        return [
            f"text    {corpus.name}: {len(corpus.tokens):,} {level}s, {len(corpus.vocabulary)} different; "
            f"training {len(corpus.train.tokens):,}, validation {len(corpus.validation.tokens):,}",
            model_line(trainer, config.window),
            how_line(trainer, f"{config.batch} streams, windows of {window}"),
        ]

    def closing(self, trainer: Trainer) -> tuple[str, str]:
        """A sample."""
        config = self._training(trainer)
        if not config.sample_length:
            return "", ""
        prompt = config.sample_prompt
        return "it writes", prompt + generate(self._model(trainer), prompt, length=SAMPLE, seed=config.seed)

    def next_commands(self, trainer: Trainer, outcome: Outcome) -> list[list[str]]:
        """Commands to go on with, with words that the model knows."""
        corpus = self._corpus(trainer)
        lines = readable_excerpt(self._model(trainer), corpus.train.tokens).splitlines()
        phrase = max(lines, key=len).strip()[:40] if lines else ""
        word = phrase.split()[0] if phrase.split() else phrase
        return [
            ["generate", "RUN", "--prompt", word, "--temperature", "0.7"],
            ["evaluate", "RUN", *([] if len(corpus.validation) > 1 else ["--part", "train"])],
            ["plot", "RUN", "--text", phrase],
        ]

    def reading(self, model: LanguageModel) -> dict[str, Any]:
        """Level and separator of its vocabulary."""
        separator = model.vocabulary.separator.replace("\\", "\\\\") or None  # as one would type it
        return {"level": model.vocabulary.level, "separator": separator, "min_count": 1, "max_vocabulary": None}

    def units(self, model: LanguageModel) -> tuple[str, str]:
        """Characters, bytes or words."""
        level = model.vocabulary.level
        return level, SHORT[level]

    def score(
        self,
        model: LanguageModel,
        data: Corpus,
        part: str,
        *,
        name: str,
        poll: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Score:
        """Predict each symbol from those before it; also how many the model does not know."""
        split = getattr(data, part)
        found = evaluate(model, split, name=name, poll=poll, progress=progress)
        unknown = 0 if model.vocabulary.unknown is None else int((split.tokens == model.vocabulary.unknown).sum())
        return dataclasses.replace(found, figures={"unknown": unknown, "read": len(split.tokens)})

    def score_lines(self, model: LanguageModel, score: Score, name: str) -> list[str]:
        """Nats, bits and perplexity."""
        level = model.vocabulary.level
        return [
            f"{name}: {score.count:,} {level}s predicted",
            f"{score.nats:.4f} nats   {score.bits:.4f} bits per {level}   perplexity {score.perplexity:.3f}",
        ]

    def score_record(self, model: LanguageModel, score: Score, name: str) -> Answer:
        """The same, and how much was predicted."""
        numbers = {"nats": score.nats, "bits": score.bits, "perplexity": score.perplexity}
        return {
            "text": name,
            "level": model.vocabulary.level,
            "symbols": score.count,
            "unknown": score.figures["unknown"],
            **numbers,
        }

    def headline(self, model: LanguageModel, score: Score) -> str:
        """Nats and bits."""
        return f"loss {score.nats:.4f} nats = {score.bits:.4f} bits per {model.vocabulary.level}"

    def notes(self, model: LanguageModel, score: Score) -> Sequence[str]:
        """How much of a text the model does not know."""
        unknown, read = score.figures["unknown"], score.figures["read"]
        return [f"{unknown:,} of {read:,} symbols are unknown to the model"] if unknown else []

    def write(
        self,
        model: LanguageModel,
        options: GenerationConfig,
        *,
        show: Callable[[str], None],
        note: Callable[[str], None] = lambda text: None,
        poll: Callable[[], None] = lambda: None,
    ) -> None:
        """Texts, one as it is drawn, several when all are; with a beam the likeliest."""
        assert isinstance(options, LanguageGeneration)
        if options.beam is not None:
            self._search(model, options, options.beam, show, note)
            return
        show_texts(
            model,
            options.prompt,
            length=options.length,
            seed=options.seed,
            samples=options.samples,
            sampling=Sampling(options.temperature, options.top_k, options.top_p, options.repetition_penalty),
            show=show,
            poll=poll,
        )

    @staticmethod
    def _search(
        model: LanguageModel,
        options: LanguageGeneration,
        width: int,
        show: Callable[[str], None],
        note: Callable[[str], None],
    ) -> None:
        searching = BeamOptions(width=width, n_best=options.n_best, block_ngrams=options.block_ngrams)
        found = beam_text(model, options.prompt, options.length, searching)
        for number, (text, score) in enumerate(found, 1):
            show(f"--- text {number}, log-probability {score:.2f}\n" if len(found) > 1 else "")
            show(f"{options.prompt}{text}\n")
        period = loops(model.vocabulary.encode(found[0][0]).tolist())
        if period:
            note(
                f"the text goes round in a circle of {period} symbols, as the likeliest texts of wide beams do; "
                "--block-ngrams 8 or a smaller --beam prevents it, drawing (without --beam) reads better"
            )

    def pictures(self, model: LanguageModel, data: Corpus, folder: Path, *, layer: int = 0) -> list[Path]:
        """Gates and states over the beginning of the held-out text."""
        split: Split = data.validation if len(data.validation) else data.train
        return [plot_gates(model, readable_excerpt(model, split.tokens), folder / "gates.png", layer=layer)]

    @staticmethod
    def _model(trainer: Trainer) -> LanguageModel:
        assert isinstance(trainer.model, LanguageModel)
        return trainer.model

    @staticmethod
    def _corpus(trainer: Trainer) -> Corpus:
        assert isinstance(trainer.data, Corpus)
        return trainer.data

    @staticmethod
    def _training(trainer: Trainer) -> StreamTraining:
        assert isinstance(trainer.config, StreamTraining)
        return trainer.config


TASK = LanguageTask()
