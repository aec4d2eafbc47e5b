"""Separate examples, divided into training, validation and test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from gatework.data.codec import Codec
from gatework.errors import InputError
from gatework.settings import STANDARD_INPUT, ExampleData

Example = TypeVar("Example")
CodecKind = TypeVar("CodecKind", bound=Codec)


@dataclass(frozen=True, eq=False)
class Dataset(Generic[Example, CodecKind]):
    """Examples as numbers.

    Attributes:
        train: what is learnt from; an example is a named tuple of arrays, numbers and texts.
        validation: what the best model is chosen by; may be empty.
        test: held back to the end; may be empty.
        codec: what the numbers mean; made from the training part alone.
        fingerprint: SHA-256 of examples and codec.
        name: a short name of where they come from.
        config: what they were loaded with.
        notes: what the user should know: what was left out, resampled, unknown.
    """

    train: Sequence[Example]
    validation: Sequence[Example]
    test: Sequence[Example]
    codec: CodecKind
    fingerprint: str
    name: str
    config: ExampleData
    notes: tuple[str, ...] = ()


def make_dataset(
    parts: tuple[Sequence[Example], Sequence[Example], Sequence[Example]],
    codec: CodecKind,
    config: ExampleData,
    name: str,
    notes: Sequence[str] = (),
) -> Dataset[Example, CodecKind]:
    """Put encoded parts together and take their fingerprint.

    Raises:
        InputError: there is nothing to train on.
    """
    if not parts[0]:
        raise InputError(f"{name} gives no training example", "give more data, or hold out less")
    digest = hashlib.sha256(json.dumps(codec.to_json(), sort_keys=True).encode())
    for part in parts:
        digest.update(f"{len(part)}\n".encode())
        for example in part:
            _update(digest, example)
    return Dataset(*parts, codec, digest.hexdigest(), name, config, tuple(notes))


def _update(digest: Any, value: Any) -> None:
    """Hash an example, however it is made of tuples, arrays, numbers and texts."""
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype} {value.shape}\n".encode())
        digest.update(np.ascontiguousarray(value).data)
    elif isinstance(value, tuple | list):
        digest.update(f"{len(value)}(".encode())
        for part in value:
            _update(digest, part)
    else:
        digest.update(f"{value!r}\n".encode())


def data_name(sources: Sequence[str]) -> str:
    """What messages call data: the file, or how many there are."""
    if len(sources) != 1:
        return f"{len(sources)} files"
    return "standard input" if sources[0] == STANDARD_INPUT else Path(sources[0]).name


Raw = TypeVar("Raw")


def divided(
    examples: Sequence[Raw], config: ExampleData, groups: Sequence[Hashable] | None = None
) -> tuple[list[Raw], list[Raw], list[Raw]]:
    """Divide examples at random into training, validation and test, each in the order given.

    Args:
        examples: all of them.
        config: the shares; a part that has files of its own takes none of these.
        groups: of the same length; each group is divided by the same shares (stratified).
    """
    validation = 0.0 if config.validation_data else config.validation
    test = 0.0 if config.test_data else config.test
    generator = np.random.default_rng(config.split_seed)
    part = np.zeros(len(examples), np.int8)
    members: dict[Hashable, list[int]] = {}
    for index in range(len(examples)):
        members.setdefault(None if groups is None else groups[index], []).append(index)
    for indices in members.values():
        order = generator.permutation(indices)
        held = round(len(order) * validation)
        part[order[:held]] = 1
        part[order[held : held + round(len(order) * test)]] = 2
    train, held_out, last = ([examples[int(index)] for index in np.flatnonzero(part == number)] for number in range(3))
    return train, held_out, last
