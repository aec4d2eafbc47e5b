"""Everything needed to go on as if nothing had happened, in one self-checking file.

Parameters, optimizer, schedule, position in the data, carried state, random generators, metrics so far.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from gatework.errors import DamagedFileError, GateworkError, InputError
from gatework.storage import read_description, read_tensors, write_tensors
from gatework.training.run_folder import RunFolder

FORMAT = "gatework.checkpoint/1"
KEPT = 2


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the checkpoint of an update lies; names sort by update."""
    return folder / f"step-{step:010d}.safetensors"


def write_checkpoint(folder: Path, step: int, tensors: dict[str, Tensor], description: dict[str, Any]) -> Path:
    """Write a checkpoint, then remove all but the newest ``KEPT``.

    Raises:
        StorageError: it cannot be written; the older ones stay.
    """
    path = checkpoint_path(folder, step)
    write_tensors(path, tensors, {"format": FORMAT, **description})
    for old in sorted(folder.glob("step-*.safetensors"))[:-KEPT]:
        old.unlink()
    return path


def newest_checkpoint(
    folder: Path, note: Callable[[str], None] = lambda text: None
) -> tuple[Path, dict[str, Tensor], dict[str, Any]]:
    """The newest checkpoint that is whole: its path, tensors and description.

    Args:
        folder: the checkpoints of a run.
        note: told of each damaged one that is passed over.

    Raises:
        InputError: there is none.
        DamagedFileError: all are damaged.
    """
    paths = sorted(folder.glob("step-*.safetensors"), reverse=True)
    if not paths:
        raise InputError(f"there is no checkpoint in {folder}", "train the run anew")
    damaged: list[Path] = []
    for path in paths:
        try:
            tensors, description = read_tensors(path)
            if description.get("format") != FORMAT:
                raise DamagedFileError(f"{path} is not a checkpoint", f"expected format {FORMAT!r}")
        except GateworkError as error:
            note(f"{error.cause}; going back to the one before it")
            damaged.append(path)
            continue
        for other in damaged:  # so that it is not counted among the ones that are kept
            other.replace(other.with_suffix(".damaged"))
        return path, tensors, description
    raise DamagedFileError(f"all checkpoints in {folder} are damaged", "train the run anew")


def trained_fingerprint(folder: RunFolder) -> str | None:
    """The fingerprint of the data that a run was trained on; None where no checkpoint tells."""
    for path in sorted(folder.checkpoints.glob("step-*.safetensors"), reverse=True):
        with contextlib.suppress(GateworkError):
            return str(read_description(path)["data"])
    return None


def pack_optimizer(optimizer: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimizer's state as tensors ``optimizer.INDEX.NAME`` and a description of the rest."""
    state = optimizer.state_dict()
    tensors, numbers = {}, {}
    for index, entries in state["state"].items():
        for name, value in entries.items():
            key = f"optimizer.{index}.{name}"
            if isinstance(value, Tensor):
                tensors[key] = value
            else:
                numbers[key] = value
    return tensors, {"groups": state["param_groups"], "numbers": numbers}


def unpack_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor], description: dict[str, Any]) -> None:
    """Put what ``pack_optimizer`` gave back into an optimizer of the same parameters."""
    state: dict[int, dict[str, Any]] = {}
    for key, value in {**tensors, **description["numbers"]}.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".", 2)
            state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": description["groups"]})


def pack_state(state: Any) -> dict[str, Tensor]:
    """A stack's carried state as tensors ``carried.LAYER.STATE``; none for the initial state."""
    if state is None:
        return {}
    return {f"carried.{i}.{j}": tensor for i, part in enumerate(state) for j, tensor in enumerate(part)}


def unpack_state(tensors: dict[str, Tensor], device: torch.device) -> Any:
    """What ``pack_state`` packed, as a tuple of tuples; None if it was the initial state."""
    layers: dict[int, dict[int, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith("carried."):
            _, layer, index = key.split(".")
            layers.setdefault(int(layer), {})[int(index)] = tensor.to(device)
    if not layers:
        return None
    return tuple(tuple(parts[j] for j in sorted(parts)) for _, parts in sorted(layers.items()))


def pack_generators() -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The states of all random generators: torch's (tensors), Python's and NumPy's (description)."""
    tensors = {"generator.torch": torch.get_rng_state()}
    for index in range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ():
        tensors[f"generator.cuda.{index}"] = torch.cuda.get_rng_state(index)
    kind, keys, position, has_gauss, gauss = np.random.get_state()
    return tensors, {
        "python": random.getstate(),
        "numpy": [kind, np.asarray(keys).tolist(), position, has_gauss, gauss],
    }


def unpack_generators(tensors: dict[str, Tensor], description: dict[str, Any]) -> None:
    """Set all random generators to what ``pack_generators`` saw."""
    torch.set_rng_state(tensors["generator.torch"])
    for key, tensor in tensors.items():
        if key.startswith("generator.cuda.") and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensor, int(key.rsplit(".", 1)[1]))
    version, internal, gauss = description["python"]
    random.setstate((version, tuple(internal), gauss))
    np.random.set_state(tuple(description["numpy"]))
