"""Where documents end does not depend on the pieces in which their tokens come."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.corpora.separator import SeparatorFinder


@given(st.text("ab", max_size=43), st.text("ab", min_size=1, max_size=4), st.lists(st.integers(1, 5), max_size=29))
def test_separators_are_found_as_a_text_search_finds_them(text: str, separator: str, cuts: list[int]) -> None:
    ids = np.frombuffer(text.encode(), np.uint8)
    finder = SeparatorFinder(np.frombuffer(separator.encode(), np.uint8))
    found: list[int] = []
    read = 0
    for piece in np.split(ids, [cut for cut in np.cumsum(cuts) if cut < len(ids)]):
        if len(piece):
            found += [read + int(position) for position in finder.feed(piece)]
            read += len(piece)
    assert found == [match.end() - 1 for match in re.finditer(re.escape(separator), text)]
    assert finder.ended == bool(found and found[-1] == len(text) - 1)
