"""hmm-or-rnn: hidden Markov models against recurrent networks, where the best possible loss is known, and on a text."""

from __future__ import annotations

from typing import Any

from gatework.studies.published.hmm_or_rnn.symbol_models import fit_hmm, fit_network, hmm_parameters, network_size
from gatework.studies.report import Report
from gatework.studies.sources.hidden_markov import HiddenMarkov
from gatework.studies.sources.symbol_sequences import SymbolSequences, known_sequences, text_sequences
from gatework.studies.statistics import mean_interval, paired_difference
from gatework.studies.study import Scope, Study, data_folder
from gatework.studies.trials import Measured, Settings, Trials

CELLS = ("elman", "gru", "lstm")
MODELS = ("hmm", *CELLS)
SOURCES = ((3, 5), (8, 8))
"""Hidden states and symbols of the known models."""
DRAW = 4
CONCENTRATION = 0.2
LENGTH = 100
TEST_SEQUENCES = 500
WIDTH = 32
TEXT = "tinyshakespeare.txt"
STREAMS = 16
SYMBOLS_OF_TEXT = 65


class HmmOrRnn(Study):
    """Both kinds of models on the same sequences, measured alike."""

    name = "hmm-or-rnn"
    title = "Hidden Markov model or recurrent network?"
    question = (
        "How near to the best possible loss do both come on sequences that a known hidden Markov model made, from how "
        "much data, and which is better on a text?"
    )
    sources = (
        "Rabiner, A tutorial on hidden Markov models (1989), doi:10.1109/5.18626",
        "Krakovna and Doshi-Velez, Increasing the interpretability of recurrent neural networks using hidden Markov "
        "models (2016), arXiv:1606.05320",
        "Liu, Lin and Reid, Comparing the performance of the LSTM and HMM language models via structural similarity "
        "(2019), arXiv:1907.04670",
    )
    needs_data = True

    def plan(self, scope: Scope, done: Trials) -> list[Settings]:
        """Known sources by amounts of data; the text by states, and networks of as many parameters."""
        seeds = scope.seed_range(1, 3)
        known = [
            {"data": "known", "states": states, "symbols": symbols, "train": train, **model, "seed": seed}
            for states, symbols in (SOURCES[:1] if scope.quick else SOURCES)
            for train in ((2000, 10000) if scope.quick else (2000, 10000, 50000))
            for model in _known_models(states, scope.quick)
            for seed in seeds
        ]
        text = [
            {"data": "text", "train": 20000 if scope.quick else 100000, **model, "seed": seed}
            for model in _text_models(scope.quick)
            for seed in seeds
        ]
        return known + text

    def measure(self, settings: Settings) -> Measured:
        """Fit a model; its loss, and what the true model and one without memory reach on the same sequences."""
        data, floor = _sequences(settings)
        size, seed = settings["size"], settings["seed"]
        if settings["model"] == "hmm":
            fitted = fit_hmm(data, size, seed, settings["iterations"], settings["restarts"])
        else:
            fitted = fit_network(data, settings["model"], size, seed, settings["updates"], *settings["batches"])
        return {**fitted, "floor": floor, "unigram": data.unigram_nats()}

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """What is above the floor by data; the losses on the text by parameters."""
        known, text = trials.where(data="known"), trials.where(data="text")
        report.text(
            "All losses are nats a symbol on sequences that no model was fitted to. hmmlearn's `CategoricalHMM` is "
            "fitted by expectation-maximization, the networks by Adam at 0.01 with a cosine; a tenth of the training "
            "symbols tells which network to keep, hidden Markov models do not see it. The first symbol of a sequence "
            "is predicted too. Rows have a Dirichlet prior of 1.01: no symbol becomes impossible.",
        )
        report.picture("losses", _picture(known, text), "Above the floor, and on the text.")
        _tell_known(known, report)
        _tell_text(text, report)


