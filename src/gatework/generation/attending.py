"""Models with an attention decoder, searched by a beam."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gatework.generation.beam import Step
from gatework.models.attention_decoder import AttentionDecoder, DecoderState


class AttendingWriter:
    """An attention decoder for ``beam_search``.

    Args:
        decoder: in evaluation mode.
        never: symbols that are not to be written, such as the start.
    """

    def __init__(self, decoder: AttentionDecoder, never: Sequence[int] = ()) -> None:
        self.decoder = decoder
        self.never = list(never)

    def step(self, tokens: Tensor, state: DecoderState) -> Step:
        """Read one symbol a row."""
        found = self.decoder.step(tokens, state)
        logits = found.logits.float() if found.logits.dtype in (torch.float16, torch.bfloat16) else found.logits
        logits[:, self.never] = -torch.inf
        return Step(torch.log_softmax(logits, dim=-1), found.state, found.attention)

    def select(self, state: DecoderState, rows: Tensor) -> DecoderState:
        """The state of other rows."""
        return state.select(rows)
