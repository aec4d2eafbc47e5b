"""Pictures of what happens inside: loss curves, gates and states."""

from gatework.insight.curves import plot_curves
from gatework.insight.gates import plot_gates
from gatework.insight.plots import PlotWriter, readable_excerpt
from gatework.insight.record import Record, record_gates

__all__ = ["PlotWriter", "Record", "plot_curves", "plot_gates", "readable_excerpt", "record_gates"]
