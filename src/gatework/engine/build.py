"""From C to functions: compile once, keep the result in the user's cache folder, load it.

The cache is content-addressed: a kernel's name is the SHA-256 of its source, the compiler and its version,
the flags and the CPU. What many kernels have in common is compiled once, to an object that is kept beside
them and linked into each: no kernel needs another file. Files are written beside their place and renamed, so
that two processes can build the same at once, and end in their own SHA-256, so that damaged ones are found
and built again. Loading a file runs it: the folder must be the user's own and writable by nobody else.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch

from gatework.errors import EngineError
from gatework.storage import storage_errors

FLAGS = ("-O3", "-std=gnu11", "-fPIC", "-fno-math-errno", "-fno-trapping-math", "-fno-semantic-interposition", "-w")
_DIGEST_BYTES = 32
_building = threading.Lock()


def build(source: str, common: str = "") -> ctypes.CDLL:
    """Compile, or take from the cache, and load.

    Args:
        source: the C of this kernel.
        common: C that other kernels have as well, linked with it.

    Raises:
        EngineError: there is no compiler, it fails, or the cache folder is not safe.
        StorageError: the cache folder cannot be written.
    """
    with _building:
        file = cache_folder() / f"{_key(source, common)}.so"
        if _content(file) is None:
            _compile(source, common, file)
        return ctypes.CDLL(str(file))


def compiler() -> tuple[str, ...] | None:
    """The command of the C compiler: ``$CC``, the system's, or the ``ziglang`` wheel's; None without any."""
    return _compiler(os.environ.get("CC", ""))


@cache
def _compiler(wanted: str) -> tuple[str, ...] | None:
    for name in (wanted, "cc", "gcc", "clang"):
        command = name.split()
        if command and (path := shutil.which(command[0])):
            return (path, *command[1:])
    if importlib.util.find_spec("ziglang"):
        return (sys.executable, "-m", "ziglang", "cc")
    return None


def openmp_library() -> str | None:
    """The OpenMP runtime that is loaded already, torch's: sharing its threads is what makes ours warm.

    Any of GNU's and LLVM's libraries will do, whatever its file was renamed to: all export GNU's entry points. Other
    packages bring runtimes of their own (scikit-learn in ``scikit_learn.libs``), whose threads torch does not use.
    """
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = re.findall(r"(/\S*/lib(?:gomp|iomp5|omp)[^/\s]*\.so[^/\s]*)$", maps, re.MULTILINE)
    own = Path(torch.__file__).parent
    brought = [path for path in found if Path(path).is_relative_to(own) or "torch.libs" in path]
    shared = [path for path in found if not Path(path).parent.name.endswith(".libs")]
    return next(iter([*brought, *shared, *found]), None)


def cache_folder() -> Path:
    """The folder of built kernels, made if need be, private to the user.

    Raises:
        EngineError: it belongs to someone else or others may write to it.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    ours = base / "gatework"
    folder = ours / "kernels"
    with storage_errors(folder):
        base.mkdir(parents=True, exist_ok=True)
        for part in (ours, folder):
            part.mkdir(mode=0o700, exist_ok=True)
    for part in (ours, folder):
        status = part.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise EngineError(
                f"the kernel cache {part} is not a folder that only you can write",
                f"make it yours (chown, chmod 700 {part}) or set XDG_CACHE_HOME",
            )
    return folder


def _key(*contents: str) -> str:
    command = compiler()
    if command is None:
        raise EngineError("there is no C compiler", "install gcc or clang, or pip install ziglang")
    parts = (*contents, _version(command), *FLAGS, openmp_library() or "", _processor())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def _version(command: tuple[str, ...]) -> str:
    result = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    return " ".join(command) + result.stdout


@cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine() + platform.processor()
    described = {line for line in lines if line.startswith(("flags", "Features", "model name", "CPU part"))}
    return platform.machine() + "\n".join(sorted(described))


def _content(file: Path) -> bytes | None:
    """What was built, None if it is missing or damaged."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    body, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
    return body if hashlib.sha256(body).digest() == digest else None


def _compile(source: str, common: str, target: Path) -> None:
    errors = []
    for flags, libraries in _attempts():
        try:
            linked = _object(common, flags, target.parent) if common else b""
            _make(source, target, [*flags, "-shared"], linked, [*libraries, "-lm"])
            return
        except subprocess.CalledProcessError as error:
            errors.append(error.stderr)
    cause = next((line for line in errors[0].splitlines() if "error: " in line), errors[0].strip()[:200])
    raise EngineError(f"the C compiler failed ({cause})", "use engine='loop', and report this")


def _object(common: str, flags: list[str], folder: Path) -> bytes:
    """What kernels have in common, compiled with these flags, from the cache if it is there."""
    file = folder / f"{_key(common, *flags)}.o"
    return _content(file) or _make(common, file, [*flags, "-c"])


def _make(source: str, target: Path, flags: list[str], linked: bytes = b"", libraries: Sequence[str] = ()) -> bytes:
    """Compile, with an object or none, put what is built in its place, and return it.

    Raises:
        subprocess.CalledProcessError: the compiler fails; has its ``stderr``.
        StorageError: the file cannot be written.
    """
    with storage_errors(target), tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as folder:
        code, built, part = Path(folder, "kernel.c"), Path(folder, "built"), Path(folder, "common.o")
        code.write_text(source, encoding="utf-8")
        part.write_bytes(linked)
        inputs = [str(code), str(part)] if linked else [str(code)]
        command = [*(compiler() or ()), *FLAGS, *flags, "-o", str(built), *inputs, *libraries]
        subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
        body = built.read_bytes()
        with open(built, "wb") as file:
            file.write(body + hashlib.sha256(body).digest())
            file.flush()
            os.fsync(file.fileno())
        built.replace(target)
    return body


def _attempts() -> list[tuple[list[str], list[str]]]:
    """Flags and libraries, the most wanted first: with torch's OpenMP runtime, then with one thread."""
    natives = ["-mcpu=native"] if platform.machine() == "arm64" else ["-march=native"]
    library = openmp_library()
    alone: list[tuple[list[str], list[str]]] = [(natives, []), ([], [])]
    if library is None:
        return alone
    # Clang's calls are not in GNU's runtime: that must fail here, not when the kernel is loaded.
    return [([*natives, "-fopenmp"], [library, "-Wl,--no-undefined"]), *alone]
