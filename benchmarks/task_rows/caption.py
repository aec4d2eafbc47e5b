"""The rows of the task `caption`."""

from __future__ import annotations

from task_rows import Row

ROWS = [
    Row(
        data="drawn scenes, unseen combinations",
        asked="95 % exact captions",
        train="--task caption",
        figure="exact",
    ),
]
