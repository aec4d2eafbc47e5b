"""The tasks of the study of long lags by their names."""

from gatework.studies.sources.adding import ADDING
from gatework.studies.sources.copying import COPYING
from gatework.studies.sources.counting import COUNT_THREE, COUNT_TWO
from gatework.studies.sources.digits import DIGITS, PERMUTED_DIGITS
from gatework.studies.sources.orders import LATCHED_NOISE, TEMPORAL_ORDER
from gatework.studies.sources.reber import EMBEDDED_REBER
from gatework.studies.sources.timing import SPIKE_DELAYS, TIMED_SPIKES

TASKS = {
    task.name: task
    for task in (
        *(ADDING, COPYING, TEMPORAL_ORDER, LATCHED_NOISE, SPIKE_DELAYS, TIMED_SPIKES),
        *(EMBEDDED_REBER, COUNT_TWO, COUNT_THREE, DIGITS, PERMUTED_DIGITS),
    )
}
