"""A spool gives back what it was given, from memory or from its file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.corpora import spool
from gatework.data.corpora.spool import Spool
from gatework.errors import StorageError

NUMBERS = st.lists(st.one_of(st.integers(0, 300), st.integers(0, 70_000), st.integers(0, 2**40)), max_size=11)


@given(st.lists(NUMBERS, max_size=7), st.integers(0, 90), st.integers(0, 60))
def test_numbers_come_back(tmp_path_factory, parts: list[list[int]], limit: int, wanted: int) -> None:
    whole = [number for part in parts for number in part]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "READ", 24)
        numbers = Spool(tmp_path_factory.getbasetemp() / "spool", limit)
        for part in parts:
            numbers.append(np.array(part, np.int64))
        for _ in range(2):
            assert [number for piece in numbers.read() for number in piece.tolist()] == whole
        assert [number for piece in numbers.read(wanted) for number in piece.tolist()] == whole[:wanted]
        assert len(numbers) == len(whole)
        assert numbers.on_disk or 8 * limit >= len(whole)
        numbers.close()


def test_no_room_is_an_error_only_when_memory_is_full(tmp_path) -> None:
    (tmp_path / "file").touch()
    numbers = Spool(tmp_path / "file" / "below", 5)
    numbers.append(np.arange(5))
    assert not numbers.on_disk
    with pytest.raises(StorageError, match="XDG_CACHE_HOME"):
        numbers.append(np.arange(1))