def _known_models(states: int, quick: bool) -> list[Settings]:
    """Half the true number of states, the true one and twice as many; networks of one width."""
    sizes = sorted({max(2, states // 2), states, 2 * states})
    hmms = [{"model": "hmm", "size": size, "iterations": 30 if quick else 100, "restarts": 2} for size in sizes]
    more = {"size": WIDTH, "updates": 150 if quick else 400, "batches": [LENGTH, 32]}
    return [*hmms, *({"model": cell, **more} for cell in CELLS)]


def _text_models(quick: bool) -> list[Settings]:
    """Hidden Markov models, of each cell a network of as many parameters, and networks of 64 units."""
    states = (10,) if quick else (10, 20, 40)
    hmms = [{"model": "hmm", "size": size, "iterations": 20 if quick else 80, "restarts": 1} for size in states]
    more = {"updates": 150 if quick else 1000, "batches": [64, STREAMS]}
    equal = [
        {"model": cell, "size": network_size(cell, SYMBOLS_OF_TEXT, hmm_parameters(size, SYMBOLS_OF_TEXT)), **more}
        | {"as_hmm": size}
        for size in states
        for cell in CELLS
    ]
    return [*hmms, *equal, *({"model": cell, "size": 64, **more} for cell in CELLS)]


def _sequences(settings: Settings) -> tuple[SymbolSequences, float | None]:
    """The sequences of a trial, and the loss of the model that made them, where one did."""
    if settings["data"] == "text":
        train = settings["train"]
        return text_sequences(data_folder() / TEXT, train, train // 2, STREAMS), None
    source = HiddenMarkov.drawn(settings["states"], settings["symbols"], DRAW, CONCENTRATION)
    count = settings["train"] // LENGTH
    data = known_sequences(source, LENGTH, count, settings.get("test", TEST_SEQUENCES), settings["seed"])
    return data, source.nats_per_symbol(data.test)


def _tell_known(known: Trials, report: Report) -> None:
    report.heading("Sequences of a known model")
    report.text(
        "*Published* is theory: no prediction has a lower expected loss than that of the model that made the "
        "sequences, which the forward algorithm gives. *Above the floor* is the mean over seeds of the difference on "
        "the same sequences. Without memory, each symbol is predicted by how often it comes.",
    )
    rows = []
    for (states, symbols, train, model, size), group in known.groups(
        "states", "symbols", "train", "model", "size"
    ).items():
        good = group.good
        if not good:
            continue
        above = paired_difference(good.values("loss"), good.values("floor"))
        means = [mean_interval(good.values(name)) for name in ("unigram", "floor", "loss")]
        rows.append(
            (
                f"{states} states, {symbols} symbols",
                train,
                model,
                size,
                good[0]["parameters"],
                *means,
                above,
                mean_interval([trial.seconds for trial in good]).mean,
                len(group.failed),
            )
        )
    columns = ("source", "training symbols", "model", "states or units", "parameters", "without memory")
    report.table((*columns, "published: floor", "ours", "above the floor", "seconds", "failed"), rows, digits=4)


def _tell_text(text: Trials, report: Report) -> None:
    report.heading("A text")
    report.text(
        "The first characters of *Tiny Shakespeare* to learn from, half as many after them to measure on, both in "
        f"{STREAMS} streams. *Published* is what the abstract of the third source concludes: the simpler hidden Markov "
        "model is an appropriate approximation of the LSTM. Its data and its measure are others; the figures of the "
        "second source were not at hand. *Beside the HMM* is the difference to the hidden Markov model of as many "
        "parameters, seed by seed; below 0 the network is better.",
    )
    rows = []
    for (model, size, states), group in text.groups("model", "size", "as_hmm").items():
        if group.good:
            beside = None if states is None else _beside(group, text.where(model="hmm", size=states))
            loss, seconds = mean_interval(group.values("loss")), mean_interval([t.seconds for t in group.good]).mean
            claim = "as good as an LSTM" if model == "hmm" else ""
            shown = "" if beside is None else format(beside, ".3f")
            named = "" if states is None else f"{states} states"
            row = (model, size, group.good[0]["parameters"], claim, loss, named, shown, seconds, len(group.failed))
            rows.append(row)
    unigram = mean_interval(text.values("unigram"))
    report.table(
        (
            "model",
            "states or units",
            "parameters",
            "published",
            "ours",
            "as many parameters as",
            "beside the HMM",
            "seconds",
            "failed",
        ),
        rows,
    )
    report.text(f"Without memory the loss is {unigram.mean:.3f}.")


def _beside(group: Trials, hmms: Trials) -> Any:
    """How much higher the losses of a group are than those of hidden Markov models of the same seeds."""
    pairs = [(one["loss"], other["loss"]) for one in group.good for other in hmms.good if one["seed"] == other["seed"]]
    return paired_difference([one for one, _ in pairs], [other for _, other in pairs])


def _picture(known: Trials, text: Trials) -> Any:
    from gatework.insight.figure import new_figure

    sources = known.good.groups("states")
    figure = new_figure(4.2 * (len(sources) + 1), 3.6)
    places = figure.subplots(1, len(sources) + 1)
    for axes, ((states,), group) in zip(places[:-1], sources.items(), strict=True):
        for (model, size), some in group.groups("model", "size").items():
            above = {
                train: paired_difference(few.values("loss"), few.values("floor")).mean
                for (train,), few in some.groups("train").items()
            }
            label = f"HMM, {size} states" if model == "hmm" else f"{model}, {size} units"
            _line(axes, above, label, "-" if model == "hmm" else "--")
        axes.set(title=f"made by {states} states", xlabel="training symbols", xscale="log", yscale="log")
        axes.xaxis.minorticks_off()
        axes.set_xticks(trains := [train for (train,) in group.groups("train")], [f"{train:,}" for train in trains])
        axes.legend(fontsize=7)
    places[0].set_ylabel("nats a symbol above the floor")
    for (model,), some in text.good.groups("model").items():
        losses = {few[0]["parameters"]: mean_interval(few.values("loss")).mean for few in some.groups("size").values()}
        _line(places[-1], losses, "HMM" if model == "hmm" else model, "-" if model == "hmm" else "--")
    places[-1].set(title="text", xlabel="parameters", xscale="log", ylabel="nats a character")
    places[-1].legend(fontsize=7)
    return figure


def _line(axes: Any, points: dict[int, float], label: str, style: str) -> None:
    axes.plot(sorted(points), [points[x] for x in sorted(points)], style, marker="o", markersize=4, label=label)


STUDY = HmmOrRnn()
