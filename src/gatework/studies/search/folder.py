"""The folder of a search: it can be gone on with only as the search that it was."""

from __future__ import annotations

from typing import Any

from gatework.errors import InputError
from gatework.storage import read_json
from gatework.studies.folder import StudyFolder


def claim(folder: StudyFolder, about: dict[str, Any]) -> bool:
    """Begin a search in a folder, or make sure that it is the same; whether there was one.

    Args:
        folder: it may be new.
        about: all that the trials depend on, as JSON has it.

    Raises:
        InputError: the folder is that of a search on other data or with other settings; the first that differs is
            named.
    """
    mark = folder.path / "study.json"
    if not mark.exists():
        folder.start(about)
        return False
    other = read_json(mark)
    differing = _first_difference({"study": folder.study, **about}, other)
    if differing is not None:
        name, wanted, found = differing
        if name == "fingerprint":
            raise InputError(f"{folder.path} is a search on other data", "name another folder with --folder")
        raise InputError(
            f"{folder.path} is another search's: its {name} is {_shown(found)}, not {_shown(wanted)}",
            "name another folder with --folder, or give the same settings",
        )
    return True


def _shown(value: Any) -> str:
    return "not given" if value is None else repr(value)


def _first_difference(wanted: Any, found: Any, name: str = "") -> tuple[str, Any, Any] | None:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            if (one := _first_difference(wanted.get(key), found.get(key), key)) is not None:
                return one
        return None
    return None if wanted == found else (name or "study", wanted, found)
