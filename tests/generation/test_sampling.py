"""Sampling against its definitions written a second time in NumPy, and against chi-square."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gatework.errors import InputError
from gatework.generation import Sampling

SYMBOLS = 11
LOGITS = np.random.default_rng(23).normal(size=SYMBOLS) * 2


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(logits: Any, count: int = 4000, recent: list[int] | None = None, **options: Any) -> np.ndarray:
    """How often each symbol is drawn."""
    rows = torch.as_tensor(logits).expand(count, -1)
    lately = None if recent is None else torch.tensor(recent).expand(count, -1)
    symbols = Sampling(**options).draw(rows, generator(), lately)
    assert symbols.shape == (count,)
    return np.bincount(symbols.numpy(), minlength=rows.shape[1])


def expected(
    logits: np.ndarray,
    recent: list[int] | None = None,
    *,
    temperature: float = 0.8,
    top_k: int | None = None,
    top_p: float = 1.0,
    repetition_penalty: float = 1.0,
) -> np.ndarray:
    """The probabilities, from the definitions, symbol by symbol."""
    logits = logits.astype(np.float64).copy()
    for symbol in set(recent or []):
        logits[symbol] *= repetition_penalty if logits[symbol] < 0 else 1 / repetition_penalty
    probabilities = np.exp((logits - logits.max()) / temperature)
    probabilities /= probabilities.sum()
    order = sorted(range(len(logits)), key=lambda symbol: -probabilities[symbol])[: top_k or len(logits)]
    share = sum(probabilities[symbol] for symbol in order)
    kept, reached = [], 0.0
    for symbol in order:
        if reached >= top_p:
            break
        kept.append(symbol)
        reached += probabilities[symbol] / share
    cut = np.zeros_like(probabilities)
    cut[kept] = probabilities[kept]
    return cut / cut.sum()


def check_distribution(counts: np.ndarray, probabilities: np.ndarray) -> None:
    """Never a symbol of probability 0, and chi-square below its 99.99 % point."""
    assert counts[probabilities == 0].sum() == 0
    kept = probabilities > 0
    wanted = counts.sum() * probabilities[kept]
    degrees = kept.sum() - 1
    if degrees:
        # Wilson and Hilferty's cube-root normal
        limit = degrees * (1 - 2 / (9 * degrees) + 3.72 * math.sqrt(2 / (9 * degrees))) ** 3
        assert ((counts[kept] - wanted) ** 2 / wanted).sum() < limit


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 1.0},
        {"temperature": 2.5},
        {"temperature": 0.3},
        {"top_k": 1},
        {"top_k": 4},
        {"top_k": SYMBOLS},
        {"top_k": 10 * SYMBOLS},
        {"top_p": 0.7},
        {"top_p": 1e-9},
        {"top_p": 0.9, "top_k": 3, "temperature": 1.7},
        {"repetition_penalty": 1.8},
        {"repetition_penalty": 3.0, "top_k": 5, "top_p": 0.8, "temperature": 1.2},
    ],
    ids=str,
)
def test_draws_have_the_defined_distribution(options: dict[str, Any]) -> None:
    recent = [int(LOGITS.argmax()), int(LOGITS.argmin()), int(LOGITS.argmax()), 3]
    probabilities = expected(LOGITS, recent, **options)
    check_distribution(drawn(LOGITS, recent=recent, **options), probabilities)


def test_the_chi_square_of_these_tests_can_fail() -> None:
    with pytest.raises(AssertionError):
        check_distribution(drawn(LOGITS, temperature=1.0), expected(LOGITS, temperature=1.4))


@given(st.lists(st.floats(-8, 8), min_size=2, max_size=9, unique=True), st.integers(1, 9), st.floats(0.05, 1))
def test_only_what_is_kept_is_drawn_and_all_of_it_can_be(logits: list[float], top_k: int, top_p: float) -> None:
    values = np.array(logits, np.float32)
    temperature = 50.0  # flat, so that all that is kept is drawn
    probabilities = expected(values, temperature=temperature, top_k=top_k, top_p=top_p)
    order = np.sort(probabilities[probabilities > 0])[::-1]
    if abs(order[:-1].sum() - top_p) < 1e-5 or len(set(values.tolist())) < len(values):
        return  # a rounding error decides
    counts = drawn(values, 500, temperature=temperature, top_k=top_k, top_p=top_p)
    kept = set(np.flatnonzero(counts))
    allowed = set(np.flatnonzero(probabilities))
    assert kept <= allowed
    if abs(order.cumsum() - top_p).min() > 1e-5:
        assert kept == allowed


def test_equal_logits_do_not_widen_top_k() -> None:
    counts = drawn(np.zeros(7, np.float32), 500, top_k=3)
    assert (counts > 0).sum() == 3


def test_equal_logits_are_cut_by_top_p() -> None:
    counts = drawn(np.zeros(10, np.float32), 500, top_p=0.35)
    assert (counts > 0).sum() == 4


@pytest.mark.parametrize("options", [{"temperature": 0}, {"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-30}])
def test_greedy_is_argmax(options: dict[str, Any]) -> None:
    logits = torch.randn(13, SYMBOLS)
    assert torch.equal(Sampling(**options).draw(logits, generator()), logits.argmax(dim=1))


@pytest.mark.parametrize("temperature", [1e-45, 1e-38, 1e-3, 1e30])
def test_no_temperature_overflows(temperature: float) -> None:
    logits = torch.tensor([[500.0, -500.0, -torch.inf, 499.0]])
    symbols = Sampling(temperature=temperature).draw(logits.expand(300, -1), generator())
    assert set(symbols.tolist()) == ({0} if temperature < 1 else {0, 1, 3})


def test_greedy_takes_the_penalty_too() -> None:
    logits, recent = torch.tensor([[2.0, 1.5, -1.0], [-2.0, -1.0, -9.0]]), torch.tensor([[0, 0], [1, 2]])
    assert Sampling(0, repetition_penalty=2.0).draw(logits, generator(), recent).tolist() == [1, 0]
    assert Sampling(0, repetition_penalty=1.0).draw(logits, generator(), recent).tolist() == [0, 1]


def test_the_penalty_leaves_its_argument_alone() -> None:
    logits: Tensor = torch.randn(2, 5)
    before = logits.clone()
    Sampling(top_k=2, top_p=0.5, repetition_penalty=2.0).draw(logits, generator(), torch.tensor([[1], [2]]))
    assert torch.equal(logits, before)


def test_rows_are_drawn_apart() -> None:
    logits = torch.full((3, 4), -torch.inf)
    logits[0, 3] = logits[1, 0] = 0
    logits[2, 1:3] = 0
    rows = torch.stack([Sampling().draw(logits, generator(seed)) for seed in range(60)])
    assert rows[:, 0].eq(3).all()
    assert rows[:, 1].eq(0).all()
    assert set(rows[:, 2].tolist()) == {1, 2}


def test_half_precision_logits_can_be_drawn_from() -> None:
    assert drawn(torch.tensor([0.0, 9.0, 1.0], dtype=torch.bfloat16), 50, temperature=0.1).tolist() == [0, 50, 0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("top_k", 0),
        ("top_k", -3),
        ("top_p", 0.0),
        ("top_p", 1.01),
        ("top_p", math.nan),
        ("repetition_penalty", 0.5),
        ("repetition_penalty", math.nan),
        ("repetition_penalty", math.inf),
    ],
)
def test_numbers_out_of_range_are_named(name: str, value: float) -> None:
    with pytest.raises(InputError, match=name):
        Sampling(**{name: value})
