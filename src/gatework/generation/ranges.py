"""Numbers that a user may choose, each in its range."""

from __future__ import annotations

from gatework.errors import InputError


def check_ranges(*checks: tuple[str, object, bool, str]) -> None:
    """Refuse the first value that is out of range: each is a name, the value, whether it is fine, what is expected.

    Raises:
        InputError: one is not fine.
    """
    for name, value, fine, expected in checks:
        if not fine:
            raise InputError(f"{name} is {value}", f"it must be {expected}")
