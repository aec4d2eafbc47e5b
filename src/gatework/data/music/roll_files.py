"""Piano rolls in .mat, JSON and CSV files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.files.sources import unreadable
from gatework.data.music.matlab import read_cells
from gatework.data.music.piano_rolls import checked_roll, pitches_of, roll_of
from gatework.errors import InputError
from gatework.storage import replacing

MAT_PARTS = {"traindata": "train", "validdata": "validation", "testdata": "test"}
PARTS = {"train": "train", "valid": "validation", "validation": "validation", "test": "test"}
WHOLE = "all"  # the part of a source that is not divided

Parts = dict[str, list[np.ndarray]]


def read_mat(path: Path) -> Parts:
    """Read the piano rolls of a MATLAB file (up to version 7.2), cells of (time, 88) 0 and 1.

    Raises:
        InputError: the file cannot be read, lacks a part, or holds something else.
    """
    try:
        cells = read_cells(_content(path))
    except ValueError as error:
        raise InputError(f"{path} is no .mat file of piano rolls ({error})", "save it with -v7") from error
    for name in MAT_PARTS:
        if not cells.get(name):
            raise InputError(f"{path} has no cells {name!r}", f"give a file with {', '.join(MAT_PARTS)}")
    return {part: [_mat_piece(cell, path, name) for cell in cells[name]] for name, part in MAT_PARTS.items()}


def _mat_piece(cell: np.ndarray, path: Path, name: str) -> np.ndarray:
    try:
        return checked_roll(cell, f"a piece of {name}")
    except ValueError as error:
        raise InputError(f"{path}: {error}", "give cells of piano rolls") from error


def read_json_rolls(path: Path) -> tuple[Parts, int]:
    """Read pieces as lists of the MIDI pitches at each step; return them and how many notes lay outside the piano.

    The file holds one piece, a list of pieces, or an object of such lists by the names train, valid and test.

    Raises:
        InputError: the file cannot be read, is not JSON, or holds something else.
    """
    try:
        content = json.loads(_content(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON ({error})", "restore it or make it again") from error
    parts: Parts = {}
    outside = 0
    for name, value in (content if isinstance(content, dict) else {WHOLE: content}).items():
        if name not in {*PARTS, WHOLE}:
            raise InputError(f"{path} has a part {name!r}", "name the parts train, valid and test")
        read = [_json_piece(piece, path) for piece in (value if _are_pieces(value) else [value])]
        parts[PARTS.get(name, name)] = [roll for roll, _ in read]
        outside += sum(dropped for _, dropped in read)
    if not parts:
        raise InputError(f"{path} has no part", "name the parts train, valid and test")
    return parts, outside


def _are_pieces(value: Any) -> bool:
    """Whether a list is one of pieces, not of the steps of a piece."""
    return isinstance(value, list) and any(isinstance(inner, list) for step in value for inner in _list(step))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _json_piece(piece: Any, path: Path) -> tuple[np.ndarray, int]:
    if not isinstance(piece, list) or not piece or not all(isinstance(step, list) for step in piece):
        raise InputError(f"{path} holds what is no list of steps", "give each piece as [[60, 64], [], [62]]")
    for pitch in (pitch for step in piece for pitch in step):
        if type(pitch) is not int:
            raise InputError(f"{path} has a pitch {pitch!r}", "give MIDI pitches, whole numbers")
    return roll_of(piece)


def read_csv_roll(path: Path) -> tuple[np.ndarray, int]:
    """Read a piece with the MIDI pitches of a step on each line; return it and how many lay outside the piano.

    A first line of names is passed over. An empty field, 0 and numbers below it are no note.

    Raises:
        InputError: the file cannot be read, or holds something else.
    """
    try:
        rows = list(csv.reader(io.StringIO(_content(path).decode("utf-8-sig"))))
        body = rows if not rows or _is_step(rows[0]) else rows[1:]
        steps = [[int(field) for field in row if field.strip()] for row in body]
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error.reason})", "save it as UTF-8") from error
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path} has a line that is no step ({error})", "give lines such as 60,64,67") from error
    if not steps:
        raise InputError(f"{path} holds no steps", "give lines such as 60,64,67")
    return roll_of([pitch for pitch in step if pitch > 0] for step in steps)


def write_csv_roll(path: Path, roll: np.ndarray) -> Path:
    """Write a piece as ``read_csv_roll`` reads it, whole or not at all. Return where.

    Raises:
        ValueError: it is no piano roll.
        StorageError: the file cannot be written.
    """
    lines = [csv_line(keys) for keys in checked_roll(roll)]
    with replacing(path) as beside:
        beside.write_text("".join(lines), encoding="utf-8")
    return path


def csv_line(keys: np.ndarray) -> str:
    """The MIDI pitches of a step, (88,) bool, as a line of such a file."""
    return ",".join(map(str, pitches_of(keys[None])[0])) + "\n"


def _is_step(row: list[str]) -> bool:
    return all(not field.strip() or field.strip().lstrip("-").isdecimal() for field in row)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
