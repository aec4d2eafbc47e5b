"""The report of hmm-or-rnn: what is above the best possible loss, and the losses on a text."""

from __future__ import annotations

from typing import Any

from gatework.insight.figure import add_legend, new_figure, plain_log_ticks
from gatework.studies.report import Report
from gatework.studies.statistics import Interval, difference_by_seed, mean_interval, paired_difference
from gatework.studies.trials import Trials

HMM = "hmm"


def tell(trials: Trials, report: Report, streams: int) -> None:
    """Write it.

    Args:
        trials: all.
        report: to be written to.
        streams: into which the text was cut.
    """
    known, text = trials.where(data="known"), trials.where(data="text")
    report.text(
        "All losses are nats a symbol on sequences that no model was fitted to. hmmlearn's `CategoricalHMM` is "
        "fitted by expectation-maximization, the networks by Adam at 0.01 with a cosine; a tenth of the training "
        "symbols tells which network to keep, hidden Markov models do not see it. The first symbol of a sequence "
        "is predicted too. Rows have a Dirichlet prior of 1.01: no symbol becomes impossible.",
        "Neither kind was tuned: the rate of 0.01 and the lengths of the trainings were set beforehand and are the "
        "same for all cells, and a hidden Markov model is the likeliest of one or two starts. Differences between "
        "*cells* may be those of how well the rate suits each; they are no ranking.",
    )
    report.picture("losses", draw_losses(known, text), "Above the floor, and on the text.")
    _tell_known(known, report)
    _tell_text(text, report, streams)


def _tell_known(known: Trials, report: Report) -> None:
    report.heading("Sequences of a known model")
    report.text(
        "*Published* is theory: no prediction has a lower expected loss than that of the model that made the "
        "sequences, which the forward algorithm gives. *Above the floor* is the mean over seeds of the difference on "
        "the same sequences. Without memory, each symbol is predicted by how often it comes.",
        _nearest(known),
    )
    keys = ("states", "symbols", "train", "model", "size")
    columns = ("source", "training symbols", "model", "states or units", "parameters", "without memory")
    rows = [_known_row(key, group) for key, group in known.groups(*keys).items()]
    report.table((*columns, "published: floor", "ours", "above the floor", "seconds", "failed"), rows, digits=4)


def _known_row(key: tuple[Any, ...], group: Trials) -> tuple[Any, ...]:
    states, symbols, train, model, size = key
    means = [mean_interval(group.values(name)) for name in ("unigram", "floor", "loss")]
    shown = (f"{states} states, {symbols} symbols", train, model, size, _parameters(group))
    return (*shown, *means, _above(group), _seconds(group), len(group.failed))


def _above(group: Trials) -> Interval:
    good = group.good
    return paired_difference(good.values("loss"), good.values("floor"))


def _parameters(group: Trials) -> int | None:
    return int(group.good[0]["parameters"]) if group.good else None


def _seconds(group: Trials) -> str | None:
    return f"{mean_interval([trial.spent for trial in group.good]).mean:.1f}" if group.good else None


def _nearest(known: Trials) -> str:
    """Which kind of model comes nearest to the floor, source by source and amount by amount."""
    told = []
    for (states, train), group in known.good.groups("states", "train").items():
        above = {key: _above(some).mean for key, some in group.groups("model", "size").items()}
        model, size = min(above, key=lambda key: above[key])
        named = f"a hidden Markov model of {size} states" if model == HMM else f"the {model} network"
        told.append(f"{named} ({states} states, {train:,} symbols: {above[model, size]:.4f})")
    return f"Nearest to the floor: {'; '.join(told)}." if told else "Which comes nearest: not measured."


