"""The studies, found in ``published/``: a file or a package for each."""

from __future__ import annotations

import importlib
import pkgutil

from gatework.errors import InputError, did_you_mean
from gatework.studies import published
from gatework.studies.study import Study


def study_names() -> list[str]:
    """The names of all studies."""
    return [module.name.replace("_", "-") for module in pkgutil.iter_modules(published.__path__)]


def find_study(name: str) -> Study:
    """The study of a name.

    Raises:
        InputError: there is none.
    """
    if name not in study_names():
        raise InputError(f"there is no study {name!r}", did_you_mean(name, study_names()))
    study: Study = importlib.import_module(f"gatework.studies.published.{name.replace('-', '_')}").STUDY
    return study
