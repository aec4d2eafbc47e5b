"""What bptt-styles asks, and what one of its trials measures."""

from __future__ import annotations

import copy
import time

import numpy as np
import torch
from torch.nn import functional as F

from gatework.studies.networks import StepReader
from gatework.studies.published.bptt_styles.report import BESIDE, MOVING, tell
from gatework.studies.report import Report
from gatework.studies.selection import at_best_rate
from gatework.studies.sizes import parameter_count
from gatework.studies.sources.coins import FAR, coins, expected_loss
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trials
from gatework.studies.windows import train_in_windows

BATCH, STATE, CURVE, HELD_OUT = 50, 16, 50, 4000
STYLES = {BESIDE: "k1 = k2 = n", MOVING: "k1 = 1, k2 = n"}
LENGTHS = (4, 8, 9, 18)
RATES, QUICK_RATES = (0.0003, 0.001, 0.003, 0.01, 0.03), (0.01,)


class BpttStyles(Study):
    """Two ways to cut a gradient off."""

    name = "bptt-styles"
    title = "Two styles of truncated backpropagation: what they cost and reach"
    question = (
        "On the same coins, what do windows of n steps side by side (k1 = k2 = n) learn, and what windows that move by "
        "one step (k1 = 1, k2 = n), of as many coins and in as much time?"
    )
    sources = (
        "R2RT, Styles of Truncated Backpropagation (2016), r2rt.com",
        "Williams and Peng 1990, doi:10.1162/neco.1990.2.4.490",
    )

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Each style and length at each rate on a seed that is not counted; the seeds that are at the best."""
        steps, seeds = 800 if scope.quick else 4500, scope.seed_range(1, 4)
        lengths = (4, 9) if scope.quick else LENGTHS
        kinds: list[Settings] = [{"steps": steps, "style": style, "n": n} for n in lengths for style in STYLES]
        return [one for kind in kinds for one in at_best_rate(kind, _rates(scope), seeds, done)]

    def measure(self, settings: Settings) -> Measured:
        """Train on the coins of the seed, each read once; losses and seconds of the processor on the way."""
        n = settings["n"]
        k1 = n if settings["style"] == BESIDE else 1
        model = StepReader("elman", 1, STATE, 1)
        optimizer = torch.optim.Adam(model.parameters(), lr=settings["rate"])
        x, y, _ = coins(settings["steps"], BATCH, np.random.default_rng(settings["seed"]))
        loss = F.binary_cross_entropy_with_logits
        losses: list[float] = []
        clock: list[float] = []

        def note(value: float) -> None:
            losses.append(value)
            clock.append(time.process_time())

        twin = copy.deepcopy(model)  # has the kernels built before time is taken
        at_rest = torch.optim.SGD(twin.parameters(), lr=0.0)
        train_in_windows(twin, x[:n], y[:n], loss, at_rest, k1=k1, k2=n, each=lambda value: None)
        start = time.process_time()
        train_in_windows(model, x, y, loss, optimizer, k1=k1, k2=n, each=note)
        every = max(1, len(losses) // CURVE)
        blocks = [slice(i, i + every) for i in range(0, len(losses) - every + 1, every)]
        with torch.no_grad():
            shown = coins(HELD_OUT, BATCH, np.random.default_rng([settings["seed"], 1]))
            held_out = expected_loss(model(shown.x)[0][FAR:], shown.chance[FAR:])
        return {
            "loss": held_out,
            "parameters": parameter_count(model),
            "updates": len(losses),
            "training_seconds": clock[-1] - start,
            "curve": [float(np.mean(losses[block])) for block in blocks],
            "steps_read": [block.stop * k1 for block in blocks],
            "seconds_spent": [clock[block.stop - 1] - start for block in blocks],
        }

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """Reach, cost and loss of each style and length; the curves; what was published."""
        tell(trials, report, STYLES, _rates(scope), f"an Elman network of {STATE}; {BATCH} streams")


def _rates(scope: Scope) -> tuple[float, ...]:
    return QUICK_RATES if scope.quick else RATES


STUDY = BpttStyles()
