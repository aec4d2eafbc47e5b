"""Pictures of what happens inside: loss curves, gates and states, what one step of a cell computes."""

from gatework.insight.curves import plot_curves
from gatework.insight.drawing import draw_cell
from gatework.insight.gates import plot_gates
from gatework.insight.plots import PlotWriter, readable_excerpt
from gatework.insight.record import Record, record_gates

__all__ = ["PlotWriter", "Record", "draw_cell", "plot_curves", "plot_gates", "readable_excerpt", "record_gates"]
