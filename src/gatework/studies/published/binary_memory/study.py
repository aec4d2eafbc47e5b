"""What binary-memory asks, and what one of its trials measures."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from gatework.studies.networks import StepReader
from gatework.studies.published.binary_memory.memory import remembered
from gatework.studies.published.binary_memory.report import tell
from gatework.studies.report import Report
from gatework.studies.selection import at_best_rate
from gatework.studies.sizes import parameter_count
from gatework.studies.sources.coins import FAR, coins, expected_loss
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trials
from gatework.studies.windows import train_in_windows

BATCH = 200
HELD_OUT = 2000
CURVE = 60
LAGS = 13
SIZES = (4, 16)
PUBLISHED_RATE = 0.1
OTHERS = (("adam", 10, 16), ("adam", 20, 4), ("sgd", 10, 16))
RATES = {"adam": (0.003, 0.01, 0.03), "sgd": (0.2, 0.5, 1.0)}


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
        kinds = [("adagrad", window, size, "all") for size in SIZES for window in (1, 5, 10, 20)]
        kinds += [("adagrad", 5, size, "readout") for size in SIZES]
        kinds += [] if scope.quick else [(*other, "all") for other in OTHERS]
        planned: list[Settings] = []
        for name, window, size, trained in kinds:
            kind = {**base, "optimizer": name, "window": window, "state": size, "trained": trained}
            planned += at_best_rate(kind, RATES.get(name, (PUBLISHED_RATE,)), scope.seed_range(1, 4), done)
        return planned

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
        tell(trials, report, SIZES, {"adagrad": (PUBLISHED_RATE,), **RATES})


def _held_out(model: StepReader, random: np.random.Generator) -> Measured:
    """The loss, and what the states remember."""
    x, _, chance = coins(HELD_OUT, BATCH, random)
    with torch.no_grad():
        states = model.recurrent(x).outputs
        loss = expected_loss(model.head(states[FAR:]), chance[FAR:])
    return {"loss": loss, "memory": remembered(states[FAR:], x[FAR:, :, 0], LAGS)}


def _optimizer(settings: Settings, model: torch.nn.Module) -> torch.optim.Optimizer:
    kinds = {"adagrad": torch.optim.Adagrad, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    return kinds[settings["optimizer"]](model.parameters(), lr=settings["rate"])


STUDY = BinaryMemory()
