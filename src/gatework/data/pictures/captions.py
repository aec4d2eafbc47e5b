"""Captions as numbers: the symbols they are made of, and what the pictures must be like."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from gatework.data.dataset import Dataset, divided, make_dataset
from gatework.data.pictures.described import Described, Progress, drawn, read_described
from gatework.data.scaling import Scaling
from gatework.data.text.symbols import END, START, Symbols
from gatework.data.text.words import Joiner
from gatework.errors import DamagedFileError, InputError
from gatework.settings.tasks.caption import CaptionData


class Captioned(NamedTuple):
    """A picture with its captions as numbers.

    Attributes:
        seen: (3, size, size) uint8, or (regions, features) float32, scaled.
        captions: each (symbols,) int64, with the end as its last symbol.
        things: how many shapes a drawn scene has; 0 where that is not known.
        name: of the picture.
    """

    seen: np.ndarray
    captions: tuple[np.ndarray, ...]
    things: int
    name: str


@dataclass(frozen=True)
class CaptionCodec:
    """What goes in and what comes out.

    Args:
        symbols: of the captions, with a start and an end.
        size: height and width of pictures, pixels.
        scaling: of given features; None where pictures are seen.
    """

    FILE: ClassVar[str] = "captions.json"

    symbols: Symbols
    size: int
    scaling: Scaling | None = None

    @property
    def start(self) -> int:
        """The symbol that the decoder reads first."""
        return self.symbols.id(START)

    @property
    def end(self) -> int:
        """The symbol that ends a caption."""
        return self.symbols.id(END)

    @property
    def kind(self) -> str:
        """What is seen, as errors say it."""
        return "pictures" if self.scaling is None else f"vectors of {len(self.scaling)} features"

    def see(self, seen: np.ndarray, name: str) -> np.ndarray:
        """What a model sees of what was read.

        Raises:
            InputError: it is of another kind than in training.
        """
        is_picture = seen.ndim == 3
        if is_picture != (self.scaling is None):
            found = "a picture" if is_picture else "a file of features"
            raise InputError(f"{name} is {found}, but the model knows {self.kind}", "give what it was trained on")
        return seen if self.scaling is None else self.scaling.apply(seen, name)

    def encode(self, described: Described) -> Captioned:
        """A picture and its captions as numbers."""
        captions = tuple(np.append(self.symbols.encode(text), self.end) for text in described.captions)
        return Captioned(self.see(described.seen, described.name), captions, described.things, described.name)

    def text(self, numbers: Iterable[int]) -> str:
        """The caption of symbols, special ones but the unknown left out, spaced as one writes."""
        if self.symbols.splitting != "word":
            return self.symbols.decode(numbers)
        joiner, names = Joiner(), self.symbols.names
        return "".join(joiner.add(names[n]) for n in map(int, numbers) if n == 0 or n >= self.symbols.special)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        scaling = None if self.scaling is None else self.scaling.to_json()
        return {"symbols": self.symbols.to_json(), "size": self.size, "scaling": scaling}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Rebuild it.

        Raises:
            DamagedFileError: the value is none of this kind.
        """
        try:
            symbols, size, scaling = value["symbols"], int(value["size"]), value["scaling"]
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"these are no captions ({error})", "restore them or make them again") from error
        found = cls(Symbols.from_json(symbols), size, None if scaling is None else Scaling.from_json(scaling))
        if not {START, END} <= set(found.symbols.names) or size < 1:
            raise DamagedFileError("these captions have no start and end", "restore them or make them again")
        return found


def load_captions(
    config: CaptionData, *, codec: CaptionCodec | None = None, progress: Progress | None = None
) -> Dataset[Captioned, CaptionCodec]:
    """Read or draw pictures with captions, divide and encode them.

    Args:
        config: which, and how.
        codec: that of a trained model; made from the training part where there is none.
        progress: told how much was read.

    Raises:
        InputError: something cannot be read, or pictures are mixed with features.
    """
    read = functools.partial(_read, config=config, progress=progress)
    parts = list(divided(read(config.sources), config) if config.sources else drawn(config, progress))
    for place, files in ((1, config.validation_data), (2, config.test_data)):
        if files:
            parts[place] = read(files)
    notes = _notes_on_sizes([one for part in parts for one in part], config.size)
    if codec is None:
        codec = _codec(parts[0], config)
        if config.max_length is not None:
            kept = [one for one in parts[0] if _longest(one, codec) <= config.max_length]
            if left := len(parts[0]) - len(kept):
                notes.append(f"{left:,} pictures with a caption of more than {config.max_length} symbols are left out")
            parts[0] = kept
    train, validation, test = ([codec.encode(one) for one in part] for part in parts)
    return make_dataset((train, validation, test), codec, config, _name(config), notes)


def _notes_on_sizes(described: Sequence[Described], size: int) -> list[str]:
    pictures = [one for one in described if one.seen.ndim == 3]
    other = sum(one.resized for one in pictures)
    return [f"{other:,} of {len(pictures):,} pictures were brought to {size} x {size} pixels"] if other else []


def _longest(described: Described, codec: CaptionCodec) -> int:
    return max(len(codec.symbols.split(text)) for text in described.captions) + 1


def _read(sources: Sequence[str], config: CaptionData, progress: Progress | None) -> list[Described]:
    return [one for source in sources for one in read_described(source, config, progress)]


def _codec(train: Sequence[Described], config: CaptionData) -> CaptionCodec:
    texts = (text for one in train for text in one.captions)
    symbols = Symbols.build(
        texts,
        config.level,
        lower=config.lower,
        min_count=config.min_count,
        max_size=config.max_vocabulary,
        special=(START, END),
    )
    features = [one for one in train if one.seen.ndim == 2]
    if not features:
        return CaptionCodec(symbols, config.size)
    width = features[0].seen.shape[1]
    for one in train:
        if one.seen.ndim != 2 or one.seen.shape[1] != width:
            raise InputError(f"{one.name} does not have vectors of {width} features as the others", "give all alike")
    return CaptionCodec(symbols, config.size, Scaling.of([one.seen for one in features]))


def _name(config: CaptionData) -> str:
    if not config.sources:
        return f"{config.scenes:,} drawn scenes"
    return config.sources[0] if len(config.sources) == 1 else f"{len(config.sources)} tables"
