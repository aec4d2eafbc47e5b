"""Kernels of all cells, built lightly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gatework.engine import build, compiled


@pytest.fixture(scope="module", autouse=True)
def lightly_built() -> Iterator[None]:
    """Kernels with little optimisation, built in a third of the time: tests/engine has those that users get."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "FLAGS", ("-O1", *build.FLAGS[1:]))
        patch.setattr(compiled, "_programs", {})
        yield
