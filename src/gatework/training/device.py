"""Where a model is trained."""

from __future__ import annotations

import os

import torch

from gatework.errors import InputError


def find_device(name: str) -> torch.device:
    """The device of a name; ``"auto"`` is CUDA where there is one, else the CPU.

    Raises:
        InputError: there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        if device.type not in ("cpu", "cuda", "mps"):
            raise RuntimeError("not a place to compute")
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"there is no device {name!r}", "`gatework doctor` lists the devices") from error
    return device


def check_memory(parameters: int, activations: int = 0) -> None:
    """Compare what training takes at the least with what the machine has.

    Args:
        parameters: numbers in the model; gradients and two moments take as much each.
        activations: numbers kept for the gradient of one window.

    Raises:
        InputError: the machine's memory is too small.
    """
    needed = 4 * (4 * parameters + activations)
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > machine:
        raise InputError(
            f"a model of {parameters:,} parameters takes {needed / 2**30:,.0f} GiB to train with these windows, "
            f"this machine has {machine / 2**30:,.0f} GiB",
            "choose a smaller --hidden-size, --layers, --batch or --window",
        )
