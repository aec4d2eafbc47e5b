"""Conditional random fields over chains: tags that are chosen together, not one by one."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from gatework.engine.contract import check_tensor
from gatework.layers.layer import check_count
from gatework.layers.padding import real_steps

FORBIDDEN = -1e4
"""Score of what is forbidden: its probability is 0 in every float type, and its derivatives are no NaN."""


class LinearChainCRF(nn.Module):
    r"""Exact linear-chain conditional random field (Lafferty et al. 2001) over a network's scores (Lample et al. 2016).

    For emissions P (a score for each step and tag) and tags y_1 .. y_n:

        s(y) = b_{y_1} + sum_i P_{i, y_i} + sum_i A_{y_{i-1}, y_i} + e_{y_n}
        p(y) = exp(s(y)) / Z,   Z = sum over all sequences z of exp(s(z))

    A are the learned scores of transitions, b of beginnings and e of ends; all are 0 at first, when the tags are
    independent of each other.

    Args:
        tags: how many there are.
        forbidden: pairs (from, to) that never stand beside each other; (None, tag) for one that never begins a
            sequence and (tag, None) for one that never ends it. Some sequence of each length must be left.

    Shapes:
        emissions (time, batch, tags); tags (time, batch) int64, anything in the padding; lengths (batch,).
        Parameters: tags * (tags + 2)

    Raises:
        ValueError: there are no tags, or a forbidden pair names one that there is not.
        TypeError: the number of tags is no integer.
    References: doi:10.5555/645530.655813; arXiv:1603.01360
    """

    no_begin: Tensor
    no_end: Tensor
    no_transition: Tensor

    def __init__(self, tags: int, *, forbidden: Iterable[tuple[int | None, int | None]] = ()) -> None:
        super().__init__()
        check_count("tags", tags)
        self.tags = tags
        self.b = nn.Parameter(torch.zeros(tags))
        self.e = nn.Parameter(torch.zeros(tags))
        self.A = nn.Parameter(torch.zeros(tags, tags))
        barred = torch.zeros(tags + 1, tags + 1, dtype=torch.bool)
        for pair in forbidden:
            if pair == (None, None) or any(tag is not None and not 0 <= tag < tags for tag in pair):
                raise ValueError(
                    f"forbidden must be pairs of tags from 0 to {tags - 1}, one of them or none, not {pair}"
                )
            barred[tuple(tags if tag is None else tag for tag in pair)] = True
        self.register_buffer("no_begin", barred[tags, :tags].clone(), persistent=False)
        self.register_buffer("no_end", barred[:tags, tags].clone(), persistent=False)
        self.register_buffer("no_transition", barred[:tags, :tags].clone(), persistent=False)

    def log_likelihood(self, emissions: Tensor, tags: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Give log p(y) of each row, in nats (batch,); 0 for rows of length 0. Its negative mean is the loss.

        Raises:
            TypeError, ValueError: an argument has another type, shape or range, or the tags are forbidden.
        """
        real, emissions = self._given(emissions, lengths)
        check_tensor("tags", tags)
        if tags.shape != real.shape:
            raise ValueError(f"tags must be {tuple(real.shape)}, not {tuple(tags.shape)}")
        tags = torch.where(real, tags, 0)
        if bool(((tags < 0) | (tags >= self.tags)).any()):
            raise ValueError(f"tags must lie between 0 and {self.tags - 1}")
        if bool(self._breaks(tags, real).any()):
            raise ValueError("tags stand beside each other that are forbidden to")
        alphas = self._forward(emissions, real)
        total = torch.logsumexp(alphas[-1] + self._scores()[1], dim=-1)
        return torch.where(real[0], self._score(emissions, tags, real) - total, 0)

    @torch.no_grad()
    def decode(self, emissions: Tensor, lengths: Tensor | None = None) -> tuple[list[Tensor], Tensor]:
        """Find the likeliest tags of each row (Viterbi 1967).

        Returns:
            For each row its tags (length,) int64; and s(y) of them (batch,), 0 for rows of length 0.

        Raises:
            TypeError, ValueError: an argument has another type, shape or range, or all sequences are forbidden.
        """
        real, emissions = self._given(emissions, lengths)
        begin, end, transitions = self._scores()
        alpha, stay = begin + emissions[0], torch.arange(self.tags, device=emissions.device)
        pointers = []
        for emission, alive in zip(emissions[1:], real[1:, :, None], strict=True):
            best = (alpha[:, :, None] + transitions).max(dim=1)
            alpha = torch.where(alive, best.values + emission, alpha)
            pointers.append(torch.where(alive, best.indices, stay))
        scores, tag = (alpha + end).max(dim=-1)
        path = [tag]
        for pointer in reversed(pointers):
            path.append(pointer.gather(1, path[-1][:, None])[:, 0])
        tags = torch.stack(path[::-1])
        if bool(self._breaks(tags, real).any()):
            raise ValueError("the forbidden pairs leave no sequence of these lengths")
        rows = [row[:length] for row, length in zip(tags.T, real.sum(dim=0).tolist(), strict=True)]
        return rows, torch.where(real[0], scores, 0)

    def marginals(self, emissions: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Give the probability of each tag at each step (time, batch, tags), by forward-backward; 0 in the padding.

        Raises:
            TypeError, ValueError: an argument has another type, shape or range.
        """
        real, emissions = self._given(emissions, lengths)
        _, end, transitions = self._scores()
        beta = end.expand(real.shape[1], -1)
        betas = [beta]
        for emission, alive in zip(reversed(emissions[1:]), reversed(real[1:, :, None]), strict=True):
            onward = torch.logsumexp(transitions + (emission + beta)[:, None, :], dim=-1)
            beta = torch.where(alive, onward, end)
            betas.append(beta)
        both = self._forward(emissions, real) + torch.stack(betas[::-1])
        return torch.softmax(both, dim=-1) * real[:, :, None]

    def _given(self, emissions: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        real = real_steps("emissions", emissions, self.tags, lengths)
        if not len(real):
            raise ValueError("emissions must have at least one step")
        return real, torch.where(real[:, :, None], emissions, 0)

    def _scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """The letters b, e and A, with what is forbidden."""
        pairs = ((self.b, self.no_begin), (self.e, self.no_end), (self.A, self.no_transition))
        begin, end, transitions = (scores.masked_fill(barred, FORBIDDEN) for scores, barred in pairs)
        return begin, end, transitions

    def _forward(self, emissions: Tensor, real: Tensor) -> Tensor:
        """Logarithms of the sums over all beginnings up to each tag (time, batch, tags); constant in the padding."""
        begin, _, transitions = self._scores()
        alpha = begin + emissions[0]
        alphas = [alpha]
        for emission, alive in zip(emissions[1:], real[1:, :, None], strict=True):
            alpha = torch.where(alive, torch.logsumexp(alpha[:, :, None] + transitions, dim=1) + emission, alpha)
            alphas.append(alpha)
        return torch.stack(alphas)

    def _score(self, emissions: Tensor, tags: Tensor, real: Tensor) -> Tensor:
        """The letter s (batch,)."""
        emitted = torch.where(real, emissions.gather(2, tags[:, :, None])[:, :, 0], 0).sum(dim=0)
        moved = torch.where(real[1:], self.A[tags[:-1], tags[1:]], 0).sum(dim=0)
        return self.b[tags[0]] + emitted + moved + self.e[_last(tags, real)]

    def _breaks(self, tags: Tensor, real: Tensor) -> Tensor:
        """Which rows (batch,) have what is forbidden."""
        inside = (self.no_transition[tags[:-1], tags[1:]] & real[1:]).any(dim=0)
        return (inside | self.no_begin[tags[0]] | self.no_end[_last(tags, real)]) & real[0]

    def extra_repr(self) -> str:
        """Options, for printing."""
        return f"{self.tags}"


def _last(tags: Tensor, real: Tensor) -> Tensor:
    """The tags at each row's last real step (batch,)."""
    return tags.gather(0, (real.sum(dim=0) - 1).clamp(min=0)[None])[0]
