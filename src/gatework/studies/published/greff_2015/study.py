"""greff-2015: long short-term memory with one part taken away, each variant at the same drawn hyperparameters."""

from __future__ import annotations

from typing import Any

from gatework.studies.music_training import train_on_music
from gatework.studies.published.greff_2015.hyperparameters import Range, drawn, importances
from gatework.studies.published.greff_2015.text_training import train_on_text
from gatework.studies.report import Report
from gatework.studies.statistics import Interval, paired_difference
from gatework.studies.study import Scope, Study, data_folder
from gatework.studies.trials import Measured, Settings, Trials

VARIANTS = {
    "V": ("vanilla", ""),
    "NIG": ("no input gate", "not better"),
    "NFG": ("no forget gate", "worse"),
    "NOG": ("no output gate", "not better"),
    "NIAF": ("no input activation", "not better"),
    "NOAF": ("no output activation", "worse"),
    "CIFG": ("coupled input and forget gate", "costs nothing"),
    "NP": ("no peepholes", "costs nothing"),
    "FGR": ("full gate recurrence", "not better"),
}
"""What each is, and how the paper found it beside the vanilla form."""

RANGES = {
    "width": Range(20, 200, logarithmic=True),
    "rate": Range(1e-3, 1.0, logarithmic=True),
    "decay": Range(0.01, 1.0, logarithmic=True),
    "noise": Range(0.0, 1.0),
}
"""``decay`` is 1 - momentum, as the paper draws it."""

QUICK_RANGES = {**RANGES, "width": Range(20, 40, logarithmic=True)}
TASKS = {"JSB Chorales": "nats a step", "characters": "nats a character"}


class Greff2015(Study):
    """The same draws for all variants, so that they are compared in pairs."""

    name = "greff-2015"
    title = "Which parts of an LSTM matter"
    question = "What does an LSTM lose without each of its gates, activations and peepholes, and what must be tuned?"
    sources = ("Greff, Srivastava, Koutnik, Steunebrink and Schmidhuber 2015, arXiv:1503.04069",)
    needs_data = True

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Draw after draw, all variants at each on each task; a seed is a draw."""
        seeds = scope.seed_range(4, 12)
        lengths = _lengths(scope)
        draws = drawn(QUICK_RANGES if scope.quick else RANGES, len(seeds), seed=2015)
        return [
            {"task": task, "variant": variant, **_rounded(draw), "seed": seed, **lengths[task]}
            for seed, draw in zip(seeds, draws, strict=True)
            for task in TASKS
            for variant in VARIANTS
        ]

    def measure(self, settings: Settings) -> Measured:
        """Train one variant by gradient descent with Nesterov's momentum and noise on its input."""
        variant = settings["variant"]
        cell: dict[str, Any] = {"cell": "greff-lstm", "cell_options": {"variant": variant}}
        if variant == "FGR":
            cell = {"cell": "full-gate-recurrence-lstm"}
        model = {**cell, "hidden_size": settings["width"], "input_noise": settings["noise"]}
        training = {
            "optimizer": "nesterov",
            "learning_rate": settings["rate"],
            "momentum": 1 - settings["decay"],
            "schedule": "constant",
        }
        if settings["task"] == "characters":
            length = {"steps": settings["updates"], "batch": 32, "window": 32, "validate_every": settings["updates"]}
            text = data_folder() / "tinyshakespeare.txt"
            return train_on_text(text, {**model, "layers": 1}, {**training, **length}, seed=settings["seed"])
        length = {"epochs": settings["epochs"], "batch": 8}
        return train_on_music("JSB_Chorales", model, {**training, **length}, seed=settings["seed"])

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """Differences from the vanilla form with intervals, and what the hyperparameters explain."""
        report.text(*_protocol(scope))
        for task, unit in TASKS.items():
            group = trials.where(task=task)
            report.heading(f"{task}: test loss, {unit}")
            columns = ("variant", "without", "published", "best of ours", "minus vanilla", "ours", "pairs", "failed")
            report.table((*columns, "parameters of best", "seconds each"), [_row(name, group) for name in VARIANTS])
        report.picture("differences", _differences(trials), "Test loss minus that of the vanilla form, 95 % intervals.")
        report.heading("Importance of each hyperparameter")
        report.text(
            "The share of the variance of the test loss that each explains alone, by functional ANOVA as Optuna "
            "computes it (64 trees, shares made to add up to 1), all variants together and the variant one of the "
            "hyperparameters. Published: the learning rate explains most, then the size; momentum next to nothing."
        )
        report.table(("hyperparameter", *TASKS), _importances(trials, scope))


