"""Learning a task of sequences: fresh batches until it is solved, judged on sequences that were not learnt from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from gatework.studies.networks import StepReader, update
from gatework.studies.sources.counting import LETTERS, counted
from gatework.studies.sources.sequences import SequenceTask
from gatework.studies.trials import Measured

SOLVED = 0.95
"""The share of sequences, all of whose answers are right, from which a task counts as solved."""

CHECKS = 10
JUDGED = 200
LONG = 500
CLIP = 1.0


@dataclass(frozen=True)
class Lesson:
    """How a task is learnt.

    Attributes:
        length: of the sequences, as the task understands it.
        updates: at most.
        batch: sequences in each.
        rate: of Adam.
        seed: of all sequences.
    """

    length: int
    updates: int
    batch: int
    rate: float
    seed: int


def learn(model: StepReader, task: SequenceTask, lesson: Lesson) -> Measured:
    """Train until the task is solved, or to the last update; ``loss`` and ``right`` are those of the best check.

    Raises:
        DivergedError: the loss is no finite number.
    """
    random = np.random.default_rng(lesson.seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=lesson.rate)
    every = max(1, lesson.updates // CHECKS)
    best: Measured = {"loss": float("inf"), "right": 0.0, "solved": None}
    curve = []
    for done in range(1, lesson.updates + 1):
        batch = task.draw(lesson.length, lesson.batch, random)
        update(model, task.loss(model(batch.x)[0], batch), optimizer, CLIP)
        if done % every and done != lesson.updates:
            continue
        loss, right = judge(model, task, lesson)
        curve.append([done, loss, right])
        if (-right, loss) < (-best["right"], best["loss"]):
            best |= {"loss": loss, "right": right}
        if right >= SOLVED:
            best["solved"] = done
            break
    return {**best, "updates": done, "curve": curve}


def judge(model: StepReader, task: SequenceTask, lesson: Lesson) -> tuple[float, float]:
    """The loss on sequences that are not learnt from, and the share of them that is right throughout."""
    few = JUDGED if lesson.length < LONG else JUDGED // 2
    batch = (task.examine or task.draw)(lesson.length, few, np.random.default_rng([lesson.seed, 1]))
    with torch.no_grad():
        answers = model(batch.x)[0]
    return task.loss(answers, batch).item(), task.right(answers, batch).float().mean().item()


def reach(model: StepReader, task: SequenceTask, most: int) -> int:
    """The largest n up to ``most`` so that all words with 1 to n letters of a kind are answered rightly."""
    batch = counted(LETTERS[task.name], list(range(1, most + 1)))
    with torch.no_grad():
        right = task.right(model(batch.x)[0], batch).tolist()
    return right.index(False) if False in right else most
