"""Files that survive: written beside their target, flushed to the disk, renamed; checked when read.

Everything gatework saves goes through this module. Tensors live in safetensors files that carry
their own description and a SHA-256 of their contents, so that one rename publishes a file whole and
one read finds out whether it is what was written.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatework.errors import DamagedFileError, InputError, StorageError

if TYPE_CHECKING:
    import torch


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a path beside ``target``; on leaving, flush it to the disk and rename it to ``target``.

    Until the rename, readers see the old file; if anything fails, the old file stays.

    Raises:
        StorageError: the folder cannot be made or written, or the disk is full.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with storage_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            yield beside
            flush(beside)
            beside.replace(target)
            flush(target.parent)
    finally:
        with contextlib.suppress(OSError):  # what went wrong above is the news, not that nothing is left to remove
            beside.unlink(missing_ok=True)


@contextlib.contextmanager
def storage_errors(target: Path, cannot: str = "cannot write") -> Iterator[None]:
    """Turn the operating system's refusals to write ``target`` into a StorageError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space" if full else "choose another folder or name"
        raise StorageError(f"{cannot} {target} ({reason})", remedy) from error


def flush(path: Path) -> None:
    """Make the operating system write a file, or a folder's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all."""
    with replacing(target) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def write_json(target: Path, value: Any) -> None:
    """Write JSON, indented, whole or not at all."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        InputError: there is no such file, or it cannot be opened.
        DamagedFileError: it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})", "check the path") from error
    except ValueError as error:
        raise DamagedFileError(f"{path} is not valid JSON ({error})", "restore it or make it again") from error


def write_tensors(target: Path, tensors: Mapping[str, torch.Tensor], description: Mapping[str, Any]) -> None:
    """Write named tensors and a JSON description as one self-checking safetensors file."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    unshared = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    text = json.dumps(description, ensure_ascii=False, sort_keys=True)
    with replacing(target) as beside:
        try:
            save_file(unshared, beside, {"description": text, "sha256": _digest(unshared, text)})
        except SafetensorError as error:  # the library wraps the system's "no space left" in its own words
            raise OSError(0, str(error)) from error


def read_description(path: Path) -> dict[str, Any]:
    """Read what a file written by ``write_tensors`` says of itself, without its tensors."""
    with _opened(path) as file:
        return _metadata(path, file)[0]


def read_shapes(path: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Read the names, shapes and types (as safetensors spells them: F32, F64 ...) of a file's tensors."""
    with _opened(path) as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        return {name: (tuple(part.get_shape()), part.get_dtype()) for name, part in slices.items()}


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read what ``write_tensors`` wrote and check it against its SHA-256.

    Each tensor is given memory of its own, aligned as PyTorch aligns its tensors. In the file they begin
    wherever the header ends, and products of the same numbers at another alignment may round differently.

    Raises:
        InputError: there is no such file.
        DamagedFileError: it is truncated, changed, or not ours.
    """
    with _opened(path) as file:
        description, digest, text = _metadata(path, file)
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (not a dict)
    if _digest(tensors, text) != digest:
        raise DamagedFileError(f"{path} is damaged (its checksum does not match)", "restore it or make it again")
    return tensors, description


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror or error})", "check the path") from error
    except SafetensorError as error:
        raise DamagedFileError(f"{path} is damaged ({error})", "restore it or make it again") from error


def _metadata(path: Path, file: Any) -> tuple[dict[str, Any], str, str]:
    metadata = file.metadata() or {}
    try:
        text = metadata["description"]
        return json.loads(text), metadata["sha256"], text
    except (KeyError, ValueError) as error:
        raise DamagedFileError(f"{path} was not written by gatework", "give a file that was") from error


def _digest(tensors: Mapping[str, torch.Tensor], text: str) -> str:
    import torch

    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\0{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where gatework keeps what it can make again: ``gatework`` below XDG_CACHE_HOME, or below ``~/.cache``."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".cache") / "gatework"
