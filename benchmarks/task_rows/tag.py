"""The rows of the task `tag`."""

from __future__ import annotations

from task_rows import Row

TRAIN = "{data}/tagging/ewt-dev.tsv --task tag --test-data {data}/tagging/ewt-test.tsv"

ROWS = [
    Row(
        data="English Web Treebank, parts of speech, 25,000 words",
        asked="accuracy >= 88 %",
        train=TRAIN,
        figure="accuracy",
    ),
    Row(
        data="the same with a CRF",
        asked="report",
        train=f"{TRAIN} --crf",
        figure="accuracy",
        compare=False,
    ),
]
