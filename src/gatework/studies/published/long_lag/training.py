"""Learning a task of sequences: stopped and chosen by one sample of sequences, judged by another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from gatework.studies.networks import StepReader, update
from gatework.studies.sources.counting import LETTERS, counted
from gatework.studies.sources.sequences import Batch, SequenceTask
from gatework.studies.trials import Measured

SOLVED = 0.95
"""The share of test sequences, all of whose answers are right, from which a task counts as solved."""
STOPS = 0.98
"""The share of validation sequences at which training ends: above SOLVED, so that luck there seldom decides."""

CHECKS = 10
LONG = 500
CLIP = 1.0

Part = Literal["training", "validation", "test"]
PARTS: tuple[Part, ...] = ("training", "validation", "test")
SAMPLE = {"validation": 200, "test": 500}
"""Sequences; half as many where they are long."""


@dataclass(frozen=True)
class Lesson:
    """How a task is learnt.

    Attributes:
        length: of the sequences, as the task understands it.
        updates: at most.
        batch: sequences in each.
        rate: of Adam.
        seed: of all sequences; the three parts have streams of random numbers of their own.
    """

    length: int
    updates: int
    batch: int
    rate: float
    seed: int

    def random(self, part: Part) -> np.random.Generator:
        """The random numbers that a part is drawn by."""
        return np.random.default_rng([self.seed, PARTS.index(part)])


def learn(model: StepReader, task: SequenceTask, lesson: Lesson) -> Measured:
    """Train until the validation sample is solved, or to the last update, and judge the best check on the test sample.

    Returns:
        ``loss`` and ``right`` of the test sample, ``solved`` by it, ``validation loss`` and ``validation right`` of
        the check that was best, and ``updates``, how many were made.

    Raises:
        DivergedError: the loss is no finite number.
    """
    random = lesson.random("training")
    optimizer = torch.optim.Adam(model.parameters(), lr=lesson.rate, fused=True)
    sample = held_out(task, lesson, "validation")
    every = max(1, lesson.updates // CHECKS)
    best, kept = (float("inf"), 0.0), _copied(model)
    for done in range(1, lesson.updates + 1):
        batch = task.draw(lesson.length, lesson.batch, random)
        update(model, task.loss(model(batch.x)[0], batch), optimizer, CLIP)
        if done % every and done != lesson.updates:
            continue
        loss, right = judge(model, task, sample)
        if (-right, loss) < (-best[1], best[0]):
            best, kept = (loss, right), _copied(model)
        if right >= STOPS:
            break
    model.load_state_dict(kept)
    loss, right = judge(model, task, held_out(task, lesson, "test"))
    checked = {"validation loss": best[0], "validation right": best[1]}
    return {"loss": loss, "right": right, "solved": right >= SOLVED, **checked, "updates": done}


def _copied(model: StepReader) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def held_out(task: SequenceTask, lesson: Lesson, part: Literal["validation", "test"]) -> Batch:
    """Sequences that are not learnt from; those of the two parts have nothing in common."""
    draw = {"validation": task.validate, "test": task.examine}[part] or task.draw
    return draw(lesson.length, SAMPLE[part] // (2 if lesson.length >= LONG else 1), lesson.random(part))


def judge(model: StepReader, task: SequenceTask, batch: Batch) -> tuple[float, float]:
    """The loss on sequences, and the share of them that is right throughout."""
    with torch.no_grad():
        answers = model(batch.x)[0]
    return task.loss(answers, batch).item(), task.right(answers, batch).float().mean().item()


def reach(model: StepReader, task: SequenceTask, most: int) -> int:
    """The largest n up to ``most`` so that all words with 1 to n letters of a kind are answered rightly."""
    batch = counted(LETTERS[task.name], list(range(1, most + 1)))
    with torch.no_grad():
        right = task.right(model(batch.x)[0], batch).tolist()
    return right.index(False) if False in right else most
