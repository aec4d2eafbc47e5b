"""Ctrl-C and SIGTERM as requests that the work polls: between updates, while validating, while sampling."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupted(Exception):  # noqa: N818 (an event, not an error)
    """The user or the system asked to stop.

    Attributes:
        status: the exit status that says so, 128 + the signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number

    def __reduce__(self) -> tuple[type[Interrupted], tuple[int]]:
        """From process to process by the number that it was made with."""
        return type(self), (self.status - 128,)


class StopSignals:
    """While entered, SIGINT and SIGTERM set a flag; ``poll`` raises Interrupted once it is set.

    A second signal does what it did before, so that an impatient user is obeyed.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        self._received = None
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def poll(self) -> None:
        """Raise Interrupted if a signal has come."""
        if self._received is not None:
            raise Interrupted(self._received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}
