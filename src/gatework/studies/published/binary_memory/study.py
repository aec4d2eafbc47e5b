"""binary-memory: coins that depend on coins three and eight steps ago, and which of both a window lets be learnt."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from gatework.studies.networks import StepReader
from gatework.studies.published.binary_memory.memory import remembered
from gatework.studies.report import Report
from gatework.studies.sizes import parameter_count
from gatework.studies.sources.coins import FAR, NEAR, coins, expected_loss, floors
from gatework.studies.statistics import mean_interval
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trials
from gatework.studies.windows import train_in_windows

BATCH = 200
HELD_OUT = 2000
CURVE = 60
LAGS = 13
WITHIN = 0.003
SIZES = (4, 16)
OTHERS = (("adam", 0.01, 10, 16), ("adam", 0.01, 20, 4), ("sgd", 0.5, 10, 16))


class BinaryMemory(Study):
    """What is learnt by windows that lie side by side."""

    name = "binary-memory"
    title = "Binary memory: what a truncated gradient can learn"
    question = (
        "Which dependencies of 3 and 8 steps does a recurrent network learn when gradients go back 1, 5, 10 or 20 "
        "steps, the state being carried on?"
    )
    sources = ("R2RT, Recurrent Neural Networks in Tensorflow I (2016), r2rt.com",)

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Windows by state sizes, with the source's Adagrad; other optimizers; and states that are not trained."""
        base: Settings = {"cell": "elman", "updates": 600 if scope.quick else 3500}
        main = [("adagrad", 0.1, window, size, "all") for size in SIZES for window in (1, 5, 10, 20)]
        readout = [("adagrad", 0.1, 5, size, "readout") for size in SIZES]
        others = [] if scope.quick else [(*other, "all") for other in OTHERS]
        return [
            {**base, "optimizer": name, "rate": rate, "window": window, "state": size, "trained": trained, "seed": seed}
            for name, rate, window, size, trained in main + readout + others
            for seed in scope.seed_range(1, 4)
        ]

    def measure(self, settings: Settings) -> Measured:
        """Train on fresh coins without end; the losses on the way, and what is expected on held-out coins."""
        window = settings["window"]
        model = StepReader(settings["cell"], 1, settings["state"], 1)
        model.recurrent.requires_grad_(settings["trained"] == "all")
        optimizer = _optimizer(settings, model)
        x, y, _ = coins(settings["updates"] * window, BATCH, np.random.default_rng(settings["seed"]))
        losses: list[float] = []
        loss = F.binary_cross_entropy_with_logits
        train_in_windows(model, x, y, loss, optimizer, k1=window, k2=window, each=losses.append)
        each = max(1, len(losses) // CURVE)
        curve = [float(np.mean(losses[i : i + each])) for i in range(0, len(losses) - each + 1, each)]
        known = _held_out(model, np.random.default_rng([settings["seed"], 1]))
        return {**known, "parameters": parameter_count(model), "every": each, "curve": curve}

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """The curves with three lines; the losses beside the floors; what the states remember, and why."""
        report.text(
            "A model that learns neither dependency reaches {neither:.6f} nats, the near one alone {near:.6f}, both "
            "{both:.6f}.".format(**floors()),
            "A window of *n* steps carries the state on and cuts the gradient. Learnt from the position of the target, "
            "a dependency of *k* steps is seen within windows longer than *k*; the source expects 5 to learn the near "
            "one only and 10 both.",
            "Differs from the source: batches are separate streams of fresh coins; TensorFlow's initial values are not "
            "PyTorch's; the loss is what is expected on held-out coins, of which the chances are known.",
        )
        trained = trials.where(trained="all")
        report.picture("curves", _curves(trained.where(optimizer="adagrad")), "Loss while training, Adagrad.")
        report.heading("Held-out loss, nats")
        columns = ("optimizer", "rate", "window", "state", "published: learns", "published floor", "ours")
        rows = [_row(key, group) for key, group in trained.groups("optimizer", "rate", "window", "state").items()]
        report.table((*columns, "mean - floor", "best seed", f"within {WITHIN}", "seconds", "failed"), rows, digits=4)
        report.text(_small_state(trained))
        _explain(trials, report)


def _held_out(model: StepReader, random: np.random.Generator) -> Measured:
    """The loss, and what the states remember."""
    x, _, chance = coins(HELD_OUT, BATCH, random)
    with torch.no_grad():
        states = model.recurrent(x).outputs
        loss = expected_loss(model.head(states[FAR:]), chance[FAR:])
    return {"loss": loss, "memory": remembered(states[FAR:], x[FAR:, :, 0], LAGS)}


def _wanted(window: int) -> str:
    return "neither" if window <= NEAR else "near" if window <= FAR else "both"


def _row(key: tuple[Any, ...], group: Trials) -> tuple[Any, ...]:
    name, rate, window, size = key
    wanted = _wanted(window)
    ours, least = mean_interval(group.values("loss")), min(group.values("loss"), default=math.nan)
    gap = ours.mean - floors()[wanted]
    seconds = float(np.mean([trial.seconds for trial in group]))
    near = "yes" if abs(gap) <= WITHIN else "below" if gap < 0 else "no"
    shown = (wanted, f"{floors()[wanted]:.6f}", ours, f"{gap:+.4f}", least, near, f"{seconds:.0f}", len(group.failed))
    return (name, str(rate), window, size, *shown)


def _small_state(trials: Trials) -> str:
    """How near the smaller state comes to both."""
    best = trials.where(state=SIZES[0]).best("loss")
    if best is None:
        return f"No training with a state of {SIZES[0]} succeeded."
    return (
        f"Both dependencies need the last eight coins in the state. The best training with a state of {SIZES[0]} "
        f"({best['optimizer']}, window {best['window']}) ended at {best['loss']:.4f}, "
        f"{best['loss'] - floors()['both']:+.4f} from *both*."
    )


def _explain(trials: Trials, report: Report) -> None:
    """Why windows that are too short do better than was expected."""
    report.heading("Where the expectation does not hold: a memory that no gradient made")
    rows = []
    for size in SIZES:
        frozen = trials.where(trained="readout", state=size)
        short = trials.where(trained="all", optimizer="adagrad", state=size)
        for label, window, group in [("readout only", None, frozen)] + [
            ("everything", window, short.where(window=window)) for window in (1, 5)
        ]:
            share = [mean_interval([trial["memory"][lag] for trial in group.good]).mean for lag in (NEAR, FAR)]
            expected = floors()["neither" if window is None else _wanted(window)]
            rows.append((size, label, window or "-", f"{expected:.6f}", mean_interval(group.values("loss")), *share))
    report.text(
        "The floors bound what a *gradient* within the window can teach, not what the network can answer. Its state is "
        "carried on, and a recurrent layer that was never trained already mixes its last inputs into its state. The "
        "output layer needs no gradient through time to read them there. *Readout only* leaves the recurrent layer as "
        "it was drawn and trains the output layer alone. Its loss lies below *neither*, and so does that of windows "
        "too short for a dependency, the more so the wider the state. The picture asks the states directly: how often "
        "a linear map of them tells the coin of *k* steps ago (half of the time by guessing).",
    )
    columns = ("state", "trained", "window", "published floor", "ours", f"coin {NEAR} ago told", f"coin {FAR} ago told")
    report.table(columns, rows, digits=4)
    report.picture("memory", _memory(trials), "What a linear map can tell from the state; dotted: 3 and 8 steps.")


def _optimizer(settings: Settings, model: torch.nn.Module) -> torch.optim.Optimizer:
    kinds = {"adagrad": torch.optim.Adagrad, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    return kinds[settings["optimizer"]](model.parameters(), lr=settings["rate"])


def _two_places() -> tuple[Any, Any]:
    """A figure with a place for each size."""
    from gatework.insight.figure import new_figure

    figure = new_figure(9, 3.6)
    places = figure.subplots(1, 2, sharey=True)
    for place, size in zip(places, SIZES, strict=True):
        place.set_title(f"state of {size}")
    return figure, places


def _curves(trials: Trials) -> Any:
    figure, places = _two_places()
    for place, size in zip(places, SIZES, strict=True):
        for (window,), group in trials.where(state=size).good.groups("window").items():
            mean = np.mean([trial["curve"] for trial in group], axis=0)
            place.plot(group[0]["every"] * np.arange(1, len(mean) + 1), mean, label=f"window {window}", linewidth=1)
        for name, level in floors().items():
            place.axhline(level, color="grey", linewidth=0.8, linestyle=":")
            place.annotate(name, (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
        place.set_xlabel("updates")
    places[0].set_ylabel("cross-entropy, nats")
    if places[1].get_legend_handles_labels()[0]:  # there is none while the first trials are being made
        places[1].legend(fontsize=8)
    return figure


def _memory(trials: Trials) -> Any:
    figure, places = _two_places()
    trained = trials.where(trained="all", optimizer="adagrad").good
    for place, size in zip(places, SIZES, strict=True):
        groups = {"not trained": trials.where(trained="readout", state=size).good}
        groups |= {f"window {window}": group for (window,), group in trained.where(state=size).groups("window").items()}
        for label, group in groups.items():
            if group:
                mean = np.mean([trial["memory"] for trial in group], axis=0)
                place.plot(mean, label=label, linewidth=1, color="black" if label == "not trained" else None)
        for lag in (NEAR, FAR):
            place.axvline(lag, color="grey", linewidth=0.8, linestyle=":")
        place.set_xlabel("steps ago")
    places[0].set_ylabel("coins told from the state")
    if places[1].get_legend_handles_labels()[0]:
        places[1].legend(fontsize=8)
    return figure


STUDY = BinaryMemory()
