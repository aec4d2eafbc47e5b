"""gatework doctor: what this machine has, and whether gatework works on it."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor() -> int:
    """Show versions, devices, threads and folders, and check that every engine computes the same."""
    from rich.table import Table

    from gatework.cli.console import out

    table = Table(show_header=False, box=None, pad_edge=False)
    checks = [*_versions(), *_machine(), *_folders(), *_engines()]
    for name, value, fine in checks:
        table.add_row(name, value if fine else f"[bold red]{value}[/]")
    out.print(table)
    healthy = all(fine for _, _, fine in checks)
    out.print("[green]all is well[/]" if healthy else "[bold red]something is wrong: see above[/]")
    return 0 if healthy else 1


def _versions() -> list[tuple[str, str, bool]]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    def installed(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "not installed"

    packages = (
        "gatework",
        "torch",
        "numpy",
        "safetensors",
        "pydantic",
        "typer",
        "rich",
        "matplotlib",
        "tensorboard",
    )
    return [("python", platform.python_version(), True), *((name, installed(name), True) for name in packages)]


def _machine() -> list[tuple[str, str, bool]]:
    import os
    import platform

    import torch

    from gatework.engine.build import compiler

    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return [
        ("system", platform.platform(), True),
        ("processor", f"{os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}", True),
        ("threads", str(torch.get_num_threads()), True),
        ("compiler", " ".join(compiler() or ["none: cells run in the loop; pip install 'gatework[cc]'"]), True),
        ("devices", ", ".join(["cpu", *(f"cuda:{i} ({name})" for i, name in enumerate(names))]), True),
    ]


def _folders() -> list[tuple[str, str, bool]]:
    import os
    from pathlib import Path

    from gatework.storage import cache_folder

    cache = cache_folder()
    size = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) if cache.is_dir() else 0
    place = cache if cache.is_dir() else next(parent for parent in cache.parents if parent.is_dir())
    writable = os.access(place, os.W_OK)
    runs = Path("runs").resolve()
    return [
        ("cache", f"{cache} ({size / 2**20:.1f} MiB{'' if writable else ', not writable'})", writable),
        ("runs", str(runs) if runs.is_dir() else f"{runs} (none yet)", True),
    ]


def _engines() -> list[tuple[str, str, bool]]:
    """Each engine against the loop, on a small LSTM."""
    import torch

    from gatework.cells import find_cell
    from gatework.engine import ENGINES, checked_call, run

    cell, x = find_cell("lstm")(3, 5), torch.randn(7, 2, 3)
    truth = run(cell, x, engine="loop").outputs
    rows = []
    for name, engine in ENGINES.items():
        refusal = engine.refuses(checked_call(cell, x))
        fine = refusal is not None or torch.allclose(run(cell, x, engine=name).outputs, truth, atol=1e-5)
        rows.append((f"engine {name}", refusal or ("works" if fine else "computes something else than the loop"), fine))
    return rows
