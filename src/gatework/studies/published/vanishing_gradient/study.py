"""vanishing-gradient: how much of an error arrives at the states before it, in seven kinds of network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from gatework.studies.networks import StepReader
from gatework.studies.published.vanishing_gradient.gradient_flow import factor_per_step, gradient_by_lag
from gatework.studies.published.vanishing_gradient.pictures import clipping_picture, lags_picture
from gatework.studies.report import Report
from gatework.studies.sizes import parameter_count
from gatework.studies.sources.recall import recall
from gatework.studies.statistics import mean_interval
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
        """Cells by scales with Adam; then what explodes, with SGD, clipped and not."""
        base: Settings = {"steps": 30 if scope.quick else 50, "updates": 250 if scope.quick else 1500}
        flow = [("flow", cell, scale, "adam", _rate(cell), CLIP) for cell in CELLS for scale in SCALES]
        clip = [
            ("clipping", cell, scale, "sgd", rate, clip) for cell, scale, rate in EXPLODING for clip in (None, CLIP)
        ]
        names = ("part", "cell", "scale", "optimizer", "rate", "clip")
        return [
            {**base, **dict(zip(names, one, strict=True)), "seed": seed}
            for one in flow + clip
            for seed in scope.seed_range(1, 3)
        ]

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
        flow, clipping = trials.where(part="flow"), trials.where(part="clipping")
        report.text(
            "Each step back multiplies an error by the derivative of a state by the one before. What stays below 1 "
            "vanishes as its power, what stays above explodes. The curves show |dL/ds| at *k* steps before the last as "
            "a share of that at the last, *s* being all states together (h, and c where there is one). U starts "
            "orthogonal times the scale in every gate (the identity times the scale in an IRNN).",
        )
        report.picture("gradients", lags_picture(flow, SCALES), "What is left of an error k steps before it was made.")
        report.heading("Before training: the factor per step")
        report.text(
            "Published: without gates the factor is at most the largest slope of the activation function times the "
            "largest singular value of U, here slope times scale (Pascanu et al.); only where this exceeds 1 can an "
            "error explode. A rectified linear unit that is shut passes nothing: an IRNN of scale 0.5 can have "
            "all of them shut. With gates there is no such bound. The LSTM's c is multiplied by the forget gate, which "
            "keeps an error whole where it is 1 (Hochreiter and Schmidhuber); as drawn it is near sigmoid(1) = 0.73, "
            "with the paths through h beside it, and what the GRU keeps is near 0.5. **So a new LSTM or GRU loses the "
            "error too**, though by less: it is training that opens the way, where it finds it.",
        )
        columns = ("network", "scale", "published: at most", "ours, all states", "ours, h alone", "bound holds")
        report.table(columns, [_before(key, group) for key, group in flow.groups("cell", "scale").items()])
        report.heading("After training to recall a marked sign")
        report.text(
            "A sequence of signs, one of them marked at a random place; at its end the network names it. *Recalled* "
            "is measured with the mark at the first step, where 0.5 is a guess. Adam, norm clipped at 5.",
        )
        measured = ("factor before", "factor after", "left at the first step", "recalled", "loss", "diverged")
        rows = [_after(key, group) for key, group in flow.groups("cell", "scale").items()]
        report.table(("network", "scale", *measured, "parameters", "seconds"), rows)
        report.heading("The exploding case, and what clipping at 5 does")
        report.text(
            "SGD, which follows a gradient's length as Adam does not, where gradients explode. Clipping bounds the "
            "step that one steep place can cause and leaves the direction; the norms are those before clipping. A step "
            "that is not clipped need not end in numbers that are not finite: it may also leave units saturated or "
            "shut, where the gradient is small and the loss stays at that of a guess, 0.693. Clipping carries no error "
            "further back: what has vanished stays vanished, and that a training goes on does not say that it learns.",
        )
        reached = ("largest norm", "updates clipped", "loss", "recalled", "diverged")
        keys = ("cell", "scale", "rate", "clip")
        report.table(
            ("network", "scale", "rate", "clipped at", *reached),
            [_clipped(key, group) for key, group in clipping.groups(*keys).items()],
        )
        report.picture(
            "clipping", clipping_picture(clipping), "Gradient (left) and loss (right), first seed; x: diverged."
        )


def make_reader(cell: str, scale: float) -> StepReader:
    """A network whose recurrent weights start at a scale."""
    name, options = CELLS[cell]
    model = StepReader(name, 2, HIDDEN, 1, **options)
    with torch.no_grad():
        for _, gate in model.recurrent.cell.gates():
            assert gate.U is not None
            gate.U.mul_(scale)
    return model


def _rate(cell: str) -> float:
    return 3e-4 if cell in ("ReLU", "IRNN") else 2e-3


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


def _factors(group: Trials, when: str, state: str) -> list[float]:
    """The factor per step of each trial that has one."""
    known = [trial[when][state] for trial in group.good if None not in trial[when][state]]
    return [factor_per_step(norms, len(norms) - 1) for norms in known if norms[0]]


def _before(key: tuple[Any, ...], group: Trials) -> tuple[Any, ...]:
    cell, scale = key
    bound = STEEPEST[cell] * scale if cell in STEEPEST else None
    every, hidden = _factors(group, "before", "all"), _factors(group, "before", "h")
    published = bound if bound is not None else "1 along c, if f = 1" if cell == "LSTM" else "-"
    holds = "-" if bound is None else max(every) <= bound * (1 + 1e-6)
    return (cell, str(scale), published, mean_interval(every), mean_interval(hidden), holds)


def _after(key: tuple[Any, ...], group: Trials) -> tuple[Any, ...]:
    cell, scale = key
    factors = [mean_interval(_factors(group, when, "all")) for when in ("before", "after")]
    left = [trial["after"]["all"] for trial in group.good]
    left = [one[-1] / one[0] for one in left if None not in one and one[0]]
    shown = f"{np.median(left):.1e}" if left else None
    reached = (mean_interval(group.values("recalled")), mean_interval(group.values("loss")))
    diverged = sum(trial["diverged"] for trial in group.good)
    seconds = f"{np.mean([trial.seconds for trial in group]):.0f}"
    return (cell, str(scale), *factors, shown, *reached, diverged, int(group.good[0]["parameters"]), seconds)


def _clipped(key: tuple[Any, ...], group: Trials) -> tuple[Any, ...]:
    cell, scale, rate, clip = key
    steepest = f"{max(group.values('steepest'), default=math.nan):.1e}"
    share = "-" if clip is None else mean_interval(group.values("clipped"))
    losses = f"{np.median(group.values('loss')):.3g}" if group.values("loss") else None
    diverged = f"{sum(trial['diverged'] for trial in group.good)} of {len(group)}"
    recalled = mean_interval(group.values("recalled"))
    return (
        cell,
        str(scale),
        str(rate),
        "-" if clip is None else str(clip),
        steepest,
        share,
        losses,
        recalled,
        diverged,
    )


STUDY = VanishingGradient()
