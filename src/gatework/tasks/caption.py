"""The task of captions: describe pictures in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from gatework.data.codec import Codec
from gatework.data.dataset import Dataset
from gatework.data.files.tables import read_table
from gatework.data.pictures.captions import CaptionCodec, Captioned, load_captions
from gatework.data.pictures.region_features import FEATURES, NAME, PICTURES, checked_features, read_seen
from gatework.errors import InputError
from gatework.generation import BeamOptions, Hypothesis, beam_search
from gatework.generation.translating import DecoderSearch
from gatework.insight.regions import MOST, plot_regions
from gatework.models.caption import Captioner
from gatework.settings import STANDARD_INPUT, DataConfig, PredictionConfig, RunConfig
from gatework.settings.tasks.caption import CaptionConfig, CaptionData, CaptionPrediction
from gatework.tasks.example_task import ExampleTask, chunks, lines_of
from gatework.tasks.task import Answer, Progress

DRAWN = 3
"""Pictures in ``plots/attention.png``."""


class Asked(NamedTuple):
    """What is to be described: its name, and how to read it."""

    name: str
    read: Callable[[int], np.ndarray]


class CaptionTask(ExampleTask[Captioner]):
    """Pictures in, captions out."""

    name = "caption"
    model = Captioner

    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> Dataset:
        """Read or draw pictures with captions."""
        assert isinstance(config, CaptionData)
        assert codec is None or isinstance(codec, CaptionCodec)
        return load_captions(config, progress=progress, codec=codec)

    def activations(self, config: RunConfig, data: Dataset) -> int:
        """Of the convolutions and the attention of a batch."""
        model = config.model
        assert isinstance(model, CaptionConfig)
        side = data.codec.size
        return config.training.batch * (side * side * model.channels * 3 + 10 * model.hidden_size * model.layers)

    def reading(self, model: Captioner) -> dict[str, Any]:
        """Size of pictures, and what captions consist of."""
        symbols = model.codec.symbols
        return {"size": model.codec.size, "level": symbols.splitting, "lower": symbols.lower}

    def show(self, model: Captioner, examples: Sequence[Captioned]) -> str:
        """Greedy captions, and the right ones where they differ."""
        found = _written(model, [example.seen for example in examples], BeamOptions(width=1, maximum_length=60))
        lines = []
        for example, (best, *_) in zip(examples, found, strict=True):
            text, right = model.codec.text(best.tokens), [model.codec.text(one) for one in example.captions]
            lines.append(text if text in right else f"{text}  should be {right[0]}")
        return "\n".join(lines)

    def inputs(self, sources: Sequence[str], encoding: str) -> Iterator[Asked]:
        """Pictures, files of features, folders of them, JSON Lines of features; paths from standard input."""
        for source in sources or [STANDARD_INPUT]:
            path = Path(source)
            if source == STANDARD_INPUT:
                for line, _ in lines_of([source], encoding):
                    yield from [_file(Path(line))] if line.strip() else []
            elif path.is_dir():
                yield from map(_file, _pictures_in(path))
            elif path.suffix.lower() in (".jsonl", ".ndjson"):
                yield from _vectors(source, encoding)
            else:
                yield _file(path)

    def answer(
        self,
        model: Captioner,
        inputs: Iterable[Any],
        options: PredictionConfig,
        note: Callable[[str], None] = lambda text: None,
    ) -> Iterator[Answer]:
        """The likeliest captions."""
        assert isinstance(options, CaptionPrediction)
        search = BeamOptions(
            width=options.beam,
            length_penalty=options.length_penalty,
            block_ngrams=options.block_ngrams,
            n_best=options.n_best,
            maximum_length=options.longest,
        )
        for part in chunks(inputs, options.batch):
            seen = [model.codec.see(one.read(model.codec.size), one.name) for one in part]
            for one, found in zip(part, _written(model, seen, search), strict=True):
                ranked = [{"caption": model.codec.text(best.tokens), "score": best.score} for best in found]
                yield {"file": one.name, **ranked[0]} | ({"n_best": ranked} if options.n_best > 1 else {})

    def as_text(self, answer: Answer) -> str:
        """File and caption."""
        return f"{answer['file']}\t{answer['caption']}"

    def pictures(self, model: Captioner, data: Dataset, folder: Path, *, layer: int = 0) -> list[Path]:
        """Where the model looked at held-out pictures for each word, if it sees pictures and has an attention."""
        examples = (data.test or data.validation or data.train)[:DRAWN]
        if model.codec.scaling is not None or model.decoder.attention is None:
            return []
        model.eval()
        found = _written(model, [one.seen for one in examples], BeamOptions(width=1, maximum_length=MOST))
        shown = [
            (one.seen, best.attention, [model.codec.text([token]) for token in best.tokens])
            for one, (best, *_) in zip(examples, found, strict=True)
            if best.attention is not None
        ]
        return [plot_regions(shown, folder / "attention.png")]


def _written(model: Captioner, seen: Sequence[np.ndarray], options: BeamOptions) -> list[list[Hypothesis]]:
    """What a beam search writes of pictures."""
    device = next(model.parameters()).device
    with torch.no_grad():
        state = model.begin(model.see(seen).to(device))
    first = torch.full((len(seen),), model.codec.start, device=device)
    search = DecoderSearch(model.decoder, model.codec.start)
    return beam_search(search, first, state, end=model.codec.end, options=options)


def _file(path: Path) -> Asked:
    return Asked(str(path), lambda size: read_seen(path, size))


def _pictures_in(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES | FEATURES)
    if not found:
        raise InputError(f"the folder {folder} holds no pictures", "give a folder of PNG or JPEG files")
    return found


def _vectors(source: str, encoding: str) -> Iterator[Asked]:
    for line, values in read_table(source, encoding=encoding):
        where = f"{source} line {line}"
        if NAME not in values:
            raise InputError(f"{where} has no {NAME!r}", f'write {{"{NAME}": [[...], ...]}} in each line')
        yield Asked(str(values.get("file") or where), _given(values[NAME], where))


def _given(values: Any, where: str) -> Callable[[int], np.ndarray]:
    """Reads features that are there."""
    return lambda size: checked_features(values, where)


TASK = CaptionTask()
