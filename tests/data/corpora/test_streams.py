"""Streams are the text, cut: nothing lost, nothing twice, state carried and reset where it should be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gatework.cells import LSTM
from gatework.data import Streams
from gatework.engine import run
from gatework.errors import InputError

NOWHERE = np.array([], dtype=np.int64)


@st.composite
def cut_texts(draw) -> Streams:
    """Tokens that are their own positions, k1 <= k2 of all sorts, documents that begin anywhere."""
    batch, window = draw(st.integers(1, 4)), draw(st.integers(1, 8))
    stride = draw(st.integers(1, window))
    tokens = np.arange(draw(st.integers(batch * window + 1, batch * window * 5 + 7)))
    starts = np.array(sorted(draw(st.sets(st.integers(0, len(tokens) - 1), max_size=6))), dtype=np.int64)
    return Streams(tokens, starts, batch=batch, window=window, stride=stride)


def walk(streams: Streams):
    """Yield each window with the step of the streams at which it begins, as its ``advance`` says."""
    first = 0
    for window in streams:
        yield first, window
        first += window.advance


@given(cut_texts())
def test_windows_are_the_text(streams):
    for first, window in walk(streams):
        for row in range(streams.batch):
            position = row * streams.length + first
            expected = torch.arange(position, position + len(window.inputs))
            assert torch.equal(window.inputs[:, row], expected)
            assert torch.equal(window.targets[:, row], expected + 1)


@given(cut_texts())
def test_each_token_is_scored_once(streams):
    scored = torch.cat([window.targets[len(window.targets) - window.scored :] for window in streams])
    assert torch.equal(scored.T.flatten(), torch.arange(1, streams.length * streams.batch + 1))
    lost = len(streams.tokens) - 1 - len(scored) * streams.batch
    assert 0 <= lost < streams.batch


@given(cut_texts())
def test_gradients_reach_back_a_whole_window(streams):
    windows = list(streams)
    assert len(windows) == len(streams) == streams.count
    for index, (first, window) in enumerate(walk(streams)):
        last = index == len(windows) - 1
        end = first + len(window.inputs)
        assert end == min((index + 1) * streams.stride, streams.length)
        assert 0 < window.scored <= streams.stride
        assert window.scored == streams.stride or last
        if not last:
            assert len(window.inputs) == min(streams.window, end)
    assert end == streams.length


@given(cut_texts())
def test_resets_are_where_documents_begin(streams):
    begins = set(streams.starts.tolist())
    for _, window in walk(streams):
        expected = torch.tensor([[token in begins for token in step] for step in window.inputs.tolist()])
        resets = torch.zeros_like(expected) if window.resets is None else window.resets
        assert torch.equal(resets, expected)
        assert window.resets is None or window.resets.any()


@given(cut_texts())
def test_state_carried_from_window_to_window_is_the_state_of_the_whole(streams):
    cell = LSTM(3, 7).double()
    table = torch.randn(len(streams.tokens), 3, dtype=torch.float64)
    whole_x = torch.stack([table[row * streams.length :][: streams.length] for row in range(streams.batch)], dim=1)
    positions = np.arange(streams.length)[:, None] + np.arange(streams.batch) * streams.length
    whole = run(cell, whole_x, resets=torch.from_numpy(np.isin(positions, streams.starts)))

    state, outputs = cell.initial_state(streams.batch), []
    for window in streams:
        result = run(cell, table[window.inputs], state, resets=window.resets, every_state=True, engine="loop")
        outputs.append(result.outputs[len(result.outputs) - window.scored :])
        if window.advance:
            state = cell.State(*(part[window.advance - 1] for part in result.states))
    torch.testing.assert_close(torch.cat(outputs), whole.outputs, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(tuple(state), tuple(whole.state), rtol=1e-12, atol=1e-12)


def test_a_window_by_hand():
    text = np.frombuffer(b"abcdefghijklmn", np.uint8)
    streams = Streams(text, np.array([0, 8]), batch=2, window=4, stride=3)
    windows = [
        ["".join(map(chr, column)) for column in torch.cat([w.inputs, w.targets[-1:]]).T.tolist()] for w in streams
    ]
    assert windows == [["abcd", "ghij"], ["cdefg", "ijklm"]]
    assert [w.scored for w in streams] == [3, 3]
    assert [w.advance for w in streams] == [2, 4]
    assert streams[0].resets.int().tolist() == [[1, 0], [0, 0], [0, 1]]
    assert streams[1].resets.int().tolist() == [[0, 1], [0, 0], [0, 0], [0, 0]]
    assert streams[0].inputs.dtype == torch.int64


@pytest.mark.parametrize(("batch", "window"), [(1, 1), (3, 5), (7, 2)])
def test_the_shortest_text(batch, window):
    need = batch * window + 1
    assert len(Streams(np.arange(need), NOWHERE, batch=batch, window=window)) == 1
    with pytest.raises(InputError) as caught:
        Streams(np.arange(need - 1), NOWHERE, batch=batch, window=window, name="validation text")
    assert caught.value.cause == (
        f"the validation text has {need - 1} symbols, too few for {batch} streams of one window of {window} steps"
    )
    assert caught.value.remedy == f"give at least {need} symbols, or a smaller --batch or --window"


def test_an_empty_text_is_too_short():
    with pytest.raises(InputError, match="has 0 symbols"):
        Streams(NOWHERE, NOWHERE, batch=1, window=1)


@pytest.mark.parametrize("sizes", [{"batch": 0}, {"window": 0}, {"stride": 0}, {"stride": 6}])
def test_impossible_sizes(sizes):
    with pytest.raises(ValueError, match="1 <= stride <= window"):
        Streams(np.arange(97), NOWHERE, **{"batch": 2, "window": 5} | sizes)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_window_beyond_the_ends(index):
    streams = Streams(np.arange(16), NOWHERE, batch=1, window=5)
    assert len(streams) == 3
    with pytest.raises(IndexError):
        streams[index]


def test_to_moves_all_of_a_window():
    window = Streams(np.arange(16), np.array([2]), batch=1, window=5)[0]
    moved = window.to(torch.device("meta"))
    assert {moved.inputs.device.type, moved.targets.device.type, moved.resets.device.type} == {"meta"}
    assert (moved.scored, moved.advance) == (window.scored, window.advance)
