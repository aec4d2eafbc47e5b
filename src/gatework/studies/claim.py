"""The folder of a search or a comparison: it can be gone on with only as what it was."""

from __future__ import annotations

from typing import Any

from gatework.errors import InputError
from gatework.storage import read_json
from gatework.studies.folder import StudyFolder


def claim(folder: StudyFolder, about: dict[str, Any], what: str) -> bool:
    """Begin in a folder, or make sure that what was begun there is the same; whether there was something.

    Args:
        folder: it may be new.
        about: all that the trials depend on, as JSON has it.
        what: that is: "search".

    Raises:
        InputError: the folder is that of one on other data or with other settings; the first that differs is named.
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
            raise InputError(f"{folder.path} is a {what} on other data", "name another folder with --folder")
        raise InputError(
            f"{folder.path} is another {what}'s: its {name} is {_shown(found)}, not {_shown(wanted)}",
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
