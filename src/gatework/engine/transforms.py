"""Whether a transform of torch.func is running, which only the loop engine understands."""

from __future__ import annotations

import torch


def transforming() -> bool:
    """Whether vmap, grad, jvp or another transform, or forward-mode autograd, surrounds the caller."""
    return torch._C._functorch.maybe_current_level() is not None or torch.autograd.forward_ad._current_level >= 0
