"""Which engine runs a call, and why the others do not."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from gatework.engine import compiled, loop, native, scan
from gatework.engine.contract import Call, Engine
from gatework.errors import EngineError, did_you_mean

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (compiled, native, scan, loop)}
"""The engines by name, the most wanted first; ``loop`` refuses nothing and stands last."""

_log = logging.getLogger(__name__)
_said: set[str] = set()


@dataclass(frozen=True)
class Plan:
    """The engine that runs a call.

    Attributes:
        engine: the chosen one.
        refusals: engine name -> why it does not run the call, for those more wanted than the chosen one.
    """

    engine: Engine
    refusals: dict[str, str]

    def __str__(self) -> str:
        reasons = "".join(f"; not {name}: {why}" for name, why in self.refusals.items())
        return f"engine {self.engine.name}{reasons}"


def plan(call: Call, engine: str = "auto") -> Plan:
    """Choose the engine for a call.

    Args:
        call: what is to be run.
        engine: ``"auto"``, the most wanted engine that can; or the name of one.

    Raises:
        EngineError: the engine asked for by name does not exist or cannot run this call.
    """
    if engine != "auto":
        return _named(call, engine)
    refusals: dict[str, str] = {}
    for candidate in ENGINES.values():
        refusal = candidate.refuses(call) or candidate.unprofitable(call)
        if refusal is None:
            return _announced(Plan(candidate, refusals))
        refusals[candidate.name] = refusal
    raise AssertionError("the loop engine refuses nothing")


def verdicts(call: Call) -> dict[str, str]:
    """For every engine, the most wanted first, whether it runs a call, could run it, or why not."""
    chosen = plan(call).engine.name
    found = {}
    for name, engine in ENGINES.items():
        against = engine.refuses(call) or engine.unprofitable(call)
        found[name] = "runs it" if name == chosen else "could run it" if against is None else f"not: {against}"
    return found


def _named(call: Call, name: str) -> Plan:
    if name not in ENGINES:
        raise EngineError(f"there is no engine {name!r}", did_you_mean(name, ["auto", *ENGINES]))
    refusal = ENGINES[name].refuses(call)
    if refusal is not None:
        raise EngineError(f"engine {name!r} cannot run this ({refusal})", "use engine='auto' or engine='loop'")
    return Plan(ENGINES[name], {})


def _announced(chosen: Plan) -> Plan:
    if chosen.refusals and str(chosen) not in _said:
        _said.add(str(chosen))
        _log.info("%s", chosen)
    return chosen
