"""The task of a classifier: a class for each text, series or recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from gatework.data.codec import Codec
from gatework.data.dataset import Dataset
from gatework.data.labelled.class_codec import ClassifierCodec
from gatework.data.labelled.labelled_dataset import ClassExample, LabelledDataset, load_labelled
from gatework.data.text.symbols import Symbols
from gatework.data.text.word_vectors import WordVectors
from gatework.insight.confusion import plot_confusion
from gatework.insight.highlight import LETTER, Highlighted, plot_highlighted
from gatework.models.classify import Classifier
from gatework.models.confusion import Confusion
from gatework.models.word_vectors import wide_as_vectors
from gatework.settings import STANDARD_INPUT, DataConfig, PredictionConfig, RunConfig
from gatework.settings.tasks.classify import (
    OF_WORDS,
    ClassifierConfig,
    ClassifyData,
    ClassifyPrediction,
    usual_epochs,
)
from gatework.tasks.class_inputs import Asked, Named, Reading, read_inputs
from gatework.tasks.class_score import MISTAKES, ClassScore
from gatework.tasks.example_task import ExampleTask, chunks
from gatework.tasks.task import Answer, Progress
from gatework.training import Score, Trainer, measure
from gatework.training.optimizers import peak_learning_rate

SHOWN_LETTERS = 60
HIGHLIGHTED = 10

RATE_OF_SOUND = 0.5
"""Recordings are learnt at this share of the usual rate: better on held-out spoken digits."""


class ClassifyTask(ExampleTask[Classifier]):
    """A sequence in, a class out."""

    name = "classify"
    model = Classifier

    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> Dataset:
        """Read labelled examples."""
        assert isinstance(config, ClassifyData)
        assert codec is None or isinstance(codec, ClassifierCodec)
        return load_labelled(config, progress=progress, keep=keep, codec=codec)

    def settled(self, config: RunConfig, data: Dataset) -> RunConfig:
        """What was chosen for the data: how they are read, how much is dropped, how long it is trained."""
        assert isinstance(data, LabelledDataset)
        assert isinstance(config.model, ClassifierConfig)
        model, training = settled_model(config.model, data.codec, data.vectors), config.training
        if training.epochs is training.minutes is training.steps is None:
            epochs = usual_epochs(len(data.train), training.batch)
            training = training.model_copy(update={"epochs": epochs})
        if data.codec.kind == "sound" and training.learning_rate is None:
            training = training.model_copy(update={"learning_rate": RATE_OF_SOUND * peak_learning_rate(training)})
        return config.model_copy(update={"data": data.config, "model": model, "training": training})

    def build(self, config: BaseModel, data: Dataset) -> Classifier:
        """A fresh model, with pretrained vectors where there are some."""
        assert isinstance(config, ClassifierConfig)
        assert isinstance(data, LabelledDataset)
        model = Classifier(config, data.codec)
        if data.vectors is not None:
            model.start_from(data.vectors)
        return model

    def activations(self, config: RunConfig, data: Dataset) -> int:
        """States and gates of a batch of the longest examples."""
        model, training = config.model, config.training
        assert isinstance(model, ClassifierConfig)
        longest = max(len(example.steps) for example in data.train)
        return training.batch * longest * model.layers * 3 * model.hidden_size * (2 if model.bidirectional else 1)

    def describe(self, trainer: Trainer) -> list[str]:
        """Data, classes, coverage of pretrained vectors, model, method."""
        data, *others = super().describe(trainer)
        dataset = trainer.data
        assert isinstance(dataset, LabelledDataset)
        codec = dataset.codec
        most = int(np.argmax(codec.counts))
        share = codec.counts[most] / sum(codec.counts)
        lines = [f"classes {len(codec.labels)}, the most frequent {codec.labels.names[most]} ({share:.0%})"]
        if isinstance(codec.reads, Symbols):
            lines.append(f"reads   {codec.reads.splitting}s, {len(codec.reads):,} different")
        if (found := dataset.coverage) is not None:
            lines.append(
                f"vectors of {found.share:.1%} of the training symbols, {found.running:.1%} of all occurrences; "
                f"without one: {', '.join(found.missing)}"
            )
        return [data, *lines, *others]

    def closing(self, trainer: Trainer) -> tuple[str, str]:
        """What is most often taken for what."""
        data = trainer.data
        assert isinstance(data, LabelledDataset)
        assert isinstance(trainer.model, Classifier)
        part = data.validation or data.train
        mistakes = confusion_of(trainer.model, part).mistakes(MISTAKES)
        lines = [f"{meant} taken for {answered}: {count:,} of {len(part):,}" for meant, answered, count in mistakes]
        return ("most frequent mistakes", "\n".join(lines)) if lines else ("", "")

    def show(self, model: Classifier, examples: Sequence[ClassExample]) -> str:
        """Answers beside what is right."""
        names, lines = model.codec.labels.names, []
        for example, row in zip(examples, model.probabilities(examples), strict=True):
            answer = int(row.argmax())
            verdict = "right" if answer == example.label else f"wrong: {names[example.label]}"
            shown = example.shown if len(example.shown) <= SHOWN_LETTERS else f"{example.shown[: SHOWN_LETTERS - 3]}..."
            lines.append(f"{shown} -> {names[answer]} ({row[answer]:.2f}, {verdict})")
        return "\n".join(lines)

    def inputs(self, sources: Sequence[str], encoding: str) -> Iterator[Named]:
        """What is named; how it is read depends on the model."""
        return (Named(source, encoding) for source in sources or [STANDARD_INPUT])

    def answer(
        self,
        model: Classifier,
        inputs: Iterable[Named],
        options: PredictionConfig,
        note: Callable[[str], None] = lambda text: None,
    ) -> Iterator[Answer]:
        """The class of each input, or why it has none."""
        assert isinstance(options, ClassifyPrediction)
        reading = Reading(model.codec, options, note)
        asked = (one for named in inputs for one in read_inputs(named, reading))
        for part in chunks(asked, options.batch):
            yield from _answers(model, part, options.top)

    def as_text(self, answer: Answer) -> str:
        """Label and probability; of what was empty, nothing and why."""
        if answer["label"] is None:
            return f"\t{answer['error']}"
        return f"{answer['label']}\t{answer['probability']:.4f}"

    def score(
        self,
        model: Classifier,
        data: Dataset,
        part: str,
        *,
        name: str,
        poll: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Score:
        """Measure, and say what is taken for what."""
        found = super().score(model, data, part, name=name, poll=poll, progress=progress)
        return ClassScore.of(found, Confusion.of(model.codec.labels.names, found.totals), data.notes)

    def score_lines(self, model: Classifier, score: Score, name: str) -> list[str]:
        """Figures, a table of the classes, and the most frequent mistakes."""
        assert isinstance(score, ClassScore)
        return [*super().score_lines(model, score, name), *score.lines()]

    def score_record(self, model: Classifier, score: Score, name: str) -> Answer:
        """The same."""
        assert isinstance(score, ClassScore)
        return super().score_record(model, score, name) | score.record()

    def notes(self, model: Classifier, score: Score) -> Sequence[str]:
        """What was noted of the data."""
        return score.notes if isinstance(score, ClassScore) else ()

    def pictures(self, model: Classifier, data: Dataset, folder: Path, *, layer: int = 0) -> list[Path]:
        """The confusion matrix of held-out examples and, where attention pools texts, what it looks at."""
        part = "validation" if data.validation else "test" if data.test else "train"
        examples = getattr(data, part)
        confusion = confusion_of(model, examples)
        title = f"{part} part of {data.name}"
        drawn = [plot_confusion(confusion, folder / "confusion.png", title=title)]
        reads = model.codec.reads
        if model.config.pooling == "attention" and isinstance(reads, Symbols):
            texts = [highlighted(model, reads, example) for example in examples[:HIGHLIGHTED]]
            gap = 0.0 if reads.splitting == "character" else LETTER
            drawn.append(plot_highlighted(texts, folder / "attention.png", title=title, gap=gap))
        return drawn


def settled_model(
    config: ClassifierConfig, codec: ClassifierCodec, vectors: WordVectors | None = None
) -> ClassifierConfig:
    """The configuration with what the user left open as it suits words, and pretrained vectors.

    Raises:
        InputError: pretrained vectors have another width than the one given, or are frozen but not there.
    """
    wide, reads = wide_as_vectors(config, vectors), codec.reads
    if not (isinstance(reads, Symbols) and reads.splitting == "word"):
        return wide
    return wide.model_copy(
        update={name: value for name, value in OF_WORDS.items() if name not in wide.model_fields_set}
    )


def confusion_of(model: Classifier, examples: Sequence[ClassExample]) -> Confusion:
    """What a model takes for what among labelled examples."""
    return Confusion.of(model.codec.labels.names, measure(model, examples).totals)


def highlighted(model: Classifier, reads: Symbols, example: ClassExample) -> Highlighted:
    """A text with the weights of attention and, as its heading, what the model answers."""
    row = model.probabilities([example])[0]
    names, answer = model.codec.labels.names, int(row.argmax())
    heading = f"{names[answer]} ({row[answer]:.2f}), meant {names[example.label]}"
    return Highlighted(heading, reads.split(example.shown), model.attention(example))


def _answers(model: Classifier, asked: Sequence[Asked], top: int) -> Iterator[Answer]:
    encoded = [None if one.value is None else ClassExample(model.codec.encode(one.value, one.where)) for one in asked]
    rows = iter(model.probabilities([example for example in encoded if example is not None]))
    for one, example in zip(asked, encoded, strict=True):
        if example is None:
            yield {"label": None, "error": f"{one.where} is empty"}
            continue
        row, names = next(rows), model.codec.labels.names
        best = np.argsort(-row, kind="stable")[:top]
        probabilities = {names[number]: round(float(row[number]), 6) for number in best}
        label = names[int(best[0])]
        yield {"label": label, "probability": probabilities[label], "probabilities": probabilities, **one.told}


TASK = ClassifyTask()
