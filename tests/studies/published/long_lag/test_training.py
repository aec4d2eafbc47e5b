"""What is solved ends early; no choice is made by the sample that judges."""

from __future__ import annotations

import pytest
import torch

from gatework.studies.networks import StepReader
from gatework.studies.published.long_lag import training
from gatework.studies.published.long_lag.tasks import TASKS
from gatework.studies.published.long_lag.training import SOLVED, STOPS, Lesson, held_out, judge, learn, reach
from gatework.studies.sources.counting import counted

LATCHED = TASKS["latched noise"]


def lesson(**changed):
    return Lesson(**{"length": 5, "updates": 300, "batch": 32, "rate": 0.02, "seed": 3, **changed})


def test_learning_ends_where_the_task_is_solved():
    torch.manual_seed(3)
    model = StepReader("gru", LATCHED.inputs, 13, LATCHED.outputs)
    found = learn(model, LATCHED, lesson())
    assert found["updates"] < 300
    assert found["solved"]
    assert found["validation right"] >= STOPS
    assert found["right"] >= SOLVED
    assert found["loss"] < LATCHED.baseline(5) / 2
    assert judge(model, LATCHED, held_out(LATCHED, lesson(), "test")) == (found["loss"], found["right"])


def test_the_best_check_is_kept_and_judged_by_another_sample(monkeypatch):
    torch.manual_seed(3)
    model = StepReader("gru", LATCHED.inputs, 13, LATCHED.outputs)
    checks = iter([(0.5, 0.3), (0.4, 0.7), (0.1, 0.6), (0.9, 0.55)])
    seen = []

    def judged(model, task, batch):
        seen.append((batch.x, model.head.bias.clone()))
        return next(checks)

    monkeypatch.setattr(training, "judge", judged)
    monkeypatch.setattr(training, "CHECKS", 3)
    found = learn(model, LATCHED, lesson(updates=6))
    assert (found["validation loss"], found["validation right"]) == (0.4, 0.7)
    assert (found["loss"], found["right"], found["solved"]) == (0.9, 0.55, False)
    assert all(torch.equal(x, seen[0][0]) for x, _ in seen[:3])
    assert torch.equal(seen[3][1], seen[1][1])
    assert not torch.equal(seen[3][1], seen[2][1])
    assert seen[3][0].shape[1] == 500


@pytest.mark.parametrize("name", ["adding", "copying", "latched noise", "digits", "permuted digits"])
def test_the_parts_have_nothing_in_common(name):
    task, one = TASKS[name], lesson(length=10)
    parts = [task.draw(10, 32, one.random("training")), held_out(task, one, "validation"), held_out(task, one, "test")]
    texts = [{column.numpy().tobytes() for column in part.x.unbind(1)} for part in parts]
    assert len(set().union(*texts)) == sum(map(len, texts))


def test_a_counter_reaches_as_far_as_it_is_right():
    class ShortWordsOnly(torch.nn.Module):
        """Knows what is wanted, and says the opposite for words with n above 3."""

        def forward(self, x):
            answers = counted(2, x[..., 1].sum(0).long().tolist()).wanted * 2 - 1
            answers[:, 3:] *= -1
            return answers, None

    assert reach(ShortWordsOnly(), TASKS["a^n b^n"], 7) == 3
