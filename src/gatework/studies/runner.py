"""Makes the trials of a study, several at once, and keeps each as soon as it is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from gatework.errors import InputError
from gatework.studies.folder import StudyFolder
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trial, Trials, key_of
from gatework.training.signals import Interrupted

Progress = Callable[[Trial | None, int, int], None]
"""Told of the trial that was made (None at the start), how many are made, and how many are known to be needed."""


def run_study(
    study: Study,
    scope: Scope,
    folder: StudyFolder,
    *,
    jobs: int = 1,
    again: bool = False,
    progress: Progress = lambda trial, done, total: None,
) -> Trials:
    """Make all trials that the folder does not have yet; return all.

    Args:
        study: what is run.
        scope: how much of it.
        folder: where each trial is kept.
        jobs: processes; with 1 the trials are made in this one. joblib runs them: inside its ``parallel_config``
            they may go to a cluster.
        again: make the failed ones once more.
        progress: told of each trial.

    Raises:
        InputError: there is nothing to be run, or joblib is not installed.
    """
    made: dict[str, Trial] = {}
    tried: set[str] = set()
    while True:
        plan = {key_of(study.name, settings): settings for settings in study.plan(scope, Trials(list(made.values())))}
        if not plan:
            raise InputError(f"the study {study.name} has no trials in this scope", "leave out --seeds, or --quick")
        known = len(made)
        kept = {key: folder.find(settings) for key, settings in plan.items() if key not in made}
        made |= {key: one for key, one in kept.items() if one and not (again and one.error and key not in tried)}
        missing = [settings for key, settings in plan.items() if key not in made]
        progress(None, len(plan) - len(missing), len(plan))
        if not missing and len(made) > known:
            continue  # what was found may lead to later trials
        if not missing:
            return Trials([made[key] for key in plan])
        for done, trial in enumerate(_made(study, missing, jobs), 1 + len(plan) - len(missing)):
            folder.keep(trial)
            key = key_of(study.name, trial.settings)
            made[key] = trial
            tried.add(key)
            progress(trial, done, len(plan))


def found_trials(study: Study, scope: Scope, folder: StudyFolder) -> tuple[Trials, int]:
    """The trials that a folder has, and how many are known to be needed; none is made."""
    found = Trials([])
    while True:
        plan = study.plan(scope, found)
        kept = [trial for trial in map(folder.find, plan) if trial is not None]
        if len(kept) == len(found):
            return found, len(plan)
        found = Trials(kept)


def _made(study: Study, plan: Sequence[Settings], jobs: int) -> Iterator[Trial]:
    """Trials in the order in which they end."""
    if jobs == 1:
        for settings in plan:
            yield make_trial(study, settings)
        return
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise InputError("several jobs need joblib", "pip install 'gatework[studies]', or add --jobs 1") from error
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    yield from parallel(delayed(make_trial)(study, settings) for settings in plan)


def make_trial(study: Study, settings: Settings) -> Trial:
    """Make one trial, with one thread; what goes wrong in it becomes its ``error``.

    Raises:
        Interrupted: Ctrl-C or SIGTERM came while a model was trained.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    start, core_start = time.perf_counter(), time.process_time()
    measured: Measured = {}
    error = ""
    try:
        torch.manual_seed(settings.get("seed", 0))
        measured = study.measure(settings)
    except Interrupted:
        raise  # a trainer takes the signal itself; a trial that was stopped has not failed
    except Exception as caught:  # noqa: BLE001 (a trial that fails is shown and counted, the others go on)
        error = f"{type(caught).__name__}: {caught}".splitlines()[0]
    finally:
        torch.set_num_threads(threads)
    core_seconds = time.process_time() - core_start
    return Trial(settings, measured, time.perf_counter() - start, error, core_seconds)
