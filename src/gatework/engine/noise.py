"""A run's noise as the kernel sees it: which leaves it adds to the step graph, and their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from gatework.engine.contract import Noise


@dataclass(frozen=True)
class NoiseForm:
    """What kinds of noise a run has. Kernels differ by it, not by the values.

    Attributes:
        recurrent: the widths of what is multiplied by recurrent masks.
        candidate: whether candidates are masked.
        zoneout: for each state whether its units are zoned out, by ``"masks"`` or in a ``"share"``.
    """

    recurrent: tuple[int, ...] = ()
    candidate: bool = False
    zoneout: tuple[Literal["masks", "share"] | None, ...] = ()

    @property
    def held(self) -> list[str | int]:
        """What the ``held`` leaves are, in order: recurrent masks by width, the candidate mask, shares."""
        shares = [f"share {k}" for k, kind in enumerate(self.zoneout) if kind == "share"]
        return [*self.recurrent, *(["candidate"] if self.candidate else []), *shares]

    @property
    def drawn(self) -> list[int]:
        """Whose masks the ``drawn`` leaves are, in order: numbers of states."""
        return [k for k, kind in enumerate(self.zoneout) if kind == "masks"]


def form_of(noise: Noise | None) -> NoiseForm:
    """The kinds of noise in a run."""
    if noise is None:
        return NoiseForm()
    kinds = [None if part is None else "masks" if isinstance(part, Tensor) else "share" for part in noise.zoneout]
    zoneout = tuple(kinds) if any(kinds) else ()
    return NoiseForm(tuple(sorted(noise.recurrent)), noise.candidate is not None, zoneout)  # type: ignore[arg-type]


def noise_leaves(
    noise: Noise | None, like: Tensor, sizes: tuple[int, ...]
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The values of the ``held`` and of the ``drawn`` leaves, in the order of the form.

    Args:
        noise: of the run.
        like: (batch, any), for batch and type.
        sizes: the width of each state.
    """
    if noise is None:
        return (), ()
    held = [noise.recurrent[width] for width in sorted(noise.recurrent)]
    held += [] if noise.candidate is None else [noise.candidate]
    drawn = []
    for part, size in zip(noise.zoneout, sizes, strict=False):
        if isinstance(part, Tensor):
            drawn.append(part)
        elif part is not None:
            held.append(like.new_full((len(like), size), part))
    ready = [tuple(part.to(like.dtype).contiguous() for part in parts) for parts in (held, drawn)]
    return ready[0], ready[1]
