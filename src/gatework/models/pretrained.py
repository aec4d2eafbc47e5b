"""A model in a folder: config.json, its codec and model.safetensors, checked before they are trusted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from gatework.data.codec import load_codec, save_codec
from gatework.errors import DamagedFileError, InputError
from gatework.storage import read_json, read_shapes, read_tensors, write_json, write_tensors

FORMAT = "gatework.model/1"


Model = TypeVar("Model", bound=nn.Module)


def save_pretrained(model: Any, folder: Path, score: Mapping[str, Any] | None = None) -> None:
    """Write a model's folder; the weights last, so that a folder with weights is whole."""
    dtype = _SPELLED[next(model.parameters()).dtype]
    header = {"format": FORMAT, "task": model.task, "dtype": dtype, "config": model.config.model_dump(mode="json")}
    write_json(folder / "config.json", header)
    save_codec(model.codec, folder)
    write_tensors(folder / "model.safetensors", own_tensors(model), {**header, "score": score})


def load_pretrained(kind: type[Model], folder: Path) -> Model:
    """Read a model's folder.

    Names, shapes and types are compared with the configuration before any memory is taken for them,
    contents with their checksum.

    Raises:
        InputError: a file is missing, or the folder holds a model of another task.
        DamagedFileError: a file does not hold what it should.
    """
    header = read_header(folder)
    config = _checked_config(kind, header, folder / "config.json")
    codec: Any = load_codec(kind.Codec, folder)  # type: ignore[attr-defined]
    weights = folder / "model.safetensors"
    dtype = _dtype(header, folder / "config.json")
    try:
        with torch.device("meta"):
            skeleton = kind(config, codec).to(dtype)
    except InputError as error:
        raise DamagedFileError(f"{folder / 'config.json'}: {error.cause}", error.remedy) from error
    check_shapes(weights, own_tensors(skeleton))
    tensors, _ = read_tensors(weights)
    with torch.random.fork_rng(devices=[]):  # the parameters drawn here are replaced: nobody should notice
        model = kind(config, codec).to(dtype)
    restore(model, tensors)
    return model.eval()


def read_header(folder: Path) -> dict[str, Any]:
    """What a model's config.json says of it: its ``task``, ``dtype`` and ``config``.

    Raises:
        InputError: there is no such file.
        DamagedFileError: it does not describe a model.
    """
    path = folder / "config.json"
    header = read_json(path)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DamagedFileError(f"{path} does not describe a gatework model", f"expected format {FORMAT!r}")
    return header


def own_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, each once: a tied one under its first name only."""
    return dict(model.named_parameters()) | dict(model.named_buffers())


def restore(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Copy tensors made by ``own_tensors`` into a model of the same shape."""
    with torch.no_grad():
        for name, tensor in own_tensors(model).items():
            tensor.copy_(tensors[name])


def check_shapes(path: Path, expected: dict[str, Tensor]) -> None:
    """Compare a file's tensor names, shapes and types with those that the configuration implies."""
    found = read_shapes(path)
    for name in expected.keys() ^ found.keys():
        where = "lacks" if name in expected else "has an unexpected"
        raise DamagedFileError(f"{path} {where} tensor {name}", "it belongs to another configuration")
    for name, tensor in expected.items():
        shape, kind = found[name]
        if shape != tuple(tensor.shape) or kind != _SPELLED.get(tensor.dtype):
            raise DamagedFileError(
                f"{path}: tensor {name} is {kind} {shape}, expected {_SPELLED.get(tensor.dtype)} {tuple(tensor.shape)}",
                "it belongs to another configuration",
            )


_SPELLED = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.bfloat16: "BF16",
    torch.float16: "F16",
    torch.int64: "I64",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def _dtype(header: dict[str, Any], path: Path) -> torch.dtype:
    spelled = {name: dtype for dtype, name in _SPELLED.items() if dtype.is_floating_point}
    try:
        return spelled[header["dtype"]]
    except (KeyError, TypeError) as error:
        raise DamagedFileError(
            f"{path}: dtype is {header.get('dtype')!r}", f"choose from {', '.join(spelled)}"
        ) from error


def _checked_config(kind: Any, header: Any, path: Path) -> Any:
    if header.get("task") != kind.task:
        raise InputError(f"{path} describes a model for {header.get('task')!r}", f"this is for {kind.task!r}")
    try:
        return kind.Config.model_validate(header.get("config"))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DamagedFileError(f"{path}: {place}: {first['msg']}", "restore the file") from error
