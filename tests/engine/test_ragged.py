"""Rows without their padding: laid out as torch packs them, and what a kernel makes of them."""

from __future__ import annotations

import pytest
import torch
from comparing import compare
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gatework.cells import GRU, LSTM, GRUResetAfter
from gatework.engine import checked_call, compiled, run
from gatework.engine.ragged import Ragged, Whole, rows_of

T, B, I, H = 5, 3, 2, 7
pytestmark = pytest.mark.usefixtures("exact")


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_packs_as_torch_does(lengths):
    lengths = torch.tensor(lengths)
    x = torch.randn(int(lengths.max()), len(lengths), I)
    expected = pack_padded_sequence(x, lengths, enforce_sorted=False)
    rows = Ragged(lengths, len(x))
    assert torch.equal(rows.offsets.diff(), expected.batch_sizes)
    order = rows.sorted(torch.arange(len(lengths)))
    assert torch.equal(rows.unsorted(order), torch.arange(len(lengths)))
    assert torch.equal(rows.packed(x), pack_padded_sequence(x[:, order], lengths[order]).data)
    assert torch.equal(rows.padded(rows.packed(x)), pad_packed_sequence(expected)[0])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_the_last_state_is_that_of_the_last_step_or_the_first(lengths):
    rows = Ragged(torch.tensor(lengths), 4)
    states, start = torch.randn(4, len(lengths), H), torch.randn(len(lengths), H)
    found = rows.unsorted(rows.last(rows.packed(states), rows.sorted(start)))
    expected = [states[length - 1, row] if length else start[row] for row, length in enumerate(lengths)]
    assert torch.equal(found, torch.stack(expected))


def test_whole_rows_stay_as_they_are():
    for lengths in (None, torch.full((B,), T)):
        rows = rows_of(lengths, T, B)
        assert isinstance(rows, Whole)
        x = torch.randn(T, B, I)
        assert rows.padded(rows.packed(x)).data_ptr() == x.data_ptr()
        assert rows.sorted(x) is x
    assert isinstance(rows_of(torch.tensor([T, T, 4]), T, B), Ragged)


def test_padding_is_not_computed(monkeypatch):
    cell, x = LSTM(I, H), torch.randn(T, B, I)
    program, traces = compiled.compiled(cell, x.dtype).program, []
    forward = program.forward
    monkeypatch.setattr(program, "forward", lambda *given, **more: traces.append(forward(*given, **more)) or traces[-1])
    run(cell, x, lengths=torch.tensor([2, 5, 0]), engine="compiled")
    assert [len(part) for part in (*traces[0].buffers, *traces[0].states)] == [7, 7, 7]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("shape", [(11, 6, 64), (61, 9, 64), (2, 6, 128), (17, 6, 320)])
@pytest.mark.parametrize("cell", [LSTM, GRU, GRUResetAfter])
def test_any_split_between_threads(cell, shape, threads, monkeypatch):
    batch, time, hidden = shape
    monkeypatch.setattr("gatework.engine.program.available_threads", lambda: threads)
    lengths = torch.randint(0, time, (batch,))
    resets = torch.rand(time, batch) < 0.2
    compare(cell(I, hidden), time=time, batch=batch, lengths=lengths, resets=resets, initial=True)


def test_no_row_has_a_step():
    compare(GRU(I, H), time=T, batch=B, lengths=torch.zeros(B, dtype=torch.int64), every_state=True)


@pytest.mark.parametrize("engine", ["compiled", "native", "loop"])
def test_gradients_given_to_padding_go_nowhere(engine):
    cell, x = LSTM(I, H), torch.randn(T, B, I, requires_grad=True)
    lengths = torch.tensor([2, 5, 0])
    padding = torch.arange(T)[:, None] >= lengths

    def gradients(spoiled: float) -> list[torch.Tensor]:
        given = torch.ones(T, B, H).masked_fill(padding[:, :, None], spoiled)
        outputs = run(cell, x, lengths=lengths, engine=engine).outputs
        return list(torch.autograd.grad(outputs, [x, *cell.parameters()], given))

    for found, expected in zip(gradients(float("nan")), gradients(1.0), strict=True):
        assert torch.equal(found, expected)


def test_the_loop_is_given_zeros_for_padding():
    x = torch.full((T, B, I), float("nan"))
    lengths = torch.tensor([2, 5, 0])
    clean = checked_call(LSTM(I, H), x, lengths=lengths).clean_x
    assert torch.equal(clean.isnan()[:, :, 0], torch.arange(T)[:, None] < lengths)
