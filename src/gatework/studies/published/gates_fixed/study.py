"""What gates-fixed asks, and what one of its trials measures."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatework.cells.lstm.lstm import LSTM
from gatework.cells.simple.elman import Elman
from gatework.studies.networks import StepReader
from gatework.studies.published.gates_fixed.fixed_gates import apart, fix_gates
from gatework.studies.published.gates_fixed.report import tell_distances, tell_trainings
from gatework.studies.report import Report
from gatework.studies.selection import at_best_rate
from gatework.studies.sizes import equal_size, parameter_count
from gatework.studies.sources.stream_tasks import character_task, coin_task
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trials
from gatework.studies.windows import train_in_windows

BIASES = (1.0, 2.0, 5.0, 10.0, 20.0)
GAINS = (0.1, 1.0, 3.0)
STANDING = 20.0
CLIP = 5.0
NETWORKS = ("Elman", "LSTM, gates fixed", "LSTM", "LSTM, as many parameters")
STEPS, BATCH, INPUTS, HIDDEN = 100, 16, 8, 32
TASKS: dict[str, dict[str, Any]] = {
    "coins": {"hidden": 16, "batch": 50, "window": 20, "updates": 1000, "unit": "nats a coin"},
    "characters": {"hidden": 64, "batch": 32, "window": 32, "updates": 800, "unit": "bits a character"},
}
RATES, QUICK_RATES = (0.001, 0.003, 0.01, 0.03), (0.01,)


class GatesFixed(Study):
    """What is left of an LSTM without the movement of its gates."""

    name = "gates-fixed"
    title = "Fixed gates: the LSTM that is nearly an Elman network"
    question = (
        "How far are the outputs of an LSTM with i=1, f=0, o=1 from those of an Elman network with the same weights, "
        "and does it learn as well as one?"
    )
    sources = (
        "Britz, Recurrent Neural Network Tutorial, Part 4: Implementing a GRU/LSTM RNN with Python and Theano (2015), "
        "wildml.com",
        "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735",
    )

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Distances by bias and size of the weights; then both tasks, each network at its best rate."""
        seeds = scope.seed_range(1, 3)
        planned: list[Settings] = [
            {"part": "distance", "bias": bias, "gain": gain, "seed": seed}
            for gain in GAINS
            for bias in BIASES
            for seed in seeds
        ]
        for task, settings in TASKS.items():
            updates = settings["updates"] // (5 if scope.quick else 1)
            for network in NETWORKS:
                kind = {"part": "training", "task": task, "network": network, "updates": updates}
                planned += at_best_rate(kind, QUICK_RATES if scope.quick else RATES, seeds, done)
        return planned

    def measure(self, settings: Settings) -> Measured:
        """A distance, or a training."""
        return _distances(settings) if settings["part"] == "distance" else _trained(settings)

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """Distances with their limit; losses, and their differences in pairs."""
        tell_distances(trials.where(part="distance"), report, f"{STEPS} steps of normal inputs")
        rates = QUICK_RATES if scope.quick else RATES
        tell_trainings(trials.where(part="training"), report, TASKS, NETWORKS, rates, f"norm clipped at {CLIP:g}")


def _distances(settings: Settings) -> Measured:
    """The same candidate in an LSTM with fixed gates, in an Elman cell, and squashed twice."""
    elman, lstm = Elman(INPUTS, HIDDEN), LSTM(INPUTS, HIDDEN)
    with torch.no_grad():
        for parameter in elman.parameters():
            parameter.mul_(settings["gain"])
        fix_gates(lstm, settings["bias"]).g.load_state_dict(elman.h.state_dict())
        x = torch.randn(STEPS, BATCH, INPUTS)
        once, twice, standing = _outputs(elman, x), _squashed_twice(elman, x), _outputs(lstm, x)
    return {
        "from_elman": apart(standing, once),
        "largest": (standing - once).abs().max().item(),
        "from_twice": apart(standing, twice),
    }


def _outputs(cell: Elman | LSTM, x: Tensor) -> Tensor:
    state, outputs = cell.initial_state(x.shape[1]), []
    for step in x:
        state = cell.tick(step, state)
        outputs.append(state.h)
    return torch.stack(outputs)


def _squashed_twice(elman: Elman, x: Tensor) -> Tensor:
    (h,), outputs = elman.initial_state(x.shape[1]), []
    for step in x:
        h = torch.tanh(elman.step(step, h))
        outputs.append(h)
    return torch.stack(outputs)


def _network(network: str, inputs: int, hidden: int, outputs: int) -> StepReader:
    """One of ``NETWORKS``; the last has the width at which an LSTM comes nearest to Elman's parameters."""
    if network == NETWORKS[-1]:
        wanted = parameter_count(_network("Elman", inputs, hidden, outputs))
        hidden = equal_size(lambda width: StepReader("lstm", inputs, width, outputs), wanted)
    model = StepReader("elman" if network == "Elman" else "lstm", inputs, hidden, outputs)
    if network == "LSTM, gates fixed":
        cell = model.recurrent.cell
        assert isinstance(cell, LSTM)
        with torch.no_grad():
            fix_gates(cell, STANDING)
    return model


def _trained(settings: Settings) -> Measured:
    task = TASKS[settings["task"]]
    steps = settings["updates"] * task["window"]
    random = np.random.default_rng(settings["seed"])
    data = (coin_task if settings["task"] == "coins" else character_task)(steps, task["batch"], random)
    model = _network(settings["network"], data.x.shape[-1], task["hidden"], data.outputs)
    learnt = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(learnt, lr=settings["rate"])
    losses: list[float] = []
    n = task["window"]
    train_in_windows(model, data.x, data.wanted, data.loss, optimizer, k1=n, k2=n, clip_norm=CLIP, each=losses.append)
    with torch.no_grad():
        reached = data.held_out(model)
    each = max(1, len(losses) // 50)
    return {
        "loss": reached,
        "width": model.recurrent.cell.hidden_size,
        "parameters": parameter_count(model),
        "trained": sum(parameter.numel() for parameter in learnt),
        "every": each,
        "curve": [float(np.mean(losses[i : i + each])) for i in range(0, len(losses) - each + 1, each)],
    }


STUDY = GatesFixed()
