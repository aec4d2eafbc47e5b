"""torch.nn's own kernels (oneDNN, cuDNN), for cells that equal them.

The kernels know neither lengths nor resets: the window is cut where those fall, see ``segments``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gatework.cells import Gate, TorchForm
from gatework.cells.exchange import to_torch
from gatework.engine.contract import Call, Result
from gatework.engine.loop import select
from gatework.engine.segments import pad_rows, replace_rows, segments
from gatework.engine.transforms import transforming

name = "native"


def refuses(call: Call) -> str | None:
    """Cells that torch.nn does not have, and states that its kernels do not show."""
    form = call.cell.torch_form()
    if form is None:
        return f"torch.nn has no kernel that equals {type(call.cell).__name__}"
    if not all(map(_plain, (*form.input_gates, *form.recurrent_gates))):
        return "torch.nn's kernels know only dense recurrences without layer norm"
    if call.noise is not None:
        return "torch.nn's kernels know neither zoneout nor recurrent dropout"
    if call.every_state and len(call.cell.states) > 1:
        return "torch.nn's kernels show only h at every step"
    if transforming():
        return "torch.nn's kernels know no vmap and no jvp: use engine='loop'"
    return None


def _plain(gate: Gate) -> bool:
    return gate.recurrence in ("dense", None) and not gate.layer_norm


def unprofitable(call: Call) -> str | None:
    """Single steps, and windows that are cut at nearly every step: each kernel call packs the weights anew."""
    pieces = len(segments(len(call.x), call.lengths, call.resets))
    if 2 * pieces > len(call.x):
        return f"it would pack its weights {pieces} times for {len(call.x)} steps"
    return None


def run(call: Call) -> Result:
    """Run the call, one kernel a segment."""
    form = call.cell.torch_form()
    assert form is not None
    weights = to_torch(call.cell)
    time, batch, _ = call.x.shape
    state = call.state
    pieces: list[Tensor] = []
    for segment in segments(time, call.lengths, call.resets):
        if segment.resets and call.resets is not None:
            state = select(call.resets[segment.start], call.initial, state)
        x = call.x[segment.start : segment.stop]
        rows = segment.rows
        running = state if rows is None else type(state)(*(part[rows.to(part.device)] for part in state))
        outputs, following = _kernel(form, x if rows is None else x[:, rows.to(x.device)], running, weights)
        pieces.append(pad_rows(outputs, rows, batch, dim=1))
        state = type(state)(*(replace_rows(old, rows, new) for old, new in zip(state, following, strict=True)))
    done = sum(map(len, pieces))
    if done < time:
        pieces.append(call.x.new_zeros(time - done, batch, call.cell.hidden_size))
    outputs = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
    return Result(outputs, state, type(state)(outputs) if call.every_state else None)


def _kernel(form: TorchForm, x: Tensor, state: Any, weights: list[Tensor]) -> tuple[Tensor, tuple[Tensor, ...]]:
    layers, dropout, bidirectional, batch_first = 1, 0.0, False, False
    options = (form.input_gates[0].b is not None, layers, dropout, torch.is_grad_enabled(), bidirectional, batch_first)
    first = [part[None].to(x.dtype) for part in state]
    if form.kernel == "lstm":
        outputs, *last = torch.lstm(x, first, weights, *options)
    else:
        outputs, *last = getattr(torch, form.kernel)(x, first[0], weights, *options)
    return outputs, tuple(part[0] for part in last)
