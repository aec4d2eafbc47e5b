"""Which engine runs, and what is said about the others."""

from __future__ import annotations

import importlib
import logging

import pytest
import torch

from gatework.cells import GRU, LSTM, Cell, Elman, GRUResetAfter
from gatework.engine import ENGINES, checked_call, plan, run
from gatework.errors import EngineError

B, T, I, H = 2, 5, 3, 7


def call(cell: Cell, time: int = T, **options):
    return checked_call(cell, torch.randn(time, B, I), **options)


NO_COMPILER = "there is no C compiler"


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a C compiler."""
    monkeypatch.setattr(ENGINES["compiled"], "refuses", lambda call: NO_COMPILER)


@pytest.mark.parametrize(
    "cell", [LSTM(I, H), GRU(I, H), GRUResetAfter(I, H), Elman(I, H)], ids=lambda c: type(c).__name__
)
def test_auto_compiles_every_cell(cell):
    chosen = plan(call(cell))
    assert chosen.engine is ENGINES["compiled"]
    assert str(chosen) == "engine compiled"


def test_auto_leaves_single_steps_to_the_loop():
    chosen = plan(call(LSTM(I, H), time=1))
    assert chosen.engine is ENGINES["loop"]
    assert set(chosen.refusals) == {"compiled", "native", "scan"}


@pytest.mark.usefixtures("no_compiler")
@pytest.mark.parametrize("cell", [LSTM(I, H), GRUResetAfter(I, H), Elman(I, H)], ids=lambda c: type(c).__name__)
def test_without_a_compiler_auto_takes_torch_s_kernel_where_there_is_one(cell):
    chosen = plan(call(cell))
    assert chosen.engine is ENGINES["native"]
    assert str(chosen) == f"engine native; not compiled: {NO_COMPILER}"


@pytest.mark.usefixtures("no_compiler")
@pytest.mark.parametrize(
    ("cell", "options", "why"),
    [
        (GRU(I, H), {}, "torch.nn has no kernel that equals GRU"),
        (Elman(I, H, activation="logistic"), {}, "torch.nn has no kernel that equals Elman"),
        (LSTM(I, H), {"every_state": True}, "torch.nn's kernels show only h at every step"),
        (LSTM(I, H), {"time": 1}, "it would pack its weights 1 times for 1 steps"),
    ],
)
def test_auto_falls_back_and_says_why(cell, options, why):
    chosen = plan(call(cell, **options))
    assert chosen.engine is ENGINES["loop"]
    curved = ENGINES["scan"].refuses(call(cell, **options))
    assert chosen.refusals == {"compiled": NO_COMPILER, "native": why, "scan": curved}
    assert str(chosen) == f"engine loop; not compiled: {NO_COMPILER}; not native: {why}; not scan: {curved}"


@pytest.mark.parametrize(("cell", "options"), [(GRU(I, H), {}), (LSTM(I, H), {"every_state": True})])
def test_an_engine_asked_for_by_name_never_falls_back(cell, options):
    with pytest.raises(EngineError) as caught:
        run(cell, torch.randn(T, B, I), engine="native", **options)
    assert caught.value.cause == f"engine 'native' cannot run this ({ENGINES['native'].refuses(call(cell, **options))})"
    assert caught.value.remedy == "use engine='auto' or engine='loop'"


def test_an_engine_asked_for_by_name_runs_though_unprofitable():
    assert plan(call(LSTM(I, H), time=1), "native").engine is ENGINES["native"]


def test_an_unknown_engine_is_answered_with_the_nearest():
    with pytest.raises(EngineError, match=r"^there is no engine 'nativ': did you mean 'native'\?$"):
        run(LSTM(I, H), torch.randn(T, B, I), engine="nativ")


@pytest.mark.usefixtures("no_compiler")
def test_a_fallback_is_said_once(caplog, monkeypatch):
    monkeypatch.setattr(importlib.import_module("gatework.engine.plan"), "_said", set())
    caplog.set_level(logging.INFO)
    for _ in range(3):
        run(GRU(I, H), torch.randn(T, B, I))
        run(LSTM(I, H), torch.randn(T, B, I))
    assert caplog.messages == [
        f"engine loop; not compiled: {NO_COMPILER}; not native: torch.nn has no kernel that equals GRU; not scan: "
        "the next h is not linear in the state, unit by unit: gate z multiplies a state by a matrix",
        f"engine native; not compiled: {NO_COMPILER}",
    ]


def test_the_loop_refuses_nothing_and_stands_last():
    assert list(ENGINES)[-1] == "loop"
    assert all(name == engine.name for name, engine in ENGINES.items())
