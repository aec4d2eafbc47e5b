"""What a study is: trials that are planned, what each of them measures, and a report about all."""

from __future__ import annotations

import abc
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatework.errors import InputError
from gatework.studies.trials import Measured, Settings, Trial, Trials

if TYPE_CHECKING:
    from gatework.studies.report import Report


@dataclass(frozen=True)
class Scope:
    """How much of a study is run.

    Attributes:
        quick: so little that it ends in about two minutes on two cores.
        seeds: repetitions of each setting with other random numbers; the study's own number unless given.
    """

    quick: bool = False
    seeds: int | None = None

    def seed_range(self, quick: int, full: int) -> range:
        """The seeds 1, 2, ...: so many as the user says, else as many as the study has in this scope."""
        return range(1, 1 + (self.seeds or (quick if self.quick else full)))


class Study(abc.ABC):
    """An experiment, most often a published one. Other processes get its instances, which are small.

    Attributes:
        name: on the command line.
        title: of its report.
        question: what it answers, in a line.
        sources: where it was published, each with a DOI or an arXiv number.
        needs_data: whether it reads files from the folder ``GATEWORK_DATA``.
    """

    name: str
    title: str
    question: str
    sources: tuple[str, ...]
    needs_data: bool = False

    @abc.abstractmethod
    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """All trials that are known to be needed.

        It is asked again after these were made, until it names none that is new: a later trial may depend on what
        earlier ones measured, but on nothing else, so that an interrupted study goes on as it would have.

        Args:
            scope: how much.
            done: the trials made so far, the failed ones among them.

        Returns:
            The settings of each trial as JSON has them: all that its result depends on, the ``seed`` too.
        """

    @abc.abstractmethod
    def measure(self, settings: Settings) -> Measured:
        """Make a trial, with one thread; what it measured, as JSON has it.

        ``parameters`` is the number of the model's parameters, where there is a model.

        Raises:
            Exception: of any kind; the trial then counts as failed, and the report says so.
        """

    @abc.abstractmethod
    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """Write what was found: text, tables (with *published* beside *ours*) and pictures."""

    def command(self, scope: Scope) -> list[str]:
        """The words that run it, as its report shows them."""
        quick = ["--quick"] if scope.quick else []
        seeds = ["--seeds", str(scope.seeds)] if scope.seeds else []
        return ["gatework", "study", self.name, *quick, *seeds]

    def said(self, trial: Trial) -> str:
        """A trial that was made, in a line while the others are."""
        settings = " ".join(f"{name} {value}" for name, value in trial.settings.items())
        return f"{settings[:100]}: {trial.error or f'{trial.seconds:.1f} s'}"

    def check(self) -> None:
        """Check what the study needs before it begins.

        Raises:
            InputError: its data are not there.
        """
        if self.needs_data:
            data_folder()


def data_folder() -> Path:
    """The folder of real data that ``GATEWORK_DATA`` names.

    Raises:
        InputError: it names none.
    """
    named = os.environ.get("GATEWORK_DATA", "")
    if not named or not Path(named).is_dir():
        raise InputError(
            f"GATEWORK_DATA is {named!r}, not a folder",
            "set it to the folder of data that docs/experiments.md describes",
        )
    return Path(named)
