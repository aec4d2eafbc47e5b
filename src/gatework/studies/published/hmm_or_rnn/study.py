"""What hmm-or-rnn asks, and what one of its trials measures."""

from __future__ import annotations

from gatework.studies.published.hmm_or_rnn.report import tell
from gatework.studies.published.hmm_or_rnn.symbol_models import fit_hmm, fit_network, hmm_parameters, network_size
from gatework.studies.report import Report
from gatework.studies.sources.hidden_markov import HiddenMarkov
from gatework.studies.sources.symbol_sequences import SymbolSequences, known_sequences, text_sequences
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
        tell(trials, report, STREAMS)


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


STUDY = HmmOrRnn()
