"""How many threads a kernel gets."""

from __future__ import annotations

import os

import torch

WORTH_A_TEAM = 60_000  # multiplications in a step, below which meeting costs more than it spares

_single_threaded = False


def _after_fork() -> None:
    global _single_threaded
    _single_threaded = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def available_threads() -> int:
    """What torch would use; one in a forked child, because the OpenMP team does not survive a fork."""
    return 1 if _single_threaded else torch.get_num_threads()


def threads_for(work: int) -> int:
    """The threads worth setting to work for so many numbers to move, or multiplications."""
    return available_threads() if work > WORTH_A_TEAM else 1
