"""The text of studies that anyone can run: Tiny Shakespeare where it is, else the language reference inside Python."""

from __future__ import annotations

import os
from pathlib import Path

TINY_SHAKESPEARE = "tinyshakespeare.txt"


def text_sources() -> tuple[str, ...]:
    """The file below ``GATEWORK_DATA``; nothing, which a corpus takes for Python's reference, where it is not there."""
    path = Path(os.environ.get("GATEWORK_DATA", "")) / TINY_SHAKESPEARE
    return (str(path),) if path.is_file() else ()
