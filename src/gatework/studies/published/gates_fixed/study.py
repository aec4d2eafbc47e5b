"""gates-fixed: an LSTM whose gates are held at i=1, f=0, o=1 beside the Elman network that it nearly is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatework.cells.lstm.lstm import LSTM
from gatework.cells.simple.elman import Elman
from gatework.studies.networks import StepReader
from gatework.studies.published.gates_fixed.fixed_gates import apart, fix_gates
from gatework.studies.report import Report
from gatework.studies.sizes import equal_size, parameter_count
from gatework.studies.sources.coins import floors
from gatework.studies.sources.stream_tasks import character_task, coin_task
from gatework.studies.statistics import mean_interval, paired_difference
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
    "coins": {"hidden": 16, "batch": 50, "window": 20, "rate": 0.01, "updates": 1000, "unit": "nats a coin"},
    "characters": {"hidden": 64, "batch": 32, "window": 32, "rate": 0.003, "updates": 800, "unit": "bits a character"},
}


class GatesFixed(Study):
    """What is left of an LSTM without the movement of its gates."""

    name = "gates-fixed"
    title = "Fixed gates: the LSTM that is nearly an Elman network"
    question = (
        "How far are the outputs of an LSTM with i=1, f=0, o=1 from those of an Elman network with the same weights, "
        "and does it learn as well as one?"
    )
    sources = (
        "Britz, Recurrent Neural Network Tutorial, Part 4 (2015), wildml.com",
        "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735",
    )

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Distances by bias and size of the weights; then both tasks, all networks on the same data."""
        share = 0.2 if scope.quick else 1
        distance = [{"part": "distance", "bias": bias, "gain": gain} for gain in GAINS for bias in BIASES]
        training = [
            {"part": "training", "task": task, "network": network, "updates": round(share * settings["updates"])}
            for task, settings in TASKS.items()
            for network in NETWORKS
        ]
        return [{**one, "seed": seed} for one in distance + training for seed in scope.seed_range(1, 3)]

    def measure(self, settings: Settings) -> Measured:
        """A distance, or a training."""
        return _distances(settings) if settings["part"] == "distance" else _trained(settings)

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """Distances with their limit; losses, and their differences in pairs."""
        distance, training = trials.where(part="distance"), trials.where(part="training")
        report.text(
            "With i=1, f=0, o=1 an LSTM computes h = tanh(tanh(W x + U h + b)): an Elman network that squashes twice. "
            "Published: *almost* a standard recurrent network, but for the second tanh. Gates can stand at 0 and 1 "
            "only in the limit of large biases; their W and U are 0 and are not trained.",
        )
        report.heading("Distance of outputs, the same W, U and b")
        report.text(
            "Root mean square of the difference as a share of that of the second, over "
            f"{STEPS} steps of normal inputs. *Gain* multiplies W, U and b, which start as torch.nn's. At a bias of 20 "
            "the second tanh alone is left: beside an Elman network that squashes twice nothing remains but rounding.",
            "*Almost* holds where units are nearly linear. In one step a second tanh takes at most 1 - tanh(1) = 0.24 "
            "from a unit, but what it takes is fed back through U, and with large weights two networks that differ a "
            "little drift apart: a single difference beyond 0.24 comes from there.",
        )
        columns = ("gain", "bias", "sigmoid(-bias)", "from Elman", "largest single", "from Elman squashed twice")
        report.table(columns, [_apart_row(*item) for item in distance.groups("gain", "bias").items()], digits=4)
        report.picture("distance", _distance_picture(distance), "Distance from the Elman network by bias of the gates.")
        for task, settings in TASKS.items():
            group = training.where(task=task)
            report.heading(f"Trained: {task}, {settings['unit']}")
            report.text(_about(task, group))
            columns = ("network", "width", "parameters", "trained", "held-out loss", "minus Elman, in pairs")
            rows = [_loss_row(network, group) for network in NETWORKS]
            report.table((*columns, "seconds", "failed"), rows, digits=4)
        report.text(
            "Gates that stand still cost nothing that a training does not make up for, if the difference in pairs "
            "holds 0: the second tanh matters to outputs with given weights, not to what can be learnt. An LSTM whose "
            "gates move has to learn them first; these trainings are short, and say nothing about longer ones."
        )
        report.picture("training", _training_picture(training), "Loss while training, mean of the seeds.")


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
    optimizer = torch.optim.Adam(learnt, lr=task["rate"])
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


def _apart_row(key: tuple[Any, ...], group: Trials) -> tuple[Any, ...]:
    gain, bias = key
    shut = f"{1 / (1 + math.exp(bias)):.1e}"
    nearest = f"{max(group.values('from_twice'), default=math.nan):.1e}"
    return (f"{gain:g}", f"{bias:g}", shut, mean_interval(group.values("from_elman")),
            max(group.values("largest"), default=math.nan), nearest)  # fmt: skip


def _loss_row(network: str, trials: Trials) -> tuple[Any, ...]:
    group = trials.where(network=network)
    elman = {trial["seed"]: trial["loss"] for trial in trials.where(network="Elman").good}
    pairs = [(trial["loss"], elman[trial["seed"]]) for trial in group.good if trial["seed"] in elman]
    gap = "-" if network == "Elman" else paired_difference([one for one, _ in pairs], [other for _, other in pairs])
    sizes = [int(group.good[0][name]) if group.good else None for name in ("width", "parameters", "trained")]
    seconds = f"{np.mean([trial.seconds for trial in group]):.0f}"
    return (network, *sizes, mean_interval(group.values("loss")), gap, seconds, len(group.failed))


def _about(task: str, trials: Trials) -> str:
    settings = TASKS[task]
    updates = trials[0].settings["updates"]
    how = f"Adam at {settings['rate']}, {updates:,} updates of {settings['batch']} x {settings['window']} steps, "
    how += f"norm clipped at {CLIP:g}."
    if task == "coins":
        return "Coins of binary-memory: {neither:.4f} knows nothing, {both:.4f} all. ".format(**floors()) + how
    return "The next character of Python's language reference, its last tenth held out. " + how


def _distance_picture(trials: Trials) -> Any:
    from gatework.insight.figure import new_figure

    figure = new_figure(6, 3.6)
    axes = figure.subplots()
    for number, ((gain,), group) in enumerate(trials.good.groups("gain").items()):
        by_bias = group.groups("bias")
        for name, line in (("from_elman", "-"), ("from_twice", ":")):
            means = [np.mean(one.values(name)) for one in by_bias.values()]
            label = f"gain {gain:g}, from Elman" + (" squashed twice" if name == "from_twice" else "")
            axes.plot([bias for (bias,) in by_bias], means, line, marker="o", color=f"C{number}", label=label)
    axes.set(xlabel="bias of the gates", ylabel="share of the output", yscale="log")
    axes.legend(fontsize=7)
    return figure


def _training_picture(trials: Trials) -> Any:
    from gatework.insight.figure import new_figure

    figure = new_figure(9, 3.6)
    places = figure.subplots(1, len(TASKS))
    for place, (task, settings) in zip(places, TASKS.items(), strict=True):
        for (network,), group in trials.where(task=task).good.groups("network").items():
            mean = np.mean([trial["curve"] for trial in group], axis=0)
            place.plot(group[0]["every"] * np.arange(1, len(mean) + 1), mean, label=network, linewidth=1)
        place.set(title=task, xlabel="updates", ylabel=settings["unit"])
    places[0].legend(fontsize=8)
    return figure


STUDY = GatesFixed()