def _lengths(scope: Scope) -> dict[str, Settings]:
    epochs, updates = (3, 60) if scope.quick else (12, 400)
    return {"JSB Chorales": {"epochs": epochs}, "characters": {"updates": updates}}


def _rounded(draw: dict[str, float]) -> Settings:
    """Widths are whole numbers; ten digits are enough for a key that is the same on all machines."""
    return {name: round(value) if name == "width" else float(f"{value:.10g}") for name, value in draw.items()}


def differences(variant: str, trials: Trials) -> Interval:
    """Test loss of a variant minus that of the vanilla form at the same draw, where neither failed."""
    own, vanilla = ({t["seed"]: t["test"] for t in trials.where(variant=name).good} for name in (variant, "V"))
    shared = sorted(own.keys() & vanilla.keys())
    return paired_difference([own[seed] for seed in shared], [vanilla[seed] for seed in shared])


def judged(difference: Interval) -> str | None:
    """In a word what an interval says; None where there is none."""
    if difference.count < 2:
        return None
    return "worse" if difference.low > 0 else "better" if difference.high < 0 else "no clear difference"


def _row(variant: str, trials: Trials) -> tuple[Any, ...]:
    what, published = VARIANTS[variant]
    group = trials.where(variant=variant)
    best = group.best("validation")
    difference = differences(variant, trials)
    vanilla = variant == "V"
    return (
        variant,
        what,
        published,
        best["test"] if best else None,
        "" if vanilla else difference,
        "" if vanilla else judged(difference),
        "" if vanilla else difference.count,
        len(group.failed),
        best["parameters"] if best else None,
        sum(trial.seconds for trial in group) / len(group) if group else None,
    )


def _protocol(scope: Scope) -> list[str]:
    music, text = _lengths(scope).values()
    width = (QUICK_RANGES if scope.quick else RANGES)["width"]
    return [
        "As published: one layer; width, learning rate, 1 - momentum drawn log-uniformly, the standard deviation of "
        "noise on the input uniformly in [0, 1]; Nesterov's momentum. Each draw is used for all nine variants, with "
        "the same seed, and variants are compared draw by draw; *best of ours* is chosen on the validation part.",
        f"Smaller than published (200 draws for each variant and task): {len(scope.seed_range(4, 12))} draws, widths "
        f"from {width.low:g} to {width.high:g}, {music['epochs']} epochs of JSB Chorales in batches of 8, "
        f"{text['updates']} updates of 32 windows of 32 characters of Tiny Shakespeare in place of speech and "
        "handwriting. The rate is drawn from [0.001, 1] and not [1e-6, 0.01]: our loss is the mean over steps, and "
        "gradients are clipped to a norm of 1. The forget bias starts at 1.",
        "Intervals are not corrected for eight comparisons: of eight variants without any effect, one in three such "
        "tables would show one as different. Short trainings also favour what learns fast.",
    ]


def _importances(trials: Trials, scope: Scope) -> list[tuple[Any, ...]]:
    ranges = QUICK_RANGES if scope.quick else RANGES
    choices = {"variant": tuple(VARIANTS)}
    found = [importances(trials.where(task=task), ranges, choices, "test") for task in TASKS]
    shown = {"decay": "1 - momentum", "noise": "input noise", "rate": "learning rate"}
    return [(shown.get(name, name), *(one.get(name) for one in found)) for name in (*ranges, *choices)]


def _differences(trials: Trials) -> Any:
    from gatework.insight.figure import new_figure

    figure = new_figure(9, 3.4)
    names = [name for name in VARIANTS if name != "V"]
    for place, (task, unit) in zip(figure.subplots(1, len(TASKS)), TASKS.items(), strict=True):
        for height, name in enumerate(reversed(names)):
            found = differences(name, trials.where(task=task))
            if found.count > 1:
                place.errorbar(found.mean, height, xerr=found.half_width, fmt="o", color="C0", capsize=3)
        place.axvline(0, color="grey", linewidth=0.8)
        place.set_yticks(range(len(names)), list(reversed(names)))
        place.set(title=task, xlabel=unit)
    return figure


STUDY = Greff2015()
