"""Alignments of connectionist temporal classification (Graves et al. 2006): a label or blank at each step.

Labels are what remains when repeated symbols count once and blanks not at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def collapsed(alignment: np.ndarray, blank: int = 0) -> np.ndarray:
    """Return the labels (labels,) of an alignment (steps,)."""
    alignment = np.asarray(alignment)
    return alignment[(np.diff(alignment, prepend=-1) != 0) & (alignment != blank)]


def steps_needed(labels: np.ndarray) -> int:
    """Return the fewest steps that labels (labels,) have an alignment of: the same one twice needs a blank between."""
    labels = np.asarray(labels)
    return len(labels) + int((labels[1:] == labels[:-1]).sum())


def label_steps(log_probabilities: np.ndarray, labels: Sequence[int], blank: int = 0) -> list[tuple[int, int]]:
    """Find where labels stand in their likeliest alignment (Viterbi).

    Args:
        log_probabilities: (steps, symbols) in nats.
        labels: what is aligned, none of them blank.
        blank: the symbol for nothing.

    Returns:
        For each label its first step and the one after its last.

    Raises:
        ValueError: there are too few steps for the labels, or a label is blank.
    """
    if blank in labels:
        raise ValueError(f"labels must not contain blank, {blank}")
    steps = len(log_probabilities)
    if steps < steps_needed(np.asarray(labels, np.int64)):
        raise ValueError(f"{steps} steps are too few for {len(labels)} labels")
    if not labels:
        return []
    states = np.full(2 * len(labels) + 1, blank)  # blanks before, between and after the labels
    states[1::2] = labels
    path = _likeliest(np.asarray(log_probabilities, np.float64)[:, states], states, blank)
    places = [np.flatnonzero(path == 2 * number + 1) for number in range(len(labels))]
    return [(int(place[0]), int(place[-1]) + 1) for place in places]


def _likeliest(scores: np.ndarray, states: np.ndarray, blank: int) -> np.ndarray:
    """The state at each step (steps,) of the best path through scores (steps, states)."""
    leap = np.zeros(len(states), bool)  # a blank may be left out between different labels
    leap[2:] = (states[2:] != blank) & (states[2:] != states[:-2])
    best = np.full(len(states), -np.inf)
    best[:2] = scores[0, :2]
    before = np.zeros(scores.shape, np.int64)
    for step in range(1, len(scores)):
        one, two = _moved(best, 1), np.where(leap, _moved(best, 2), -np.inf)
        ways = np.stack([best, one, two])
        before[step] = ways.argmax(axis=0)
        best = ways.max(axis=0) + scores[step]
    state = len(states) - 1 - int(best[-2] > best[-1])
    path = np.zeros(len(scores), np.int64)
    for step in range(len(scores) - 1, -1, -1):
        path[step] = state
        state -= before[step, state]
    return path


def _moved(values: np.ndarray, places: int) -> np.ndarray:
    return np.concatenate([np.full(places, -np.inf), values[:-places]])
