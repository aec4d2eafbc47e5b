"""chung-2014: tanh, GRU and LSTM of about as many parameters on four collections of polyphonic music."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatework.studies.music_training import train_on_music
from gatework.studies.report import Report
from gatework.studies.statistics import mean_interval
from gatework.studies.study import Scope, Study
from gatework.studies.trials import Measured, Settings, Trial, Trials

CELLS = {"elman": ("tanh", 100), "gru": ("GRU", 46), "peephole-lstm": ("LSTM", 36)}
"""Our name: the paper's, and its number of units."""

PUBLISHED = {
    "JSB_Chorales": {"elman": (8.82, 9.10), "gru": (6.94, 8.54), "peephole-lstm": (8.15, 8.67)},
    "Piano_midi": {"elman": (5.64, 9.03), "gru": (4.93, 8.82), "peephole-lstm": (6.49, 9.03)},
    "Nottingham": {"elman": (3.22, 3.13), "gru": (2.79, 3.23), "peephole-lstm": (3.08, 3.20)},
    "MuseData": {"elman": (5.64, 6.23), "gru": (5.06, 5.99), "peephole-lstm": (5.18, 6.23)},
}
"""Train and test, nats a step (table 2 of the paper); in the order in which they are run, the quickest first."""

LENGTHS: dict[str, dict[str, Any]] = {
    "JSB_Chorales": {"batch": 8, "max_steps": None, "draw_epochs": 8, "epochs": 80},
    "Piano_midi": {"batch": 16, "max_steps": 100, "draw_epochs": 4, "epochs": 40},
    "Nottingham": {"batch": 16, "max_steps": 100, "draw_epochs": 3, "epochs": 30},
    "MuseData": {"batch": 16, "max_steps": 100, "draw_epochs": 2, "epochs": 20},
}
DRAWS, CONTINUED = 10, 2


def drawn_rates(count: int) -> list[float]:
    """Learning rates whose natural logarithm is uniform in [-12, -6]; the same for all, so that cells are compared."""
    return np.exp(np.random.default_rng(2014).uniform(-12, -6, DRAWS))[:count].tolist()


class Chung2014(Study):
    """Ten rates tried briefly, the best two to the end, the better with more seeds."""

    name = "chung-2014"
    title = "Gated units on polyphonic music"
    question = "At about 20,000 parameters, does a GRU or an LSTM predict music better than a tanh layer?"
    sources = ("Chung, Gulcehre, Cho and Bengio 2014, arXiv:1412.3555",)
    needs_data = True

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Collection after collection; in each the draws, the two best to the end, the better one's other seeds."""
        planned: list[Settings] = []
        made = [trial.settings for trial in done]
        for collection in list(PUBLISHED)[: 1 if scope.quick else None]:
            for stage in (_draws, _continued, _repeated):
                planned += stage(collection, scope, done)
                if any(settings not in made for settings in planned):
                    return planned
        return planned

    def measure(self, settings: Settings) -> Measured:
        """Train with RMSProp and weight noise; nats a step on all parts."""
        model = {"cell": settings["cell"], "hidden_size": CELLS[settings["cell"]][1], "weight_noise": 0.075}
        training = {
            "optimizer": "rmsprop",
            "learning_rate": settings["rate"],
            "clip_norm": 1.0,
            **{name: settings[name] for name in ("batch", "epochs", "patience")},
        }
        return train_on_music(settings["data"], model, training, seed=settings["seed"], max_steps=settings["max_steps"])

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """The twelve figures, what was chosen, the rates and the curves."""
        report.text(*_protocol())
        report.heading("Negative log-likelihood of a step, nats")
        rows = [_row(collection, cell, trials) for collection in PUBLISHED for cell in CELLS]
        columns = ("collection", "unit", "published test", "ours test", "at or below", "published train", "ours train")
        report.table((*columns, "ours validation", "seeds", "rate", "parameters", "recurrent", "seconds each"), rows, 2)
        report.text(_verdict(trials))
        report.heading("Learning rates")
        report.picture("rates", _rates(trials), "Validation after the brief trainings, by learning rate.")
        report.picture("curves", _curves(trials), "Validation by epoch; each line is a training at a chosen rate.")


