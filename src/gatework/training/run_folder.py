"""The folder of one training: config.json, metrics.jsonl, samples.txt, checkpoints/, model/, plots/."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gatework.errors import DamagedFileError, InputError, StorageError
from gatework.settings.data import STANDARD_INPUT
from gatework.storage import read_json, storage_errors, write_json, write_text

LAST = "last"
LAST_FILE = ".last"


class RunFolder:
    """Where a training keeps what it makes.

    Attributes:
        path: the folder itself; ``config``, ``metrics``, ``samples``, ``checkpoints``, ``model``, ``plots``,
            ``tensorboard`` and ``data`` are paths within.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.json"
        self.metrics = path / "metrics.jsonl"
        self.samples = path / "samples.txt"
        self.checkpoints = path / "checkpoints"
        self.model = path / "model"
        self.plots = path / "plots"
        self.tensorboard = path / "tensorboard"
        self.data = path / "data.txt"

    @classmethod
    def fresh(cls, path: Path) -> RunFolder:
        """Make the folder of a new run, empty, so that no other training can take it.

        Raises:
            InputError: it exists and is not empty: a run is never overwritten.
            StorageError: it cannot be made.
        """
        with storage_errors(path):
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise InputError(f"{path} exists already", "choose another --run, or continue it with --resume")
            path.mkdir(parents=True, exist_ok=True)
        return cls(path)

    @classmethod
    def numbered(cls, path: Path) -> RunFolder:
        """Make the folder of a new run, with the first number after its name that is free.

        Raises:
            StorageError: it cannot be made.
        """
        for number in itertools.count(1):
            candidate = path if number == 1 else path.with_name(f"{path.name}-{number}")
            with storage_errors(path), contextlib.suppress(FileExistsError):
                candidate.mkdir(parents=True)
                return cls(candidate)
        raise AssertionError("numbers do not end")

    def discard(self) -> None:
        """Remove the folder of a run that could not start: nothing is in it but a copy of standard input."""
        with contextlib.suppress(OSError):
            self.data.unlink(missing_ok=True)
            self.path.rmdir()

    def start(self, config: dict[str, Any]) -> None:
        """Write the run's configuration.

        Raises:
            StorageError: it cannot be written.
        """
        write_json(self.config, config)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """While entered, no other process can train this run.

        Raises:
            InputError: another process trains it.
            StorageError: the folder cannot be written.
        """
        with storage_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / ".lock").open("w")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"another process trains {self.path}", "wait for it, or stop it") from None
            yield

    def remember(self, root: Path = Path("runs")) -> None:
        """Make this the run that ``last`` means."""
        with contextlib.suppress(StorageError):  # a convenience that must not stop a training
            write_text(root / LAST_FILE, f"{self.path.resolve()}\n")

    @classmethod
    def find(cls, name: str | Path, root: Path = Path("runs")) -> RunFolder:
        """The run of a path, of a name below ``root``, or the one trained last from here (``"last"``).

        Raises:
            InputError: there is none.
        """
        if str(name) == LAST:
            return cls._last(root)
        for path in (Path(name), root / name):
            with storage_errors(path, "cannot read"):
                if cls(path).config.is_file() and not (path / "model.safetensors").exists():
                    return cls(path)
                if (path / "model.safetensors").exists():
                    raise InputError(f"{path} is a saved model, not a run", "give the folder of a run")
        known = ", ".join(run.path.name for run in all_runs(root)) or "none"
        raise InputError(f"{name} is not a run (it has no config.json)", f"runs in {root}/: {known}")

    @classmethod
    def _last(cls, root: Path) -> RunFolder:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            named = cls(Path((root / LAST_FILE).read_text(encoding="utf-8").strip()))
            if named.config.is_file():
                return named
        runs = sorted(all_runs(root), key=lambda run: run.modified())
        if not runs:
            raise InputError(f"there is no run in {root}/ yet", "train one with `gatework train`")
        return runs[-1]

    def modified(self) -> float:
        """When it was last trained, in seconds of the system's clock."""
        newest = self.metrics if self.metrics.exists() else self.config
        return newest.stat().st_mtime

    def clear_unfinished(self) -> None:
        """Remove what a killed process had begun to write beside its target."""
        for path in self.path.rglob(".*.part"):
            path.unlink(missing_ok=True)

    def read_config(self) -> dict[str, Any]:
        """The configuration that the run was started with; ``-`` in it means the copy of standard input."""
        config = read_json(self.config)
        if not isinstance(config, dict) or not isinstance(config.get("data", {}), dict):
            raise DamagedFileError(f"{self.config} is not a run's configuration", "restore it")
        return config

    def own_sources(self, sources: Sequence[str]) -> list[str]:
        """Sources as this run reads them again: standard input from the copy kept here."""
        return [str(self.data) if name == STANDARD_INPUT else name for name in sources]

    def append_row(self, row: dict[str, Any]) -> None:
        """Add a line to metrics.jsonl."""
        with storage_errors(self.metrics), self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def rows(self) -> list[dict[str, Any]]:
        """All whole lines of metrics.jsonl; a last line cut short by a crash is left out."""
        return list(self._whole_rows())

    def _whole_rows(self) -> Iterator[dict[str, Any]]:
        if not self.metrics.exists():
            return
        for line in self.metrics.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                return

    def keep_rows(self, count: int) -> list[dict[str, Any]]:
        """Cut metrics.jsonl back to its first ``count`` lines, for a training that resumes there."""
        kept = self.rows()[:count]
        write_text(self.metrics, "".join(json.dumps(row) + "\n" for row in kept))
        return kept


def all_runs(root: Path) -> list[RunFolder]:
    """The runs directly below a folder, by name."""
    if not root.is_dir():
        return []
    return [RunFolder(path) for path in sorted(root.iterdir()) if (path / "config.json").is_file()]