def _tell_text(text: Trials, report: Report, streams: int) -> None:
    report.heading("A text")
    report.text(
        "The first characters of *Tiny Shakespeare* to learn from, half as many after them to measure on, both in "
        f"{streams} streams. *Published* is what the abstract of the third source concludes: the less complex hidden "
        "Markov model can serve as an approximation of the LSTM. Its data and its measure are others; the figures of "
        "the second source were not at hand. *Beside the HMM* is the difference to the hidden Markov model of as many "
        "parameters, seed by seed; below 0 the network is better. Seeds are of initial values and order: all read the "
        "same characters, so that intervals say nothing of other texts.",
    )
    columns = ("model", "states or units", "parameters", "published", "ours", "as many parameters as", "beside the HMM")
    rows = [_text_row(key, group, text) for key, group in text.groups("model", "size", "as_hmm").items()]
    report.table((*columns, "seconds", "failed"), rows)
    unigram = mean_interval(text.values("unigram"))
    memoryless = f"{unigram.mean:.3f}" if unigram.count else "not measured"
    report.text(f"Without memory the loss is {memoryless}. {_claim(text)}")


def _text_row(key: tuple[Any, ...], group: Trials, text: Trials) -> tuple[Any, ...]:
    model, size, states = key
    claim = "approximates an LSTM" if model == HMM else ""
    named = "" if states is None else f"{states} states"
    beside = "" if states is None else difference_by_seed(group, text.where(model=HMM, size=states), "loss")
    shown = (model, size, _parameters(group), claim, mean_interval(group.values("loss")), named, beside)
    return (*shown, _seconds(group), len(group.failed))


def _claim(text: Trials) -> str:
    """Whether the hidden Markov models come up to the LSTM, at as many parameters and at its best."""
    pairs = [
        difference_by_seed(group, text.where(model=HMM, size=states), "loss")
        for (states,), group in text.where(model="lstm").groups("as_hmm").items()
        if states is not None
    ]
    judged = [gap for gap in pairs if gap.count > 1]
    if not judged:
        return "Whether the claim holds: not measured with enough seeds."
    better = sum(gap.high < 0 for gap in judged)
    worse = sum(gap.low > 0 for gap in judged)
    told = (
        f"At as many parameters the LSTM is better than the hidden Markov model in {better} of {len(judged)} sizes, "
        f"worse in {worse}, and not told apart in the others; the claim holds for us where it is not better."
    )
    hmm, lstm = (text.where(model=name).best("loss") for name in (HMM, "lstm"))
    if hmm is None or lstm is None:
        return told
    return (
        f"{told} The best LSTM of any size ({lstm['size']} units) has {lstm['loss']:.3f}, the best hidden Markov "
        f"model ({hmm['size']} states) {hmm['loss']:.3f}."
    )


def draw_losses(known: Trials, text: Trials) -> Any:
    """What is above the floor by training symbols, a place for each source; then the text by parameters."""
    sources = known.good.groups("states")
    figure = new_figure(4.2 * (len(sources) + 1), 3.6)
    places = figure.subplots(1, len(sources) + 1, squeeze=False)[0]
    for axes, ((states,), group) in zip(places[:-1], sources.items(), strict=True):
        for (model, size), some in group.groups("model", "size").items():
            above = {train: _above(few).mean for (train,), few in some.groups("train").items()}
            label = f"HMM, {size} states" if model == HMM else f"{model}, {size} units"
            _line(axes, above, label, "-" if model == HMM else "--")
        axes.set(title=f"made by {states} states", xlabel="training symbols", xscale="log", yscale="log")
        axes.xaxis.minorticks_off()
        plain_log_ticks(axes.yaxis)
        axes.set_xticks(trains := [train for (train,) in group.groups("train")], [f"{train:,}" for train in trains])
        add_legend(axes, 7)
    places[0].set_ylabel("nats a symbol above the floor")
    for (model,), some in text.good.groups("model").items():
        losses = {few[0]["parameters"]: mean_interval(few.values("loss")).mean for few in some.groups("size").values()}
        _line(places[-1], losses, "HMM" if model == HMM else model, "-" if model == HMM else "--")
    places[-1].set(title="text", xlabel="parameters", xscale="log", ylabel="nats a character")
    add_legend(places[-1], 7)
    return figure


def _line(axes: Any, points: dict[int, float], label: str, style: str) -> None:
    axes.plot(sorted(points), [points[x] for x in sorted(points)], style, marker="o", markersize=4, label=label)
