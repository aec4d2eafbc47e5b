"""Two kinds of models of symbol sequences, fitted and measured alike: hidden Markov models and recurrent networks."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.studies.networks import StepReader, update
from gatework.studies.sizes import equal_size, parameter_count
from gatework.studies.sources.hidden_markov import Symbols
from gatework.studies.sources.symbol_sequences import SymbolSequences

PRIOR = 1.01
"""Dirichlet prior of each row: a hundredth of a count, so that no symbol becomes impossible."""
TOLERANCE = 1e-5
"""Gain in nats a symbol below which expectation-maximization ends."""
CLIP = 1.0


def hmm_parameters(states: int, symbols: int) -> int:
    """The free parameters of a hidden Markov model: rows add up to 1."""
    return states - 1 + states * (states - 1) + states * (symbols - 1)


def fit_hmm(data: SymbolSequences, states: int, seed: int, iterations: int, restarts: int) -> dict[str, Any]:
    """Fit hmmlearn's CategoricalHMM by expectation-maximization; of several starts the likeliest on the training part.

    Returns:
        ``loss`` on the test part in nats a symbol, ``train_loss``, ``parameters``, ``iterations`` of the one taken.
    """
    from hmmlearn.hmm import CategoricalHMM

    logging.getLogger("hmmlearn").setLevel(logging.ERROR)  # it takes rounding at the end for not converging
    rows, lengths = _as_rows(data.train)
    fitted = []
    for restart in range(restarts):
        model = CategoricalHMM(
            states,
            n_features=data.symbols,
            transmat_prior=PRIOR,
            emissionprob_prior=PRIOR,
            startprob_prior=PRIOR,
            n_iter=iterations,
            tol=TOLERANCE * len(rows),
            random_state=1000 * seed + restart,
            implementation="scaling",
        ).fit(rows, lengths)
        fitted.append((model.score(rows, lengths), restart, model))
    likelihood, _, best = max(fitted)
    test = _as_rows(data.test)
    return {
        "loss": -best.score(*test) / len(test[0]),
        "train_loss": -likelihood / len(rows),
        "parameters": hmm_parameters(states, data.symbols),
        "iterations": best.monitor_.iter,
    }


def _as_rows(symbols: Symbols) -> tuple[Any, list[int]]:
    """Symbols (length, sequences) as hmmlearn reads them: one below the other, and how long each is."""
    return np.ascontiguousarray(symbols.T).reshape(-1, 1), [len(symbols)] * symbols.shape[1]


def make_network(cell: str, symbols: int, hidden: int) -> StepReader:
    """A recurrent layer that reads symbols one-hot and predicts the next."""
    return StepReader(cell, symbols, hidden, symbols)


def network_size(cell: str, symbols: int, parameters: int) -> int:
    """The width at which a network has nearly so many parameters."""
    return equal_size(lambda hidden: make_network(cell, symbols, hidden), parameters)


def fit_network(
    data: SymbolSequences, cell: str, hidden: int, seed: int, updates: int, window: int, batch: int, rate: float = 0.01
) -> dict[str, Any]:
    """Train a network with Adam, the rate falling as a cosine; the one that was best on the validation part is taken.

    Returns:
        ``loss`` on the test part in nats a symbol, ``validation_loss``, ``parameters``, ``step`` of the one taken.
    """
    model = make_network(cell, data.symbols, hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    best, best_loss, best_step = copy.deepcopy(model.state_dict()), math.inf, 0
    state: Any = None
    for step, (symbols, before, first) in enumerate(
        _windows(data.train, window, batch, np.random.default_rng(seed)), 1
    ):
        for group in optimizer.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * (step - 1) / updates))
        answers, state = model(_one_hot(symbols, before, data.symbols), None if first else state)
        update(model, _loss(answers, symbols), optimizer, CLIP)
        if step % max(1, updates // 20) == 0:
            loss = network_loss(model, data.validation, data.symbols)
            if loss < best_loss:
                best, best_loss, best_step = copy.deepcopy(model.state_dict()), loss, step
        if step == updates:
            break
    model.load_state_dict(best)
    return {
        "loss": network_loss(model, data.test, data.symbols),
        "validation_loss": best_loss,
        "parameters": parameter_count(model),
        "step": best_step,
    }


def _windows(
    symbols: Symbols, window: int, batch: int, random: np.random.Generator
) -> Iterator[tuple[Symbols, Symbols | None, bool]]:
    """Without end: a window of some sequences, the symbols just before it, and whether the sequences begin with it."""
    length, sequences = symbols.shape
    while True:
        order = random.permutation(sequences)
        for place in range(0, sequences, batch):
            some = symbols[:, order[place : place + batch]]
            for begin in range(0, length, window):
                yield some[begin : begin + window], some[begin - 1] if begin else None, not begin


def network_loss(model: StepReader, symbols: Symbols, count: int) -> float:
    """Nats a symbol over whole sequences (length, sequences), the first symbol of each predicted from nothing."""
    with torch.no_grad():
        return float(_loss(model(_one_hot(symbols, None, count))[0], symbols))


def _one_hot(symbols: Symbols, before: Symbols | None, count: int) -> Tensor:
    """What is read when each of these symbols is to be predicted: the one before it, zeros where there is none."""
    x = torch.zeros(*symbols.shape, count)
    x[1:] = F.one_hot(torch.from_numpy(symbols[:-1]), count).float()
    if before is not None:
        x[0] = F.one_hot(torch.from_numpy(before), count).float()
    return x


def _loss(answers: Tensor, symbols: Symbols) -> Tensor:
    return F.cross_entropy(answers.flatten(0, 1), torch.from_numpy(symbols).flatten())
