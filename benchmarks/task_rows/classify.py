"""Classification of texts, series and recordings."""

from __future__ import annotations

from task_rows import Row

VOWELS = "{data}/vowels/JapaneseVowels"

ROWS = [
    Row(
        data="names, 18 languages",
        asked="accuracy >= 80 %",
        train="{data}/names --task classify --test 0.1",
        figure="accuracy",
    ),
    Row(
        data="rt-polarity, film reviews",
        asked="accuracy >= 76 %",
        train="{data}/sentiment --encoding latin-1 --task classify --test 0.1",
        figure="accuracy",
    ),
    Row(
        data="Japanese Vowels, 9 speakers",
        asked="accuracy >= 97 %",
        train=f"{VOWELS}_TRAIN.ts --test-data {VOWELS}_TEST.ts --task classify",
        figure="accuracy",
    ),
    Row(
        data="spoken digits, unseen recordings",
        asked="accuracy >= 95 %",
        train="{data}/fsdd --task classify --test 0.2",
        figure="accuracy",
    ),
]
