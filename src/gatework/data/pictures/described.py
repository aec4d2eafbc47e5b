"""Pictures with their captions, from tables or drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gatework.data.files.annotations import read_annotations, table_path
from gatework.data.files.column_names import PATH, SAID
from gatework.data.files.lines import suffix_of
from gatework.data.files.tables import missing_column, read_table
from gatework.data.pictures.pictures import picture_size
from gatework.data.pictures.region_features import NAME, checked_features, read_seen
from gatework.data.pictures.scenes import HeldOut, hold_out, make_scenes
from gatework.errors import InputError
from gatework.settings.tasks.caption import CaptionData

Progress = Callable[[int, int | None], None]

PAIRS, COUPLES = 4, 20  # combinations that the test shows and training does not
VALIDATION_PAIRS, VALIDATION_COUPLES = 2, 10  # others, to choose the best model by


class Described(NamedTuple):
    """A picture and what is said of it.

    Attributes:
        name: of the picture.
        seen: (3, size, size) uint8, or (regions, features) float32.
        captions: each describes all of it.
        things: how many shapes a drawn scene has; 0 where that is not known.
        resized: whether the picture had another size.
    """

    name: str
    seen: np.ndarray
    captions: tuple[str, ...]
    things: int = 0
    resized: bool = False


def read_described(source: str, config: CaptionData, progress: Progress | None = None) -> list[Described]:
    """Read pictures with captions, a picture once though it stands in several rows.

    Args:
        source: a table of files and captions, or a folder with one; or JSON Lines with ``features`` in each line.
        config: columns and size.
        progress: told the pictures read and how many there are.

    Raises:
        InputError: the table or a picture cannot be read, a picture is missing or has no caption.
    """
    table = table_path(Path(source))
    if suffix_of(table) in (".jsonl", ".ndjson") and NAME in read_table(table, encoding=config.encoding).columns:
        return list(read_vectors(table, config))
    captions: dict[Path, list[str]] = {}
    rows = read_annotations(
        table, path_column=config.path_column, text_column=config.text_column, encoding=config.encoding
    )
    for path, text in rows:
        captions.setdefault(path, []).append(text)
    found = []
    for number, (path, texts) in enumerate(captions.items()):
        if progress is not None:
            progress(number, len(captions))
        seen = read_seen(path, config.size)
        resized = seen.ndim == 3 and picture_size(path) != (config.size, config.size)
        found.append(Described(str(path), seen, tuple(texts), resized=resized))
    return found


def read_vectors(table: Path, config: CaptionData) -> Iterator[Described]:
    """Read JSON Lines of ``{"features": [[...], ...], "caption": "..."}``; a caption may be a list of several.

    Raises:
        InputError: a line has no features or no caption.
    """
    lines = read_table(table, encoding=config.encoding)
    text_column = config.text_column or SAID.find(lines.columns) or "caption"
    path_column = config.path_column or PATH.find(lines.columns)
    if text_column not in lines.columns:
        raise missing_column(lines.name, text_column, lines.columns)
    for line, values in lines:
        where = f"{table} line {line}"
        texts = values.get(text_column)
        texts = texts if isinstance(texts, list) else [texts]
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            raise InputError(f"{where} has nothing under {text_column!r}", "complete the row or take it out")
        seen = checked_features(values.get(NAME), where)
        name = values.get(path_column) if path_column else None
        yield Described(str(name or where), seen, tuple(text.strip() for text in texts))


def drawn(config: CaptionData, progress: Progress | None = None) -> tuple[list[Described], ...]:
    """Draw scenes to train on, to validate and to test with.

    Each of the last two shows a combination that training does not show, validation and test different ones.
    """
    validation_only, test_only = held_out_parts(config.split_seed)
    neither = HeldOut(validation_only.pairs | test_only.pairs, validation_only.couples | test_only.couples)
    validation = 0 if config.validation_data else round(config.scenes * config.validation)
    test = 0 if config.test_data else round(config.scenes * config.test)
    wanted: list[dict[str, Any]] = [
        {"number": config.scenes - validation - test, "without": neither},
        {"number": validation, "held_out": validation_only, "unseen": True, "without": test_only},
        {"number": test, "held_out": test_only, "unseen": True, "without": validation_only},
    ]
    parts = []
    for part, options in enumerate(wanted):
        if progress is not None:
            progress(part, len(wanted))
        made = make_scenes(seed=3 * config.split_seed + part, size=config.size, **options)
        pixels = np.rint(made.images * 255).astype(np.uint8)
        parts.append(
            [
                Described(f"scene {number}", image, (scene.caption,), len(scene.things))
                for number, (image, scene) in enumerate(zip(pixels, made.scenes, strict=True))
            ]
        )
    return tuple(parts)


def held_out_parts(seed: int) -> tuple[HeldOut, HeldOut]:
    """Combinations that only validation shows, and such that only the test shows; none is in both."""
    both = hold_out(seed, pairs=PAIRS + VALIDATION_PAIRS, couples=COUPLES + VALIDATION_COUPLES)
    generator = np.random.default_rng(seed)
    pairs, couples = sorted(both.pairs), sorted(both.couples, key=sorted)
    pair_order = [pairs[place] for place in generator.permutation(len(pairs))]
    couple_order = [couples[place] for place in generator.permutation(len(couples))]
    return (
        HeldOut(frozenset(pair_order[PAIRS:]), frozenset(couple_order[COUPLES:])),
        HeldOut(frozenset(pair_order[:PAIRS]), frozenset(couple_order[:COUPLES])),
    )
