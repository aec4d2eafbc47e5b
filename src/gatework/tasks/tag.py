"""Tagging: a tag for each word of a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gatework.data.codec import Codec
from gatework.data.dataset import Dataset
from gatework.data.tagging.tag_codec import NO_TAG, TaggedExample, TaggerCodec
from gatework.data.tagging.tagged_dataset import TaggedDataset, load_tagged
from gatework.data.text.word_vectors import coverage
from gatework.insight.confusion import plot_confusion
from gatework.models.tag import Tagger
from gatework.models.tag_figures import confusion
from gatework.models.word_vectors import start_from_vectors, wide_as_vectors
from gatework.settings import DataConfig, PredictionConfig, RunConfig
from gatework.settings.tasks.tag import TagData, TaggerConfig, TagPrediction
from gatework.tasks.class_score import ClassScore
from gatework.tasks.example_task import ExampleTask, chunks
from gatework.tasks.tag_input import Line, lines_to_tag, sentences_to_tag
from gatework.tasks.task import Answer, Progress
from gatework.training import Score, Trainer, measure

SHOWN_WORDS = 40
"""Of a sentence so many words are shown after each validation."""


class TagTask(ExampleTask[Tagger]):
    """Sentences of tagged words."""

    name = "tag"
    model = Tagger

    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> Dataset:
        """Read, divide and encode sentences."""
        assert isinstance(config, TagData)
        assert codec is None or isinstance(codec, TaggerCodec)
        return load_tagged(config, keep=keep, codec=codec)

    def settled(self, config: RunConfig, data: Dataset) -> RunConfig:
        """An embedding as wide as the pretrained vectors."""
        assert isinstance(data, TaggedDataset)
        assert isinstance(config.model, TaggerConfig)
        return config.model_copy(update={"model": wide_as_vectors(config.model, data.vectors)})

    def build(self, config: BaseModel, data: Dataset) -> Tagger:
        """A fresh model, its embedding from pretrained vectors where some are named."""
        assert isinstance(config, TaggerConfig)
        assert isinstance(data, TaggedDataset)
        model = Tagger(config, data.codec)
        if data.vectors is not None:
            embedding = model.words.embedding
            assert embedding is not None  # settled
            start_from_vectors(embedding, data.codec.words, data.vectors, frozen=config.frozen)
        return model

    def describe(self, trainer: Trainer) -> list[str]:
        """Also words, characters, tags, and how many words have pretrained vectors."""
        model, data = trainer.model, trainer.data
        assert isinstance(model, Tagger)
        assert isinstance(data, TaggedDataset)
        codec = model.codec
        spans = ", of spans" if codec.has_spans else ""
        known = f"{len(codec.words):,} words, {len(codec.characters)} characters, {len(codec.tags)} tags{spans}"
        if data.vectors is not None:
            found = coverage(codec.trained_words, data.vectors.words)
            known += f"; pretrained vectors of {found.share:.0%} of the training words"
        first, *rest = super().describe(trainer)
        return [first, f"known   {known}", *rest]

    def show(self, model: Tagger, examples: Sequence[TaggedExample]) -> str:
        """Sentences with their tags; where one is wrong, what is right behind it."""
        return "\n".join(
            " ".join(map(_shown, example.words[:SHOWN_WORDS], tags, _right(model, example)))
            for example, tags in zip(examples, model.tags(examples), strict=True)
        )

    def inputs(self, sources: Sequence[str], encoding: str) -> Iterator[Line]:
        """The lines of files."""
        return lines_to_tag(sources, encoding)

    def answer(
        self,
        model: Tagger,
        inputs: Iterable[Line],
        options: PredictionConfig,
        note: Callable[[str], None] = lambda text: None,
    ) -> Iterator[Answer]:
        """Words and tags of each sentence; none of an empty line."""
        assert isinstance(options, TagPrediction)
        sentences = sentences_to_tag(inputs, options.columns, options.word_column)
        for part in chunks(sentences, options.batch):
            tags = iter(model.tags([model.codec.encode(words) for words in part if words]))
            for words in part:
                yield {"words": words, "tags": next(tags) if words else []}

    def as_text(self, answer: Answer) -> str:
        """A line a word, its tag behind a tab, and a blank line: what ``train`` and ``evaluate`` read."""
        return "".join(f"{word}\t{tag}\n" for word, tag in zip(answer["words"], answer["tags"], strict=True))

    def reading(self, model: Tagger) -> dict[str, Any]:
        """How words are looked up; the vocabulary is the model's."""
        fixed = {"min_count": 1, "max_vocabulary": None, "word_vectors": None}
        return {"lower": model.codec.words.lower, **fixed}

    def score(
        self,
        model: Tagger,
        data: Dataset,
        part: str,
        *,
        name: str,
        poll: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Score:
        """Measure, and keep what was noted of the data."""
        found = super().score(model, data, part, name=name, poll=poll, progress=progress)
        return ClassScore.of(found, confusion(found.totals, model.codec), data.notes)

    def score_lines(self, model: Tagger, score: Score, name: str) -> list[str]:
        """Loss, figures, a table of the tags, and the most frequent mistakes."""
        assert isinstance(score, ClassScore)
        return [*super().score_lines(model, score, name), *score.lines()]

    def score_record(self, model: Tagger, score: Score, name: str) -> Answer:
        """The same."""
        assert isinstance(score, ClassScore)
        return super().score_record(model, score, name) | score.record()

    def notes(self, model: Tagger, score: Score) -> Sequence[str]:
        """What was noted of the data."""
        return score.notes if isinstance(score, ClassScore) else ()

    def pictures(self, model: Tagger, data: Dataset, folder: Path, *, layer: int = 0) -> list[Path]:
        """The confusion matrix of held-out words."""
        part = "validation" if data.validation else "test" if data.test else "train"
        found = confusion(measure(model, getattr(data, part)).totals, model.codec)
        return [plot_confusion(found, folder / "confusion.png", title=f"{part} part of {data.name}")]


def _right(model: Tagger, example: TaggedExample) -> list[str]:
    """The right tags of a sentence; empty where one is not known."""
    return ["" if tag == NO_TAG else model.codec.tags.names[tag] for tag in example.tags.tolist()]


def _shown(word: str, tag: str, right: str) -> str:
    return f"{word}/{tag}" if tag == right else f"{word}/{tag}[{right or '?'}]"


TASK = TagTask()
