"""Where a model is trained."""

from __future__ import annotations

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
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"there is no device {name!r}", "`gatework doctor` lists the devices") from error
    return device
