"""Where the command line prints: results to standard output, all else to standard error when results pipe."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape


def program() -> str:
    """How the user can type this command line again: ``gatework``, or where it lies if that is not found."""
    called = Path(sys.argv[0])
    if called.stem == "__main__":
        return f"{shlex.quote(sys.executable)} -m gatework"
    found = shutil.which("gatework")
    if called.stem != "gatework" or (found and Path(found).resolve() == called.resolve()):
        return "gatework"
    return shlex.quote(os.path.relpath(called))


out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)


def print_error(cause: str, remedy: str = "") -> None:
    """Print one line: what is wrong, and what to do about it."""
    line = " ".join(f"{cause}. {remedy[:1].upper()}{remedy[1:]}".split())
    err.print(f"[bold red]error:[/] {escape(line)}")


def print_note(text: str) -> None:
    """Print something that the user should know, on standard error."""
    err.print(f"[yellow]note:[/] {escape(text)}")
