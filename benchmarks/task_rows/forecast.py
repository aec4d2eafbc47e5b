"""Forecasts: errors scaled by those of the seasonal naive forecast in the training part."""

from task_rows import Row

SERIES = "{data}/series"
ROWS = [
    Row(
        data="airline passengers, 12 months ahead",
        asked="MASE < 1",
        train=f"{SERIES}/airline-passengers.csv --task forecast --horizon 12 --transform log",
        figure="mase",
    ),
    Row(
        data="monthly sunspots, 24 months ahead",
        asked="MASE < 1",
        train=f"{SERIES}/monthly-sunspots.csv --task forecast --horizon 24 --transform sqrt --difference none "
        "--context 132 --epochs 4",
        figure="mase",
    ),
    Row(
        data="8 exchange rates, 24 days ahead",
        asked="absolute error < seasonal naive's",
        train=f"{SERIES}/exchange_rate.txt.gz --task forecast --horizon 24 --season 5 --difference last "
        "--scaling absolute --scaled-over series --strategy head --epochs 2",
        figure="relative_mae",
    ),
]
