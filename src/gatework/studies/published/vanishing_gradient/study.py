"""What vanishing-gradient asks, and what one of its trials measures."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from gatework.studies.networks import StepReader
from gatework.studies.published.vanishing_gradient.gradient_flow import gradient_by_lag
from gatework.studies.published.vanishing_gradient.report import tell
from gatework.studies.report import Report
from gatework.studies.selection import at_best_rate
from gatework.studies.sizes import parameter_count
from gatework.studies.sources.recall import recall
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trials

CELLS: dict[str, tuple[str, dict[str, Any]]] = {
    "tanh": ("elman", {"init": "glorot"}),
    "logistic": ("elman", {"init": "glorot", "activation": "logistic"}),
    "ReLU": ("elman", {"init": "glorot", "activation": "relu"}),
    "IRNN": ("irnn", {}),
    "LSTM": ("lstm", {"init": "glorot"}),
    "GRU": ("gru", {"init": "glorot"}),
}
STEEPEST = {"tanh": 1.0, "logistic": 0.25, "ReLU": 1.0, "IRNN": 1.0}
"""The largest slope of the activation function: what bounds the factor of networks without gates."""
SCALES = (0.5, 1.0, 1.5)
RATES, QUICK_RATES = (0.0003, 0.0008, 0.002), (0.002,)
EXPLODING = (("tanh", 2.0, 0.3), ("ReLU", 1.5, 0.02), ("IRNN", 1.1, 0.005))
BATCH, HIDDEN, CLIP = 32, 32, 5.0
SHOWN = 64
CURVE = 75


class VanishingGradient(Study):
    """Errors sent back through time."""

    name = "vanishing-gradient"
    title = "The vanishing gradient: how far back an error reaches"
    question = (
        "How large is |dL/dh_{t-k}| at lag k in networks with and without gates, started at several scales, before "
        "and after training; and what does clipping do where it explodes?"
    )
    sources = (
        "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735",
        "Bengio, Simard and Frasconi 1994, doi:10.1109/72.279181",
        "Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063",
        "Le, Jaitly and Hinton 2015, arXiv:1504.00941",
    )

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Cells by scales with Adam, each at its best rate; then what explodes, with SGD, clipped and not."""
        base: Settings = {"steps": 30 if scope.quick else 50, "updates": 250 if scope.quick else 1500}
        seeds, planned = scope.seed_range(1, 3), []
        for cell, scale in itertools.product(CELLS, SCALES):
            kind = {**base, "part": "flow", "cell": cell, "scale": scale, "optimizer": "adam", "clip": CLIP}
            planned += at_best_rate(kind, QUICK_RATES if scope.quick else RATES, seeds, done)
        for (cell, scale, rate), clip in itertools.product(EXPLODING, (None, CLIP)):
            kind = {**base, "part": "clipping", "cell": cell, "scale": scale, "optimizer": "sgd", "clip": clip}
            planned += at_best_rate(kind, (rate,), seeds, done)
        return planned

    def measure(self, settings: Settings) -> Measured:
        """Gradients by lag, training to recall a marked sign, gradients again."""
        steps = settings["steps"]
        generator = torch.Generator().manual_seed(settings["seed"])
        model = make_reader(settings["cell"], settings["scale"])
        shown, wanted = recall(torch.full((SHOWN,), steps - 1), steps, generator)
        before = gradient_by_lag(model, shown)
        way = _train(model, settings, generator)
        with torch.no_grad():
            told = model(shown)[0][-1, :, 0] > 0
        recalled = (told == wanted.bool()).float().mean().item()
        after = {
            name: [n if math.isfinite(n) else None for n in one] for name, one in gradient_by_lag(model, shown).items()
        }
        return {**way, "recalled": recalled, "before": before, "after": after, "parameters": parameter_count(model)}

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """One picture that explains it; the factors per step beside their bounds; training; clipping."""
        rates = QUICK_RATES if scope.quick else RATES
        tell(trials, report, SCALES, rates, {cell: STEEPEST.get(cell) for cell in CELLS}, CLIP)


def make_reader(cell: str, scale: float) -> StepReader:
    """A network whose recurrent weights start at a scale."""
    name, options = CELLS[cell]
    model = StepReader(name, 2, HIDDEN, 1, **options)
    with torch.no_grad():
        for _, gate in model.recurrent.cell.gates():
            assert gate.U is not None
            gate.U.mul_(scale)
    return model


def _train(model: StepReader, settings: Settings, generator: torch.Generator) -> Measured:
    """Losses and norms of the gradient on the way; what is no finite number ends it."""
    steps, clip = settings["steps"], settings["clip"] or math.inf
    kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[settings["optimizer"]]
    optimizer = kind(model.parameters(), lr=settings["rate"])
    losses: list[float] = []
    norms: list[float] = []
    for _ in range(settings["updates"]):
        x, wanted = recall(torch.randint(0, steps, (BATCH,), generator=generator), steps, generator)
        loss = F.binary_cross_entropy_with_logits(model(x)[0][-1, :, 0], wanted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), clip).item()
        if not (math.isfinite(norm) and math.isfinite(loss.item())):
            break
        optimizer.step()
        losses.append(loss.item())
        norms.append(norm)
    each = max(1, settings["updates"] // CURVE)
    blocks = range(0, len(losses), each)
    return {
        "loss": float(np.median(losses[-100:])) if losses else None,
        "diverged": len(losses) < settings["updates"],
        "steepest": max(norms, default=None),
        "clipped": float(np.mean([norm > clip for norm in norms])) if norms else None,
        "every": each,
        "losses": [float(np.mean(losses[i : i + each])) for i in blocks],
        "norms": [max(norms[i : i + each]) for i in blocks],
    }


STUDY = VanishingGradient()
