"""The rows of the task `language`."""

from __future__ import annotations

from task_rows import Row

ROWS = [
    Row(
        data="tinyshakespeare, characters",
        asked="1.62 nats or lower in 80 s",
        train="{data}/tinyshakespeare.txt --minutes 1.33",
        figure="nats",
        part="validation",
    ),
]
