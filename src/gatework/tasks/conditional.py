"""The task of a conditional language model: write text of a given kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gatework.data.codec import Codec
from gatework.data.dataset import Dataset
from gatework.data.labelled.conditioned import ConditionCodec, Written, load_conditioned
from gatework.generation.conditional import generate_kind
from gatework.generation.sampling import Sampling
from gatework.models.conditional import ConditionalLanguageModel
from gatework.settings import DataConfig, GenerationConfig
from gatework.settings.tasks.conditional import ConditionalData, ConditionalGeneration
from gatework.tasks.example_task import ExampleTask
from gatework.tasks.task import Progress
from gatework.training import Outcome, Trainer

SHOWN_LENGTH = 60


class ConditionalTask(ExampleTask[ConditionalLanguageModel]):
    """Labels in, texts out."""

    name = "conditional"
    model = ConditionalLanguageModel

    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> Dataset[Written, ConditionCodec]:
        """Read texts with their labels."""
        assert isinstance(config, ConditionalData)
        assert codec is None or isinstance(codec, ConditionCodec)
        return load_conditioned(config, codec)

    def show(self, model: ConditionalLanguageModel, examples: Sequence[Written]) -> str:
        """A text of the kind of each example."""
        names = [model.codec.labels.names[int(example.mixture.argmax())] for example in examples]
        kinds = [{name: 1.0} for name in names]
        texts = generate_kind(model, kinds, samples=len(kinds), length=SHOWN_LENGTH, seed=1)
        return "\n".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))

    def reading(self, model: ConditionalLanguageModel) -> dict[str, Any]:
        """How its texts are taken apart."""
        symbols = model.codec.symbols
        return {"level": symbols.splitting, "lower": symbols.lower, "min_count": 1, "max_vocabulary": None}

    def next_commands(self, trainer: Trainer, outcome: Outcome) -> list[list[str]]:
        """Write something of a kind."""
        label = trainer.model.codec.labels.names[0]
        measure = super().next_commands(trainer, outcome)[0]
        return [["generate", "RUN", "--label", label], measure, ["plot", "RUN"]]

    def write(
        self,
        model: ConditionalLanguageModel,
        options: GenerationConfig,
        *,
        show: Callable[[str], None],
        note: Callable[[str], None] = lambda text: None,
        poll: Callable[[], None] = lambda: None,
    ) -> None:
        """Texts of the kind asked for, one a line; of each label where none is."""
        assert isinstance(options, ConditionalGeneration)
        kinds: list[dict[str, float]] = (
            [options.weights] if options.label else [{name: 1.0} for name in model.codec.labels.names]
        )
        texts = generate_kind(
            model,
            [kind for kind in kinds for _ in range(options.samples)],
            options.prompt,
            samples=len(kinds) * options.samples,
            length=options.length,
            seed=options.seed,
            sampling=Sampling(options.temperature, options.top_k, options.top_p),
            guidance=options.guidance,
            poll=poll,
        )
        for number, text in enumerate(texts):
            kind = "" if options.label else f"{next(iter(kinds[number // options.samples]))}\t"
            show(f"{kind}{text}\n")


TASK = ConditionalTask()
