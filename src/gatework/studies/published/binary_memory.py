"""binary-memory: coins that depend on coins three and eight steps ago, and which of both a window lets be learnt."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from gatework.studies.networks import StepReader, update
from gatework.studies.report import Report
from gatework.studies.sizes import parameter_count
from gatework.studies.statistics import mean_interval
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trials

NEAR, FAR = 3, 8
BATCH = 200
HELD_OUT = 200_000
CURVE = 60


def coins(length: int, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """X, fair coins, and Y with P(Y=1) = 0.5 + 0.5 where X[t-3] is 1, - 0.25 where X[t-8] is 1; both (length,)."""
    x = random.integers(0, 2, length + FAR)
    chance = 0.5 + 0.5 * x[FAR - NEAR : -NEAR] - 0.25 * x[:-FAR]
    return x[FAR:], (random.random(length) < chance).astype(np.int64)


def floors() -> dict[str, float]:
    """The least cross-entropy, nats, of a model that knows neither, the near one, or both dependencies."""

    def entropy(chance: float) -> float:
        return -sum(p * math.log(p) for p in (chance, 1 - chance) if p)

    both = [entropy(chance) for chance in (0.5, 0.25, 1.0, 0.75)]
    near = [entropy(np.mean(pair).item()) for pair in ((0.5, 0.25), (1.0, 0.75))]
    return {"neither": entropy(0.625), "near": sum(near) / 2, "both": sum(both) / 4}


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
        """Windows by state sizes, with the source's Adagrad; the larger state with other optimizers too."""
        base: Settings = {"cell": "elman", "updates": 1500 if scope.quick else 6000}
        main = [("adagrad", 0.1, window, size) for size in (4, 16) for window in (1, 5, 10, 20)]
        others = [] if scope.quick else [(name, rate, 10, 16) for name, rate in (("adam", 0.01), ("sgd", 0.5))]
        return [
            {**base, "optimizer": name, "rate": rate, "window": window, "state": size, "seed": seed}
            for name, rate, window, size in main + others
            for seed in scope.seed_range(1, 5)
        ]

    def measure(self, settings: Settings) -> Measured:
        """Train on fresh coins without end; the losses on the way, and on held-out coins."""
        window = settings["window"]
        random = np.random.default_rng(settings["seed"])
        model = StepReader(settings["cell"], 1, settings["state"], 1)
        optimizer = _optimizer(settings, model)
        x, y = _streams(BATCH, settings["updates"] * window, random)
        state: Any = None
        losses = []
        for begin in range(0, len(x), window):
            answers, state = model(x[begin : begin + window], state)
            losses.append(update(model, _loss(answers, y[begin : begin + window]), optimizer))
        held_out = _streams(BATCH, HELD_OUT // BATCH, np.random.default_rng([settings["seed"], 1]))
        with torch.no_grad():
            loss = _loss(model(held_out[0])[0][FAR:], held_out[1][FAR:]).item()
        each = max(1, len(losses) // CURVE)
        curve = [float(np.mean(losses[i : i + each])) for i in range(0, len(losses) - each + 1, each)]
        return {"loss": loss, "parameters": parameter_count(model), "every": each, "curve": curve}

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """The curves with three lines; the losses beside the floors."""
        expected = floors()
        report.text(
            "A model that learns neither dependency reaches {neither:.6f} nats, the near one alone {near:.6f}, both "
            "{both:.6f}.".format(**expected),
            "A window of *n* steps carries the state on and cuts the gradient. Learnt from the position of the target, "
            "a dependency of *k* steps is seen within windows longer than *k*; the source expects 5 to learn the near "
            "one only and 10 both.",
            "Differs from the source: batches are separate streams of fresh coins; TensorFlow's initial values are not "
            "PyTorch's; the loss is measured on held-out coins.",
        )
        report.picture("curves", _curves(trials.where(optimizer="adagrad"), expected), "Loss while training, Adagrad.")
        report.heading("Held-out loss, nats")
        rows = []
        for (name, window, size), group in trials.groups("optimizer", "window", "state").items():
            wanted = "neither" if window <= NEAR else "near" if window <= FAR else "both"
            values = group.values("loss")
            gap = min(values, default=math.nan) - expected[wanted]
            rows.append(
                (
                    name,
                    window,
                    size,
                    wanted,
                    f"{expected[wanted]:.6f}",
                    mean_interval(values),
                    f"{gap:+.4f}",
                    len(group.failed),
                )
            )
        columns = ("optimizer", "window", "state", "published: learns", "published floor", "ours", "best seed - floor")
        report.table((*columns, "failed"), rows, digits=4)


def _optimizer(settings: Settings, model: torch.nn.Module) -> torch.optim.Optimizer:
    kinds = {"adagrad": torch.optim.Adagrad, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    return kinds[settings["optimizer"]](model.parameters(), lr=settings["rate"])


def _streams(batch: int, steps: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Coins X and Y as (steps, batch, 1)."""
    pairs = [coins(steps, random) for _ in range(batch)]
    x, y = (torch.from_numpy(np.stack(part, axis=1)).float().unsqueeze(-1) for part in zip(*pairs, strict=True))
    return x, y


def _loss(answers: Tensor, wanted: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(answers, wanted)


def _curves(trials: Trials, expected: dict[str, float]) -> Any:
    from gatework.insight.figure import new_figure

    figure = new_figure(9, 3.6)
    axes = figure.subplots(1, 2, sharey=True)
    for place, size in zip(axes, (4, 16), strict=True):
        for (window,), group in trials.where(state=size).good.groups("window").items():
            first = group[0].measured
            mean = np.mean([trial["curve"] for trial in group], axis=0)
            place.plot(first["every"] * np.arange(1, len(mean) + 1), mean, label=f"window {window}", linewidth=1)
        for name, level in expected.items():
            place.axhline(level, color="grey", linewidth=0.8, linestyle=":")
            place.annotate(name, (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
        place.set(title=f"state of {size}", xlabel="updates")
    axes[0].set_ylabel("cross-entropy, nats")
    axes[1].legend(fontsize=8)
    return figure


STUDY = BinaryMemory()
