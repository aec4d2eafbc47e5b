"""Which task data are for, where they leave no doubt."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from gatework.data.files.column_names import LABEL, PATH, SAID, SOURCE, SURE_LABEL, SURE_TEXT, TARGET
from gatework.data.files.lines import numbered_lines, suffix_of, without_gz
from gatework.data.files.tables import read_table
from gatework.data.series.series import read_series
from gatework.errors import GateworkError, InputError
from gatework.settings import STANDARD_INPUT, TASKS

TABLES = frozenset({".csv", ".tsv", ".tab", ".jsonl", ".ndjson"})
SOUND = frozenset({".wav"})
MUSIC = frozenset({".mid", ".midi", ".mat"})
PICTURES = frozenset({".png", ".jpg", ".jpeg"})
ROWS = 200
"""Lines of a file that are looked at."""


def guess_task(sources: Sequence[str]) -> str:
    """The task that data are for; ``language`` for whatever is plain text.

    Args:
        sources: as a user named them.

    Raises:
        InputError: they could be for more than one task.
    """
    paths = [Path(source) for source in sources if source != STANDARD_INPUT]
    if not paths or len(paths) < len(sources):
        return "language"
    kinds = {suffix for path in paths for suffix in _suffixes(path)}
    if kinds and kinds <= MUSIC:
        return "music"
    if kinds == {".ts"}:
        return "classify"
    if _are_pairs(paths):
        return "translate"
    if len(paths) == 2 and kinds == {".pos", ".neg"}:
        return "classify"
    if kinds & SOUND and kinds <= SOUND | TABLES:
        return _of_sound(paths)
    if kinds & PICTURES and kinds <= PICTURES | TABLES:
        return _known("caption", paths)
    if kinds and kinds <= TABLES and len(paths) == 1:
        return _of_table(paths[0])
    if kinds and kinds <= {".conll", ".conllu", ".bio", ".iob"}:
        return "tag"
    return "language"


def _suffixes(path: Path) -> set[str]:
    """The endings of a file, or of the files in a folder."""
    files = [path] if path.is_file() else path.rglob("*.*") if path.is_dir() else ()
    return {suffix_of(file) for file in files if not file.name.startswith(".")}


def _are_pairs(paths: Sequence[Path]) -> bool:
    """Two files of one name with codes of languages as endings: train.en, train.de."""
    plain = [without_gz(path) for path in paths]
    if len(plain) != 2 or plain[0].stem != plain[1].stem:
        return False
    codes = [path.suffix[1:] for path in plain]
    return codes[0] != codes[1] and all(code.isalpha() and code.islower() and len(code) == 2 for code in codes)


def _of_sound(paths: Sequence[Path]) -> str:
    """Recordings with a table have transcripts or labels; alone they could be told apart, or written down."""
    files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    table = next((file for file in files if suffix_of(file) in TABLES), None)
    if table is None:
        raise _doubt(paths, "classify", "transcribe")
    try:
        return _of_recordings(read_table(str(table)).columns)
    except GateworkError:
        return _no_guess(table)


def _of_recordings(columns: Sequence[str]) -> str:
    """A label alone is a class; whatever else is written beside a recording is what is said in it."""
    said = SAID.find([column for column in columns if not LABEL.is_usual(column)])
    return "classify" if said is None and LABEL.find(columns) else "transcribe"


def _of_table(path: Path) -> str:
    if suffix_of(path) == ".tsv" and _is_tagged(path):
        return "tag"
    try:
        table = read_table(str(path))
        names, first = table.columns, next(iter(table), None)
    except GateworkError:
        return _no_guess(path)
    named = PATH.find(names)
    if named is not None and first is not None and suffix_of(str(first.values.get(named))) in SOUND:
        return _of_recordings(names)
    if SOURCE.find(names) and TARGET.find(names):
        return "translate"
    if SURE_TEXT.find(names) and SURE_LABEL.find(names):
        return "classify"
    if _is_series(path):
        return "forecast"
    return "classify" if _has_two_columns(path) else _no_guess(path)


def _is_tagged(path: Path) -> bool:
    """Short lines of two columns, with empty lines between sentences."""
    lines = _head(path)
    filled = [line for line in lines if line.strip()]
    return len(filled) < len(lines) - 1 and all(line.count("\t") >= 1 and " " not in line for line in filled[:20])


def _has_two_columns(path: Path) -> bool:
    """Text and label on every line, without a header that says so."""
    filled = [line for line in _head(path) if line.strip()]
    return suffix_of(path) == ".tsv" and bool(filled) and all(line.count("\t") == 1 for line in filled)


def _head(path: Path) -> list[str]:
    return [line for _, line in itertools.islice(numbered_lines(path, "latin-1"), ROWS)]  # bytes of any encoding


def _is_series(path: Path) -> bool:
    """Only numbers, beside a column of times."""
    try:
        return bool(read_series(str(path), missing="interpolate").series)
    except GateworkError:
        return False


def _no_guess(path: Path) -> str:
    raise _doubt([path], *TASKS)


def _known(task: str, paths: Sequence[Path]) -> str:
    return task if task in TASKS else _no_guess(paths[0])


def _doubt(paths: Sequence[Path], *tasks: str) -> InputError:
    return InputError(f"{paths[0]} does not say what is to be learnt", f"say so: --task {' or '.join(tasks)}")
