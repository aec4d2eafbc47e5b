"""What a comparison found, arm by arm: means with intervals, and differences seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatework.studies.statistics import Interval, difference_by_seed, mean_interval
from gatework.studies.trials import Trials

LOSS = "loss"


@dataclass(frozen=True)
class ArmSummary:
    """One arm.

    Attributes:
        name: of the arm.
        hidden_size: where it was set.
        rate: the learning rate that was chosen; None where none was to be.
        parameters: of its model; None where every training failed.
        figures: by name.
        differences: of the figures from those of the first arm, seed by seed; none of the first arm itself.
        seconds: of a training, validations included.
        speed: units a second while learning, measured beside the others; None where it was not.
        turns: the speed in each turn in which all were measured.
        update_seconds: of a mean update, by that speed.
        learning_seconds: of the mean number of updates, by that speed.
        good: trainings that did not fail.
        failed: those that did.
    """

    name: str
    hidden_size: int | None
    rate: float | None
    parameters: int | None
    figures: dict[str, Interval]
    differences: dict[str, Interval]
    seconds: Interval
    speed: float | None
    turns: tuple[float, ...]
    update_seconds: float | None
    learning_seconds: float | None
    good: int
    failed: int

    def record(self) -> dict[str, Any]:
        """The same as JSON has it, without what there is none of."""
        lists = {"figures": self.figures, "differences": self.differences}
        shown = {name: {key: _record(one) for key, one in found.items()} for name, found in lists.items()}
        known = {**vars(self), **shown, "seconds": _record(self.seconds)}
        return {name: value for name, value in known.items() if value is not None and name not in ("name", "turns")}


def _record(one: Interval) -> dict[str, float]:
    return {"mean": one.mean, "half_width": one.half_width, "count": one.count}


def summarised(
    kind: str, names: Sequence[str], trials: Trials, speeds: Mapping[str, Mapping[str, Any]], main: str = LOSS
) -> list[ArmSummary]:
    """Each arm in the order of its name.

    Args:
        kind: the setting that tells the arms apart.
        names: of the arms, the first being what the others are compared with.
        trials: the counted ones of all.
        speeds: see ``gatework.studies.speeds.side_by_side``.
        main: the figure that is shown even where it is the same for all.
    """
    groups = {name: trials.where(**{kind: name}) for name in names}
    shown = shown_figures(trials, main)
    return [_arm(name, group, groups[names[0]], shown, speeds.get(name, {})) for name, group in groups.items()]


def _arm(name: str, group: Trials, first: Trials, shown: Sequence[str], speed: Mapping[str, Any]) -> ArmSummary:
    settings = group[0].settings if group else {}
    each, updates = speed.get("update_seconds"), mean_interval(group.values("updates"))
    return ArmSummary(
        name,
        settings.get("hidden_size"),
        settings.get("learning_rate"),
        group.good[0]["parameters"] if group.good else None,
        {figure: mean_interval(group.values(figure)) for figure in shown},
        {} if group is first else {figure: difference_by_seed(group, first, figure) for figure in shown},
        mean_interval(group.values("training_seconds")),
        speed.get("speed"),
        tuple(speed.get("turns", ())),
        each,
        each * updates.mean if each is not None and updates.count else None,
        len(group.good),
        len(group.failed),
    )


def shown_figures(trials: Trials, main: str) -> list[str]:
    """The main figure, the loss, and those that differ from training to training, as a baseline's do not."""
    names = dict.fromkeys(name for trial in trials.good for name in trial["figures"])
    return [name for name in names if name in (main, LOSS) or len(set(trials.values(name))) > 1]


def loss_after(group: Trials, updates: float) -> Interval:
    """The newest validation loss once so many updates were made; of seeds that had validated by then."""
    seen = [[loss for update, _, loss in trial["validation"] if update <= updates] for trial in group.good]
    return mean_interval([losses[-1] for losses in seen if losses])
