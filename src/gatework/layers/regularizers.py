"""What is drawn for one run of a regularised cell: masks, disturbed weights, noise."""

from __future__ import annotations

import copy

import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.cells import Cell
from gatework.engine import Noise
from gatework.settings import Regularizers


def check(cell: Cell, regularizers: Regularizers) -> None:
    """See that the cell has what the regularizers act on.

    Raises:
        ValueError: zoneout names a state that the cell lacks, or the cell has no candidate to drop, or no
            recurrent product.
    """
    for name in regularizers.zoneout:
        if name not in ("all", *cell.states):
            raise ValueError(f"zoneout of {name!r}: the states of {type(cell).__name__} are {', '.join(cell.states)}")
    on_candidate = regularizers.recurrent_dropout_on == "candidate"
    if regularizers.recurrent_dropout and on_candidate and not _drops_candidate(cell):
        raise ValueError(f"{type(cell).__name__} has no candidate that recurrent dropout could act on")
    needs_product = regularizers.weight_dropout or (regularizers.recurrent_dropout and not on_candidate)
    if needs_product and all(gate.U is None for _, gate in cell.gates()):
        raise ValueError(f"{type(cell).__name__} has no recurrent weights that could be dropped")


def draw_noise(cell: Cell, regularizers: Regularizers, time: int, batch: int, training: bool) -> Noise | None:
    """Draw the masks of one run from torch's global generator; None where nothing disturbs it.

    Units are kept with their value divided by the share that is kept, so that evaluation needs no change; zoneout
    mixes old and new by its share in evaluation.
    """
    like = cell.initial_state(1)[0]

    def mask(width: int) -> Tensor:
        return F.dropout(like.new_ones(batch, width), regularizers.recurrent_dropout)

    recurrent, candidate = {}, None
    if training and regularizers.recurrent_dropout:
        if regularizers.recurrent_dropout_on == "candidate":
            candidate = mask(cell.candidate_size)
        else:
            recurrent = {width: mask(width) for width in sorted(_operand_widths(cell))}
    zoneout: list[Tensor | float | None] = []
    for name, size in zip(cell.states, cell.state_sizes, strict=True):
        share = regularizers.zoneout.get(name, regularizers.zoneout.get("all", 0.0))
        drawn = torch.rand(time, batch, size, device=like.device) < share if share and training else share
        zoneout.append(drawn if share else None)
    if not recurrent and candidate is None and not any(share is not None for share in zoneout):
        return None
    return Noise(recurrent, candidate, tuple(zoneout))


def disturbed_weights(cell: Cell, regularizers: Regularizers) -> dict[str, Tensor]:
    """The weights of the cell's gates as one training run sees them: parameter's name -> tensor with gradient.

    Of weights that gates share only one name is given.
    """
    dropout, noise = regularizers.weight_dropout, regularizers.weight_noise
    found: dict[str, Tensor] = {}
    seen: set[Tensor] = set()
    for name, gate in cell.gates() if dropout or noise else ():
        for letter in ("W", "U"):
            weight: Tensor | None = getattr(gate, letter)
            if weight is None or weight in seen:
                continue
            seen.add(weight)
            disturbed = F.dropout(weight, dropout) if letter == "U" else weight
            if noise:
                disturbed = disturbed + noise * torch.randn_like(weight)
            if disturbed is not weight:
                found[f"{name}.{letter}"] = disturbed
    return found


def _operand_widths(cell: Cell) -> set[int]:
    return {gate.state_size for _, gate in cell.gates() if gate.U is not None}


def _drops_candidate(cell: Cell) -> bool:
    seen: list[bool] = []
    tried = copy.deepcopy(cell).eval()  # a step in training may leave statistics behind
    tried.drop.register_forward_hook(lambda *_: seen.append(True))
    with torch.no_grad():
        tried(cell.initial_state(2)[0].new_zeros(2, cell.input_size))
    return bool(seen)
