"""The folder of a study: each trial as a file that is written once it is made, then the report."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatework.errors import InputError
from gatework.storage import read_json, write_json, write_text
from gatework.studies.trials import Settings, Trial, Trials, key_of


class StudyFolder:
    """Where a study leaves ``trials/KEY.json``, ``report.md``, ``trials.csv`` and its pictures.

    Args:
        path: it may be new, or that of the same study: its trials are then not made again.
        study: the study's name.

    Raises:
        InputError: the folder holds something else.
    """

    def __init__(self, path: Path, study: str) -> None:
        self.path = path
        self.study = study
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is not a folder", "name another with --folder")
        found = self._name_of_study()
        if found not in (None, study):
            raise InputError(f"{path} holds the study {found!r}", "name another with --folder")
        if found is None and path.exists() and any(path.iterdir()):
            raise InputError(f"{path} holds other files", "name a new folder, or that of a study, with --folder")

    def _name_of_study(self) -> str | None:
        mark = self.path / "study.json"
        return str(read_json(mark).get("study")) if mark.exists() else None

    def start(self, about: dict[str, Any]) -> None:
        """Write down which study this is, and how it is run."""
        write_json(self.path / "study.json", {"study": self.study, **about})

    def start_or_go_on(self, about: dict[str, Any], what: str) -> bool:
        """Begin, or make sure that what was begun here is the same; whether there was something.

        Args:
            about: all that the trials depend on, as JSON has it.
            what: that is: "search".

        Raises:
            InputError: the folder is that of one on other data or with other settings; the first that differs is
                named.
        """
        mark = self.path / "study.json"
        if not mark.exists():
            self.start(about)
            return False
        differing = _first_difference({"study": self.study, **about}, read_json(mark))
        if differing is None:
            return True
        name, wanted, found = differing
        if name == "fingerprint":
            raise InputError(f"{self.path} is a {what} on other data", "name another folder with --folder")
        raise InputError(
            f"{self.path} is another {what}'s: its {name} is {_shown(found)}, here it is {_shown(wanted)}",
            "name another folder with --folder, or give the same settings",
        )

    def find(self, settings: Settings) -> Trial | None:
        """The trial of these settings, if it was made."""
        path = self._path(settings)
        return Trial(**read_json(path)) if path.exists() else None

    def keep(self, trial: Trial) -> None:
        """Write a trial down."""
        write_json(self._path(trial.settings), vars(trial))

    def _path(self, settings: Settings) -> Path:
        return self.path / "trials" / f"{key_of(self.study, settings)}.json"

    def write_table(self, trials: Trials) -> Path:
        """All trials as ``trials.csv``: settings, measured numbers and words, wall and core seconds, error."""
        rows = [{**trial.settings, **_plain(trial.measured), **_cost(trial), "error": trial.error} for trial in trials]
        return write_csv(self.path / "trials.csv", rows)


def _cost(trial: Trial) -> dict[str, float | None]:
    """Seconds as a table has them; of a trial made before they were recorded, those of the processor are left empty."""
    core = None if trial.core_seconds is None else round(trial.core_seconds, 2)
    return {"seconds": round(trial.seconds, 2), "core_seconds": core}


def _plain(measured: dict[str, Any]) -> dict[str, Any]:
    """What fits into a cell of a table: no curves."""
    return {name: value for name, value in measured.items() if not isinstance(value, list | dict)}


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Rows with named columns, in the order in which the names first occur."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows([{name: _cell(value) for name, value in row.items()} for row in rows])
    write_text(path, text.getvalue())
    return path


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value


def _shown(value: Any) -> str:
    return "not given" if value is None else repr(value)


def _first_difference(wanted: Any, found: Any, name: str = "") -> tuple[str, Any, Any] | None:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            if (one := _first_difference(wanted.get(key), found.get(key), key)) is not None:
                return one
        return None
    return None if wanted == found else (name or "study", wanted, found)
