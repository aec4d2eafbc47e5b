"""Spoken digits, three to six joined, written down as phonemes."""

from __future__ import annotations

from task_rows import Row

ROWS = [
    Row(
        data="spoken digits joined, 10 words, all speakers seen",
        asked="phoneme error rate <= 10 %",
        train="{data}/fsdd --task transcribe",
        figure="phoneme_error_rate",
    ),
    Row(
        data="spoken digits joined, 10 words, speaker theo held out",
        asked="reported",
        train="{data}/fsdd --task transcribe --held-out-speaker theo",
        figure="phoneme_error_rate",
        compare=False,
    ),
]
