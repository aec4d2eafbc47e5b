"""Large buffers used again once nobody holds them: faulting in fresh pages costs as much as the arithmetic.

A buffer is free when the pool's is the only reference to its storage; tensors handed out share it. Under
``torch.use_deterministic_algorithms`` nothing is reused, so that PyTorch can poison fresh memory.
"""

from __future__ import annotations

import threading

import torch
from torch import Tensor

_SMALL_BYTES = 1 << 20  # below, the allocator's own reuse is as good
_MOST_BYTES = 1 << 28  # kept by the pool in all

_pool: list[Tensor] = []
_lock = threading.Lock()


def take(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """An uninitialised tensor."""
    count = torch.Size(shape).numel()
    size = count * dtype.itemsize
    if not _SMALL_BYTES <= size <= _MOST_BYTES or torch.are_deterministic_algorithms_enabled():
        return torch.empty(shape, dtype=dtype)
    with _lock:
        found = next((kept for kept in _pool if kept.dtype == dtype and len(kept) == count and _free(kept)), None)
        if found is None:
            found = torch.empty(count, dtype=dtype)
            _pool.append(found)
            _evict()
        tensor = torch.empty(0, dtype=dtype)  # no view of the buffer: users may write to what they are given
        return tensor.set_(found.untyped_storage(), 0, shape)  # type: ignore[call-overload]


def _free(kept: Tensor) -> bool:
    storage = kept.untyped_storage()
    return bool(torch._C._storage_Use_Count(storage._cdata) <= _ALONE)


def _evict() -> None:
    """Let go of the oldest free buffers until the rest is within bounds; those in use are only forgotten."""
    while len(_pool) > 1 and sum(kept.nbytes for kept in _pool) > _MOST_BYTES:
        oldest = next((index for index, kept in enumerate(_pool[:-1]) if _free(kept)), 0)
        del _pool[oldest]


def _calibrated() -> int:
    """The count of a storage that one tensor alone refers to, while it is asked for."""
    lone = torch.empty(1)
    storage = lone.untyped_storage()
    return int(torch._C._storage_Use_Count(storage._cdata))


_ALONE = _calibrated()
