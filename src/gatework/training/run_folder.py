"""The folder of one training: config.json, metrics.jsonl, samples.txt, checkpoints/, model/, plots/."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatework.errors import DamagedFileError, InputError
from gatework.storage import read_json, storage_errors, write_json, write_text

LAST = "last"


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
        """A folder for a new run; nothing is made yet.

        Raises:
            InputError: it exists and is not empty: a run is never overwritten.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise InputError(f"{path} exists already", "choose another --run, or continue it with --resume")
        return cls(path)

    def start(self, config: dict[str, Any]) -> None:
        """Make the folder and write the run's configuration.

        Raises:
            StorageError: it cannot be made.
        """
        write_json(self.config, config)

    @classmethod
    def find(cls, name: str | Path, root: Path = Path("runs")) -> RunFolder:
        """The run of a path, of a name below ``root``, or the one trained last (``"last"``).

        Raises:
            InputError: there is none.
        """
        if str(name) == LAST:
            runs = sorted(all_runs(root), key=lambda run: run.modified())
            if not runs:
                raise InputError(f"there is no run in {root}/ yet", "train one with `gatework train`")
            return runs[-1]
        for path in (Path(name), root / name):
            if cls(path).config.is_file():
                return cls(path)
        known = ", ".join(run.path.name for run in all_runs(root)) or "none"
        raise InputError(f"{name} is not a run (it has no config.json)", f"runs in {root}/: {known}")

    def modified(self) -> float:
        """When it was last trained, in seconds of the system's clock."""
        newest = self.metrics if self.metrics.exists() else self.config
        return newest.stat().st_mtime

    def clear_unfinished(self) -> None:
        """Remove what a killed process had begun to write beside its target."""
        for path in self.path.rglob(".*.part"):
            path.unlink(missing_ok=True)

    def read_config(self) -> dict[str, Any]:
        """The configuration that the run was started with."""
        config = read_json(self.config)
        if not isinstance(config, dict):
            raise DamagedFileError(f"{self.config} is not an object", "restore it")
        return config

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
