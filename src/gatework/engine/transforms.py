"""What surrounds a call that only the loop engine understands."""

from __future__ import annotations

import torch

from gatework.engine.contract import Call


def needs_the_loop(call: Call) -> str | None:
    """Autocast, transforms of torch.func and watched gates; None where there are none."""
    if torch.is_autocast_enabled(call.x.device.type):
        return "autocast is on"
    if transforming():
        return "vmap, jvp and the other transforms of torch.func need engine='loop'"
    watched = (module for module in call.cell.modules() if module is not call.cell)
    if any(module._forward_hooks or module._forward_pre_hooks for module in watched):
        return "a hook watches one of its gates"
    return None


def transforming() -> bool:
    """Whether vmap, grad, jvp or another transform, or forward-mode autograd, surrounds the caller."""
    return torch._C._functorch.maybe_current_level() is not None or torch.autograd.forward_ad._current_level >= 0
