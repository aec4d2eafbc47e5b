"""The task of a translation model: a sequence for a sequence."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gatework.data.codec import Codec
from gatework.data.dataset import Dataset
from gatework.data.text.subwords import Subwords
from gatework.data.translation.language_pair import LanguagePair
from gatework.data.translation.translated import Translated, load_translated
from gatework.data.translation.translation_scores import corpus_scores, is_scorable, scorers
from gatework.generation.translating import Translation, Translator, source_symbols
from gatework.insight.attention import plot_attention
from gatework.models.translate import TranslationModel
from gatework.settings import DataConfig, PredictionConfig, RunConfig
from gatework.settings.tasks.translate import TranslationConfig, TranslationData, TranslationPrediction
from gatework.tasks.example_task import ExampleTask, chunks, lines_of
from gatework.tasks.task import Answer, Progress
from gatework.training import Score, Trainer

PICTURES = 3
"""How many held-out sentences are drawn with their attention."""


class TranslateTask(ExampleTask[TranslationModel]):
    """A sequence in, a sequence out.

    Args:
        measured: how the translations that are measured are searched for; as usual where None.
    """

    name = "translate"
    model = TranslationModel

    def __init__(self, measured: TranslationPrediction | None = None) -> None:
        self.measured = TranslationPrediction() if measured is None else measured

    def answering(self, options: PredictionConfig) -> TranslateTask:
        """The same, measuring translations that are searched for so."""
        assert isinstance(options, TranslationPrediction)
        return TranslateTask(options)

    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> Dataset:
        """Read pairs of texts."""
        assert isinstance(config, TranslationData)
        assert codec is None or isinstance(codec, LanguagePair)
        return load_translated(config, progress=progress, keep=keep, codec=codec)

    def activations(self, config: RunConfig, data: Dataset) -> int:
        """States and gates of a batch of pairs of mean length, and the predictions of their symbols."""
        model, training = config.model, config.training
        assert isinstance(model, TranslationConfig)
        decoder = model.decoder
        states = 3 * (model.layers * model.encoder_width + decoder.layers * decoder.hidden_size)
        symbols = sum(len(example.target) for example in data.train) / len(data.train)
        return round(training.batch * symbols * (states + 2 * len(data.codec.target)))

    def check(self, trainer: Trainer) -> None:
        """Whatever measures validation is there."""
        if trainer.model.goal:
            scorers()

    def describe(self, trainer: Trainer) -> list[str]:
        """Data, symbols, model, method."""
        data, *others = super().describe(trainer)
        languages = trainer.data.codec
        assert isinstance(languages, LanguagePair)
        kind = "piece" if isinstance(languages.target, Subwords) else languages.target.splitting
        counts = f"{len(languages.source):,} of the source, {len(languages.target):,} of the target"
        shown = f"{len(languages.source):,} of both languages" if languages.shared else counts
        return [data, f"symbols {kind}s, {shown}", *others]

    def closing(self, trainer: Trainer) -> tuple[str, str]:
        """A held-out text and its translation."""
        data, model = trainer.data, trainer.model
        assert isinstance(data, Dataset)
        assert isinstance(model, TranslationModel)
        return "it translates", self.show(model, (data.validation or data.train)[:1])

    def show(self, model: TranslationModel, examples: Sequence[Translated]) -> str:
        """Sources, translations, and what they should be."""
        found = Translator(model).translate([example.texts[0] for example in examples])
        return "\n".join(
            f"{example.texts[0]}\n  -> {best[0].text}\n  should be {example.texts[1]}"
            for example, best in zip(examples, found, strict=True)
        )

    def reading(self, model: TranslationModel) -> dict[str, Any]:
        """How its vocabulary was made."""
        languages = model.codec
        level = "bpe" if isinstance(languages.source, Subwords) else languages.source.splitting
        return {"level": level, "lower": languages.source.lower, "shared_vocabulary": languages.shared}

    def score(
        self,
        model: TranslationModel,
        data: Dataset,
        part: str,
        *,
        name: str,
        poll: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Score:
        """Loss, and BLEU and chrF of translations by beam search."""
        found = super().score(model, data, part, name=name, poll=poll, progress=progress)
        if not is_scorable():
            return found
        texts = [example.texts for example in getattr(data, part)]
        translations = Translator(model, self.measured).translate(
            [text for text, _ in texts], poll=poll, progress=progress
        )
        references = [model.codec.reference(reference) for _, reference in texts]
        scores = corpus_scores([best[0].text for best in translations], references)
        return dataclasses.replace(found, figures={**found.figures, **scores})

    def score_lines(self, model: TranslationModel, score: Score, name: str) -> list[str]:
        """BLEU and chrF say how they were measured."""
        figures = dict(score.figures)
        bleu = [figures.pop(kind, None) for kind in ("bleu_none", "bleu_13a", "chrf")]
        lines = super().score_lines(model, dataclasses.replace(score, figures=figures), name)
        if None in bleu:
            return lines
        lower = ", references in small letters" if model.codec.target.lower else ""
        how = f"beam {self.measured.beam}, length penalty {self.measured.length_penalty:g}{lower}"
        return [
            *lines,
            f"BLEU {bleu[0]:.2f} (tokenize none: of tokenised texts), {bleu[1]:.2f} (13a), chrF {bleu[2]:.2f}",
            f"by sacrebleu; {how}",
        ]

    def notes(self, model: TranslationModel, score: Score) -> Sequence[str]:
        """Why there is no BLEU."""
        return [] if "chrf" in score.figures else ["BLEU and chrF need sacrebleu: pip install 'gatework[translate]'"]

    def inputs(self, sources: Sequence[str], encoding: str) -> Iterator[str]:
        """A text on each line."""
        return (line for line, _ in lines_of(sources, encoding))

    def answer(
        self,
        model: TranslationModel,
        inputs: Iterable[str],
        options: PredictionConfig,
        note: Callable[[str], None] = lambda text: None,
    ) -> Iterator[Answer]:
        """The translations of texts, in their order; an empty line has an empty one."""
        assert isinstance(options, TranslationPrediction)
        translator = Translator(model, options)
        for part in chunks(inputs, options.batch):
            for source, found in zip(part, translator.translate(part), strict=True):
                yield _answer(source, found, options.n_best > 1)

    def as_text(self, answer: Answer) -> str:
        """The translation; where several are asked for, all of them, with tabs between."""
        return "\t".join(one["translation"] for one in answer.get("n_best", [answer]))

    def pictures(self, model: TranslationModel, data: Dataset, folder: Path, *, layer: int = 0) -> list[Path]:
        """Where the translations of some held-out texts looked."""
        examples = (data.validation or data.test or data.train)[:PICTURES]
        if model.config.attention == "none":
            return []
        drawn = []
        found = Translator(model).translate([example.texts[0] for example in examples])
        for number, (example, (best, *_)) in enumerate(zip(examples, found, strict=True), 1):
            if best.attention is None:
                continue
            source = source_symbols(model.codec, example.texts[0])
            path = folder / f"attention-{number}.png"
            drawn.append(plot_attention(best.attention, source, best.symbols, path, title=best.text))
        return drawn


def _answer(source: str, found: Sequence[Translation], several: bool) -> Answer:
    answer: Answer = {"translation": found[0].text, "score": found[0].score, "source": source}
    if several:
        answer["n_best"] = [{"translation": one.text, "score": one.score} for one in found]
    return answer


TASK = TranslateTask()
