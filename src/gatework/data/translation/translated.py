"""Pairs of texts as examples of a translation model."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gatework.data.dataset import Dataset, divided, make_dataset
from gatework.data.files.column_names import SOURCE, TARGET
from gatework.data.files.sources import own_input
from gatework.data.files.tables import read_table
from gatework.data.translation.language_pair import LanguagePair
from gatework.data.translation.parallel import Pair, ParallelText, read_parallel_files, read_parallel_table
from gatework.errors import GateworkError, InputError
from gatework.settings import STANDARD_INPUT
from gatework.settings.tasks.translate import TranslationData
from gatework.storage import replacing


class Translated(NamedTuple):
    """A text and its translation.

    Attributes:
        source: (steps,) int64, its end included.
        target: (steps,) int64, likewise.
        texts: both as they were given.
    """

    source: np.ndarray
    target: np.ndarray
    texts: tuple[str, str]

    @property
    def steps(self) -> int:
        """Of the longer side."""
        return max(len(self.source), len(self.target))


def load_translated(
    config: TranslationData,
    *,
    progress: Callable[[int, int | None], None] | None = None,
    keep: Path | None = None,
    codec: LanguagePair | None = None,
) -> Dataset[Translated, LanguagePair]:
    """Read pairs, divide them, and make them numbers.

    Args:
        config: which, and how.
        progress: told how many pairs were read.
        keep: the file in which what standard input gave is kept, so that it can be read again.
        codec: the languages of a trained model; else they are made from the training part.

    Raises:
        InputError: the files cannot be read, do not agree, or give nothing to train on.
    """
    read = _Reading(config, progress or (lambda done, total: None), keep)
    train, validation, test = divided(read.pairs(config.sources), config)
    validation = read.pairs(config.validation_data) if config.validation_data else validation
    test = read.pairs(config.test_data) if config.test_data else test
    languages = codec or LanguagePair.build([pair[:2] for pair in train], config)
    parts = [[_example(pair, languages) for pair in part] for part in (train, validation, test)]
    kept = [one for one in parts[0] if config.max_length is None or one.steps <= config.max_length]
    if len(kept) < len(parts[0]):
        read.notes.append(
            f"{len(parts[0]) - len(kept):,} training pairs of more than {config.max_length} steps left out"
        )
    if unknown := _unknown_share(parts[1] or parts[0]):
        read.notes.append(f"{unknown:.1%} of the target symbols of held-out pairs are unknown")
    return make_dataset((kept, parts[1], parts[2]), languages, config, read.name, read.notes)


def open_pairs(sources: Sequence[str], config: TranslationData) -> ParallelText:
    """Two files side by side, or one table.

    Raises:
        InputError: there are neither one nor two, or they cannot be read.
    """
    columns = None
    if config.source_column is not None and config.target_column is not None:
        columns = (config.source_column, config.target_column)
    if len(sources) == 2 and columns is None:
        return read_parallel_files(*sources, encoding=config.encoding)
    if len(sources) != 1:
        wanted = "one table" if columns else "two files that agree line by line, or one that has both sides"
        raise InputError(f"{len(sources)} sources were given", f"give {wanted}")
    return read_parallel_table(sources[0], columns=columns or _named(sources[0], config), encoding=config.encoding)


def _named(source: str, config: TranslationData) -> tuple[str, str] | None:
    """The columns of a table whose header says which is which."""
    if source == STANDARD_INPUT:
        return None
    try:
        names = read_table(source, encoding=config.encoding).columns
    except GateworkError:  # no table with a header; whatever is wrong shows where it is read
        return None
    found = [[name for name in names if role.is_usual(name)] for role in (SOURCE, TARGET)]
    return (found[0][0], found[1][0]) if all(len(one) == 1 for one in found) else None


class _Reading:
    """Reads the parts, and gathers what the user should know of them."""

    def __init__(self, config: TranslationData, progress: Callable[[int, int | None], None], keep: Path | None) -> None:
        self.config, self.progress, self.keep = config, progress, keep
        self.name = ""
        self.notes: list[str] = []

    def pairs(self, sources: Sequence[str]) -> list[Pair]:
        text = open_pairs([self._kept(source) for source in sources], self.config)
        self.name = self.name or text.name
        found = []
        for pair in text:
            found.append(pair)
            if len(found) % 1000 == 0:
                self.progress(len(found), None)
        if text.dropped:
            self.notes.append(f"{text.name}: {text.dropped:,} pairs with an empty side left out")
        return found

    def _kept(self, source: str) -> str:
        """Standard input as a file, where it is to be kept."""
        if source != STANDARD_INPUT or self.keep is None:
            return source
        with replacing(self.keep) as beside, beside.open("wb") as file:
            shutil.copyfileobj(own_input(), file)
        return str(self.keep)


def _example(pair: Pair, languages: LanguagePair) -> Translated:
    return Translated(languages.read(pair.source), languages.written(pair.target), (pair.source, pair.target))


def _unknown_share(examples: Sequence[Translated]) -> float:
    total = sum(len(one.target) for one in examples)
    return sum(int((one.target == 0).sum()) for one in examples) / total if total else 0.0