def _settings(collection: str, cell: str, rate: float, seed: int, stage: str, scope: Scope) -> Settings:
    lengths = LENGTHS[collection]
    epochs = lengths["draw_epochs" if stage == "draw" else "epochs"]
    if scope.quick:
        epochs = 2 if stage == "draw" else 6
    return {
        "data": collection,
        "cell": cell,
        "stage": stage,
        "rate": rate,
        "batch": lengths["batch"],
        "max_steps": lengths["max_steps"],
        "epochs": epochs,
        "patience": max(5, epochs // 4),
        "seed": seed,
    }


def _draws(collection: str, scope: Scope, done: Trials) -> list[Settings]:
    rates = drawn_rates(3 if scope.quick else DRAWS)
    return [_settings(collection, cell, rate, 1, "draw", scope) for cell in CELLS for rate in rates]


def _continued(collection: str, scope: Scope, done: Trials) -> list[Settings]:
    planned = []
    for cell in CELLS:
        draws = done.where(data=collection, cell=cell, stage="draw").good
        best = sorted(draws, key=lambda trial: trial["validation"])[: 1 if scope.quick else CONTINUED]
        planned += [_settings(collection, cell, trial["rate"], 1, "final", scope) for trial in best]
    return planned


def _repeated(collection: str, scope: Scope, done: Trials) -> list[Settings]:
    planned = []
    for cell in CELLS:
        best = done.where(data=collection, cell=cell, stage="final", seed=1).best("validation")
        seeds = scope.seed_range(1, 3)[1:] if best else ()
        planned += [_settings(collection, cell, best["rate"], seed, "final", scope) for seed in seeds if best]
    return planned


def chosen(collection: str, cell: str, trials: Trials) -> Trials:
    """The trainings at the rate that was better on the validation part at the first seed."""
    finals = trials.where(data=collection, cell=cell, stage="final")
    best = finals.where(seed=1).best("validation")
    return Trials([]) if best is None else finals.where(rate=best["rate"]).good


def _row(collection: str, cell: str, trials: Trials) -> tuple[Any, ...]:
    train, test = PUBLISHED[collection][cell]
    group = chosen(collection, cell, trials)
    ours = {part: mean_interval(group.values(part)) for part in ("test", "train", "validation")}
    first: Trial | None = group[0] if group else None
    return (
        collection.replace("_", " "),
        CELLS[cell][0],
        test,
        ours["test"],
        bool(round(ours["test"].mean, 2) <= test) if group else None,
        train,
        ours["train"],
        ours["validation"],
        len(group),
        f"{first['rate']:.2g}" if first else None,
        first["parameters"] if first else None,
        first["recurrent"] if first else None,
        sum(trial.seconds for trial in group) / len(group) if group else None,
    )


def _protocol() -> list[str]:
    lengths = "; ".join(
        f"{name.replace('_', ' ')}: {one['epochs']} epochs, batches of {one['batch']} pieces"
        + (f" cut to {one['max_steps']} steps" if one["max_steps"] else "")
        + f", rates chosen after {one['draw_epochs']} epochs"
        for name, one in LENGTHS.items()
    )
    return [
        "As published: 100, 46 and 36 units, an LSTM with peepholes, RMSProp, weight noise of 0.075, gradients clipped "
        "to a norm of 1, ten learning rates with a natural logarithm uniform in [-12, -6], and the parameters that "
        "were best on the validation part.",
        "Chosen, since not stated: RMSProp's decay is 0.99; the rate falls to zero along half a cosine; weights begin "
        "within ±1/sqrt(units), the LSTM's forget bias at 1, the output's biases at the log odds of the keys in the "
        "training part; noise is added to the weight matrices of the recurrent layer, anew for each batch, not to its "
        "biases, nor to peepholes or output; a training ends after a quarter of its epochs (at least 5) without a "
        f"better validation. {lengths}.",
        "Cheaper than published: the ten rates, the same for all, are only tried briefly, which favours the high ones; "
        f"the best {CONTINUED} are trained to the end, and the better of them with further seeds. Every choice is made "
        "on the validation part. *Ours* is the mean of the seeds with its 95 % interval.",
        "Counted as in the music task: the sum over steps 2 to T of all pieces divided by their number, nats, 88 keys. "
        "The paper's files are wider than 88 keys and its way of averaging is not stated. Its 20,000 parameters come "
        "near our recurrent layers' alone; both counts are shown.",
    ]


def _verdict(trials: Trials) -> str:
    rows = [_row(collection, cell, trials) for collection in PUBLISHED for cell in CELLS]
    met = [row[4] for row in rows if row[4] is not None]
    return f"At or below the published figure: {sum(met)} of {len(met)} measured, of 12 in all."


def _rates(trials: Trials) -> Any:
    return _panels(trials, "draw", "learning rate", logarithmic=True)


def _curves(trials: Trials) -> Any:
    return _panels(trials, "final", "epoch", logarithmic=False)


def _panels(trials: Trials, stage: str, along: str, *, logarithmic: bool) -> Any:
    """A panel for each collection that was begun, a colour for each unit."""
    from gatework.insight.figure import new_figure

    shown = [name for name in PUBLISHED if trials.where(data=name, stage=stage).good] or list(PUBLISHED)[:1]
    figure = new_figure(max(5, 3.2 * len(shown)), 3.4)
    for place, collection in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        for number, (cell, (label, _)) in enumerate(CELLS.items()):
            group = trials.where(data=collection, cell=cell, stage=stage).good
            _draw(place, group, f"C{number}", label, by_rate=logarithmic)
        place.set(title=collection.replace("_", " "), xlabel=along)
        if logarithmic:
            place.set_xscale("log")
        if place.lines:
            place.legend(fontsize=8)
    figure.axes[0].set_ylabel("validation, nats a step")
    return figure


def _draw(place: Any, group: Trials, colour: str, label: str, *, by_rate: bool) -> None:
    if by_rate:
        points = sorted((trial["rate"], trial["validation"]) for trial in group)
        if points:
            place.plot(*zip(*points, strict=True), "o-", color=colour, label=label, markersize=3, linewidth=1)
        return
    for index, trial in enumerate(group):
        curve = trial["curve"]
        name = label if index == 0 else None
        place.plot(range(1, len(curve) + 1), curve, color=colour, label=name, linewidth=0.8)


STUDY = Chung2014()
