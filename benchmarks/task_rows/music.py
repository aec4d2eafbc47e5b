"""The rows of the task `music`: nats of a predicted step, summed over 88 keys."""

from __future__ import annotations

from task_rows import Row

ROWS = [
    Row(
        data="JSB Chorales",
        asked="NLL <= 8.4",
        train="{data}/music/JSB_Chorales.mat --task music",
        figure="loss",
    ),
    Row(
        data="Nottingham",
        asked="NLL <= 3.1",
        train="{data}/music/Nottingham.mat --task music --hidden-size 440 --projection-size 0 --dropout 0.3 "
        "--input-dropout 0 --transpose 2 --max-steps 64 --epochs 28 --learning-rate 0.004 --weight-decay 0.02",
        figure="loss",
    ),
]
