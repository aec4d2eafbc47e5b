"""What greff-2015 asks, and what one of its trials measures: nine LSTMs at the same drawn hyperparameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.studies.music_training import train_on_music
from gatework.studies.published.greff_2015.report import VARIANTS, tell
from gatework.studies.published.greff_2015.text_training import train_on_text
from gatework.studies.report import Report
from gatework.studies.search import Dimension, Space
from gatework.studies.study import Scope, Study, data_folder
from gatework.studies.trials import Measured, Settings, Trials

RANGES = (
    Dimension("width", "model", 20, 200, log=True),
    Dimension("rate", "training", 1e-3, 1.0, log=True),
    Dimension("decay", "training", 0.01, 1.0, log=True),
    Dimension("noise", "model", 0.0, 1.0),
)
"""``decay`` is 1 - momentum, as the paper draws it; widths are rounded once they are drawn."""

QUICK_WIDTH = Dimension("width", "model", 20, 40, log=True)
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
        draws = drawn(_space(scope), len(seeds))
        return [
            {"task": task, "variant": variant, **draw, "seed": seed, **lengths[task]}
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
        tell(trials, report, TASKS, _space(scope), _protocol(scope))


def _lengths(scope: Scope) -> dict[str, Settings]:
    epochs, updates = (3, 60) if scope.quick else (12, 400)
    return {"JSB Chorales": {"epochs": epochs}, "characters": {"updates": updates}}


def _space(scope: Scope) -> Space:
    return Space((QUICK_WIDTH, *RANGES[1:]) if scope.quick else RANGES)


def drawn(space: Space, count: int) -> list[Settings]:
    """So many independent draws, of more than ``count`` the first; ten digits are the same on all machines."""
    random = np.random.default_rng(2015)
    draws = [{one.name: one.number(random.random()) for one in space} for _ in range(count)]
    return [{**{name: float(f"{x:.10g}") for name, x in one.items()}, "width": round(one["width"])} for one in draws]


def _protocol(scope: Scope) -> list[str]:
    music, text = _lengths(scope).values()
    width = _space(scope)[0]
    return [
        "As published: one layer; width, learning rate, 1 - momentum drawn log-uniformly, the standard deviation of "
        "noise on the input uniformly in [0, 1]; Nesterov's momentum. Each draw is used for all nine variants, with "
        "the same seed, and variants are compared draw by draw; *best of ours* is chosen on the validation part.",
        f"Smaller than published (200 draws for each variant and task): {len(scope.seed_range(4, 12))} draws, widths "
        f"from {width.low:g} to {width.high:g}, {music['epochs']} epochs of JSB Chorales in batches of 8, "
        f"{text['updates']} updates of 32 windows of 32 characters of Tiny Shakespeare in place of speech and "
        "handwriting. The rate is drawn from [0.001, 1] and not [1e-6, 0.01]: our loss is the mean over steps, and "
        "gradients are clipped to a norm of 1. The forget bias starts at 1.",
    ]


STUDY = Greff2015()
