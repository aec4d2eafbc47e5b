"""Texts whose label is the name of the file or folder that they lie in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gatework.data.files.lines import numbered_lines, raw_lines, without_gz
from gatework.errors import InputError


class LabelledText(NamedTuple):
    """An example.

    Attributes:
        text: what is to be classified.
        label: its class.
        where: file and line, for messages.
    """

    text: str
    label: str
    where: str


def read_labelled_files(paths: Sequence[str | os.PathLike[str]], encoding: str = "utf-8") -> Iterator[LabelledText]:
    """Read texts that files or folders sort into classes.

    Files named alike but for their suffix (``reviews.pos``, ``reviews.neg``) are labelled by the suffix, others
    by their name without it (``Arabic.txt``); each line is a text, and lines of blanks are skipped. In a folder
    of folders each inner folder is a label, and each file in it one text (``pos/0_9.txt``).

    Args:
        paths: files, or folders of files or of folders; hidden ones in them are passed over.
        encoding: of all files.

    Raises:
        InputError: at once, there is no such file, or a folder holds none; while reading, a line is not in the
            encoding.
    """
    if isinstance(paths, str | os.PathLike):
        raise TypeError(f"paths: {paths!r} is one path; give a sequence of paths")
    files: list[Path] = []
    classes: list[Path] = []
    for path in map(Path, paths):
        inside = _visible(path) if path.is_dir() else [path]
        folders = [entry for entry in inside if entry.is_dir()]
        if not inside or (folders and len(folders) < len(inside)):
            found = "files beside folders" if inside else "no files"
            raise InputError(f"the folder {path} holds {found}", "give a folder of files, or of one folder a label")
        classes += folders
        files += [] if folders else inside
    missing = next((file for file in files if not file.exists()), None)
    if missing is not None:
        raise InputError(f"there is no file {missing}", "check the path")
    return _read(files, classes, encoding)


def _visible(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _read(files: Sequence[Path], classes: Sequence[Path], encoding: str) -> Iterator[LabelledText]:
    for file, label in zip(files, _labels(files), strict=True):
        for line, text in numbered_lines(file, encoding):
            if text.strip():
                yield LabelledText(text, label, f"{file} line {line}")
    for folder in classes:
        for file in _visible(folder):
            text = "".join(raw_lines(file, encoding))
            if text.strip():
                yield LabelledText(text, folder.name, str(file))


def _labels(files: Sequence[Path]) -> list[str]:
    plain = [without_gz(file.name) for file in files]
    by_suffix = len({path.stem for path in plain}) < len({path.suffix for path in plain})
    return [path.suffix.removeprefix(".") if by_suffix and path.suffix else path.stem for path in plain]
