"""Pictures: loss curves, gates and states, a step of a cell, attention, forecasts, phonemes and piano rolls."""

from gatework.insight.attention import plot_attention
from gatework.insight.curves import plot_curves
from gatework.insight.drawing import draw_cell
from gatework.insight.fans import plot_forecast
from gatework.insight.gates import plot_gates
from gatework.insight.plots import PlotWriter, readable_excerpt
from gatework.insight.record import Record, record_gates
from gatework.insight.rolls import plot_rolls
from gatework.insight.spectrogram import plot_phonemes

__all__ = [
    "PlotWriter",
    "Record",
    "draw_cell",
    "plot_attention",
    "plot_curves",
    "plot_forecast",
    "plot_gates",
    "plot_phonemes",
    "plot_rolls",
    "readable_excerpt",
    "record_gates",
]
