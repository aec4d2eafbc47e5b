"""Legends of nothing warn of nothing, levels carry their names, logarithmic ticks are read without powers."""

from __future__ import annotations

import pytest

from gatework.insight.figure import add_legend, add_levels, new_figure, plain_log_ticks


def test_a_legend_stands_only_where_something_has_a_label():
    empty, named = new_figure(3, 2).subplots(1, 2)
    named.plot([1, 2], label="loss")
    for axes in (empty, named):
        add_legend(axes)
    assert empty.get_legend() is None
    assert [text.get_text() for text in named.get_legend().get_texts()] == ["loss"]


def test_levels_carry_their_names():
    axes = new_figure(3, 2).subplots()
    add_levels(axes, {"near": 0.5, "both": 0.25})
    assert {text.get_text(): text.xy[1] for text in axes.texts} == {"near": 0.5, "both": 0.25}
    assert [line.get_ydata()[0] for line in axes.lines] == [0.5, 0.25]


@pytest.mark.parametrize(("limits", "shown"), [((0.02, 2.0), {"0.1", "1"}), ((0.65, 0.95), {"0.7", "0.8", "0.9"})])
def test_ticks_of_a_logarithmic_axis_are_plain(limits, shown):
    figure = new_figure(3, 2)
    axes = figure.subplots()
    axes.set(yscale="log", ylim=limits)
    plain_log_ticks(axes.yaxis)
    figure.draw_without_rendering()
    labels = [tick.label1.get_text() for tick in (*axes.yaxis.get_major_ticks(), *axes.yaxis.get_minor_ticks())]
    low, high = limits
    assert {label for label in labels if label and low <= float(label) <= high} == shown
