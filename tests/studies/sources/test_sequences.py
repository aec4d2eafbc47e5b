"""The tasks are what their sources say: held against brute force and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gatework.studies.published.long_lag.tasks import TASKS
from gatework.studies.sources.adding import ADDING
from gatework.studies.sources.copying import COPYING
from gatework.studies.sources.counting import COUNT_THREE, COUNT_TWO, counted
from gatework.studies.sources.digits import DIGITS, PERMUTED_DIGITS, logistic_accuracy
from gatework.studies.sources.orders import LATCHED_NOISE, TEMPORAL_ORDER
from gatework.studies.sources.reber import ARROWS, EMBEDDED_REBER, END, SYMBOLS, embedded_string, reber_string
from gatework.studies.sources.sequences import Batch
from gatework.studies.sources.timing import SPIKE_DELAYS, TIMED_SPIKES


def random(seed=7):
    return np.random.default_rng(seed)


def constant(task, batch, values):
    """The loss of the same answer at every step."""
    answers = torch.tensor(values).expand(*batch.x.shape[:2], task.outputs)
    return task.loss(answers, batch).item()


def test_adding_wants_the_sum_of_the_two_marked():
    batch = ADDING.draw(31, 5, random())
    x = batch.x.numpy()
    for column in range(5):
        first, second = np.flatnonzero(x[:, column, 1])
        assert first < 15 <= second
        assert batch.wanted[-1, column, 0] == pytest.approx(x[first, column, 0] + x[second, column, 0])
    assert batch.asked.sum(0).tolist() == [1] * 5
    assert constant(ADDING, ADDING.draw(11, 40_000, random()), [1.0]) == pytest.approx(ADDING.baseline(11), rel=0.02)


def test_copying_wants_the_ten_symbols_after_the_sign():
    batch = COPYING.draw(13, 3, random())
    read = batch.x.argmax(-1)
    assert read.shape == (33, 3)
    assert (read == 9).nonzero()[:, 0].tolist() == [22] * 3
    assert torch.equal(batch.wanted[-10:], read[:10])
    assert (batch.wanted[:-10] == 8).all()
    answers = torch.full((33, 3, 9), -100.0)
    answers[:-10, :, 8], answers[-10:, :, :8] = 100.0, 0.0
    assert COPYING.loss(answers, batch).item() == pytest.approx(COPYING.baseline(13))
    assert COPYING.baseline(1000) == pytest.approx(10 * math.log(8) / 1020)


def test_the_class_of_temporal_order_is_that_of_its_two_symbols():
    batch = TEMPORAL_ORDER.draw(50, 211, random())
    symbols = batch.x.argmax(-1).numpy()
    for column in range(211):
        end = int(batch.asked[:, column].nonzero())
        assert 49 <= end <= 54
        assert symbols[end, column] == 1
        assert batch.x[end + 1 :, column].sum() == 0
        first, second = np.flatnonzero(np.isin(symbols[: end + 1, column], (2, 3)))
        assert 5 <= first <= 10
        assert 25 <= second <= 30
        kinds = symbols[[first, second], column] - 2
        assert batch.wanted[end, column] == 2 * kinds[0] + kinds[1]
    assert sorted(np.unique(batch.wanted)) == [0, 1, 2, 3]


def test_latched_noise_tells_its_class_at_the_start_alone():
    batch = LATCHED_NOISE.draw(50, 4001, random())
    signs = batch.x[:3, :, 0]
    assert torch.equal(signs, (2.0 * batch.wanted[:3] - 1).float())
    later, classes = batch.x[3:, :, 0].double(), batch.wanted[-1].double()
    assert later.var().item() == pytest.approx(0.2, rel=0.02)
    assert abs(np.corrcoef(later.mean(0), classes)[0, 1]) < 0.05


def test_spike_delays_are_the_intervals():
    batch = SPIKE_DELAYS.draw(7, 3001, random())
    for column in range(50):
        places = batch.x[:, column, 0].nonzero()[:, 0]
        assert len(places) == 5
        wanted = batch.wanted[batch.asked[:, column], column, 0] * 10 + 7
        assert wanted.tolist() == pytest.approx((places[1:] - places[:-1]).tolist())
    mean = batch.wanted[batch.asked].mean().item()
    assert constant(SPIKE_DELAYS, batch, [mean]) == pytest.approx(SPIKE_DELAYS.baseline(7), rel=0.05)


def test_timed_spikes_are_due_a_period_after_the_last():
    batch = TIMED_SPIKES.draw(7, 3001, random())
    periods = set()
    for column in range(100):
        places = batch.x[:, column, 0].nonzero()[:, 0].tolist()
        periods.add(places[1])
        assert places == list(range(0, len(batch.x), places[1]))
        assert int(batch.asked[:, column].nonzero()[0]) == places[1]
    assert periods == {7, 8, 9, 10}
    assert torch.equal(batch.wanted[:-1], batch.x[1:])
    rate = batch.wanted[batch.asked].mean().item()
    assert constant(TIMED_SPIKES, batch, [math.log(rate / (1 - rate))]) == pytest.approx(
        TIMED_SPIKES.baseline(7), rel=0.02
    )


def test_reber_strings_have_their_mean_length_and_legal_symbols():
    moves = np.zeros((END + 1, END + 1))
    for node, arrows in ARROWS.items():
        for following in arrows.values():
            moves[node, following] += 1 / len(arrows)
    expected = np.linalg.solve(np.eye(END) - moves[:END, :END], np.ones(END))[0]
    drawn = [reber_string(source) for source in [random()] for _ in range(4000)]
    assert np.mean([len(text) for text, _ in drawn]) == pytest.approx(expected, rel=0.03)
    assert min(len(text) for text, _ in drawn) == 5
    text, legal = embedded_string(11, random())
    assert text[1] == text[-2] in "TP"
    assert len(text) == len(legal) >= 15
    assert all(symbol in allowed for symbol, allowed in zip(text, legal, strict=True))
    assert legal[-2] == text[-2]


def test_who_forgets_the_second_symbol_reaches_the_baseline_of_reber():
    batch = EMBEDDED_REBER.draw(5, 3001, random())
    legal = batch.legal.clone()
    last = batch.asked.sum(0) - 1
    columns = torch.arange(3001)
    legal[last - 1, columns, SYMBOLS.index("T")] = legal[last - 1, columns, SYMBOLS.index("P")] = True
    answers = torch.where(legal, 0.0, -1e9)
    assert EMBEDDED_REBER.loss(answers, batch).item() == pytest.approx(EMBEDDED_REBER.baseline(5), rel=0.02)
    assert not EMBEDDED_REBER.right(answers, batch).any()
    assert EMBEDDED_REBER.right(torch.where(batch.legal, 0.5, -0.5), batch).all()


@pytest.mark.parametrize(
    ("letters", "legal"), [(2, ["a", "ab", "ab", "b", "S"]), (3, ["a", "ab", "ab", "b", "c", "c", "S"])]
)
def test_counted_words_say_what_may_follow(letters, legal):
    batch = counted(letters, [2, 5])
    found = ["".join("Sabc"[place] for place in members.nonzero()[:, 0].tolist()) for members in batch.wanted[:, 0]]
    assert found[: len(legal)] == legal
    assert batch.asked[:, 0].sum() == len(legal)
    assert batch.x[:, 1].argmax(-1).bincount().tolist() == [1] + [5] * letters


@pytest.mark.parametrize("task", [COUNT_TWO, COUNT_THREE], ids=lambda task: task.name)
def test_the_baseline_of_counting_is_that_of_the_symbol_alone(task):
    batch = counted(task.outputs - 1, list(range(1, 8)))
    last = torch.zeros(task.inputs, task.outputs)
    for symbol in range(task.inputs):
        rates = batch.wanted[batch.x[..., symbol] == 1].mean(0)
        last[symbol] = torch.logit(rates, eps=1e-6)
    assert task.loss(batch.x @ last, batch).item() == pytest.approx(task.baseline(7), abs=1e-5)


def test_digits_are_scikit_learns():
    plain, mixed = DIGITS.draw(64, 2000, random()), PERMUTED_DIGITS.draw(64, 2000, random())
    assert plain.x.shape == (64, 1077, 1)
    assert not torch.equal(plain.x, mixed.x)
    assert torch.equal(plain.x.sort(0).values, mixed.x.sort(0).values)
    parts = [plain, *(draw(64, 360, random()) for draw in (DIGITS.validate, DIGITS.examine))]
    assert len({tuple(column) for part in parts for column in part.x[..., 0].T.tolist()}) == 1797
    assert 0.93 < logistic_accuracy() < 0.99


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_the_wanted_answer_is_right_and_another_is_not(task):
    batch = (task.examine or task.draw)(10, 17, random())
    perfect = batch.wanted if task.goal == "number" else batch.wanted * 2 - 1
    if task.goal == "class":
        kinds = batch.legal if batch.legal is not None else batch.wanted[..., None] == torch.arange(task.outputs)
        perfect = kinds.float()
    assert task.right(perfect, batch).all()
    step = int(batch.asked[:, 3].nonzero()[-1])
    wrong = perfect.clone()
    wrong[step, 3] = 1 - wrong[step, 3] if task.goal == "number" else -wrong[step, 3]
    assert task.right(wrong, batch).tolist() == [column != 3 for column in range(17)]


def test_padding_is_not_judged():
    batch = Batch(torch.zeros(3, 2, 1), torch.ones(3, 2, 1), torch.tensor([[True, True], [True, False], [True, False]]))
    answers = torch.tensor([[1.0, 1.0], [1.0, 9.0], [5.0, 9.0]]).unsqueeze(-1)
    assert ADDING.right(answers, batch).tolist() == [False, True]
    assert ADDING.loss(answers, batch).item() == pytest.approx(4.0)
