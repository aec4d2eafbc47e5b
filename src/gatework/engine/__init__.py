"""Any cell over time: one contract, several engines.

``loop`` is the truth, ``compiled`` one kernel that steps, ``native`` torch.nn's own kernels, ``scan`` all steps at
once where a cell is linear in its states. A further engine is one more module with
``name``, ``refuses``, ``unprofitable`` and ``run``, and one more entry in ``plan.ENGINES``.
"""

from gatework.engine import operation as _operation  # noqa: F401  (it registers itself with PyTorch)
from gatework.engine.contract import Call, Engine, Noise, Result, RunOptions, checked_call
from gatework.engine.plan import ENGINES, Plan, plan, verdicts
from gatework.engine.run import run, run_with

__all__ = [
    "ENGINES",
    "Call",
    "Engine",
    "Noise",
    "Plan",
    "Result",
    "RunOptions",
    "checked_call",
    "plan",
    "run",
    "run_with",
    "verdicts",
]
