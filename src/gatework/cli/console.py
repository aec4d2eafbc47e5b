"""Where the command line prints: results to standard output, all else to standard error when results pipe."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)


def print_error(cause: str, remedy: str = "") -> None:
    """Print one line: what is wrong, and what to do about it."""
    line = " ".join(f"{cause}. {remedy[:1].upper()}{remedy[1:]}".split())
    err.print(f"[bold red]error:[/] {escape(line)}")


def print_note(text: str) -> None:
    """Print something that the user should know, on standard error."""
    err.print(f"[yellow]note:[/] {escape(text)}")
