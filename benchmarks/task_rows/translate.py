"""The rows of the task `translate`."""

from __future__ import annotations

from task_rows import Row

PAIRS = (
    "{data}/multi30k/train.en {data}/multi30k/train.de --task translate "
    "--validation-data {data}/multi30k/val.en --validation-data {data}/multi30k/val.de "
    "--test-data {data}/multi30k/test_2016_flickr.en --test-data {data}/multi30k/test_2016_flickr.de"
)

ROWS = [
    Row(
        data="Multi30k en-de, test_2016",
        asked="BLEU >= 33 within an hour",
        train=PAIRS,
        figure="bleu_none",
    ),
    Row(
        data="Multi30k en-de, test_2016, without attention",
        asked="beside it",
        train=f"{PAIRS} --attention none",
        figure="bleu_none",
        compare=False,
    ),
]
