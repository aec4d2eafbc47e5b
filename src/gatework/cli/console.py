"""Where the command line prints: results and progress to standard output, notes and errors to standard error."""

from __future__ import annotations

import contextlib
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


class Terminal(Console):
    """A console that falls silent when its reader has gone, where rich would end the program."""

    def on_broken_pipe(self) -> None:
        """Go on without printing: a training must not be lost because of `| head`."""
        self.quiet = True
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


out = Terminal(highlight=False, soft_wrap=True, emoji=False)
err = Terminal(highlight=False, soft_wrap=True, emoji=False, stderr=True)


def print_error(cause: str, remedy: str = "") -> None:
    """Print one line: what is wrong, and what to do about it."""
    line = " ".join(f"{cause}. {remedy[:1].upper()}{remedy[1:]}".split())
    err.print(f"[bold red]error:[/] {escape(line)}")


def print_note(text: str) -> None:
    """Print something that the user should know, on standard error."""
    err.print(f"[yellow]note:[/] {escape(text)}")
