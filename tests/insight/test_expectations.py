"""The picture of what was expected shows the same numbers that it was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gatework.data.music.piano_rolls import KEYS, roll_of
from gatework.insight.expectations import expectations_figure, plot_expectations

ROLL = roll_of([[60, 64, 67], [60], [], [72]])[0]
EXPECTED = np.random.default_rng(3).random((4, KEYS)) * 0.05


def test_played_and_expected_lie_above_each_other() -> None:
    expected = EXPECTED.copy()
    expected[2, 76 - 21] = 0.7
    played, beside, _ = expectations_figure(ROLL, expected, "a $ title").axes
    for axis, values in ((played, ROLL), (beside, expected)):
        image = axis.images[0]
        assert image.get_extent() == [0, 4, 57.5, 78.5]  # two keys below and above what sounds or is likely
        assert image.get_clim() == (0, 1)
        np.testing.assert_allclose(image.get_array(), values[:, 58 - 21 : 79 - 21].T)
    assert [label.get_text() for label in beside.get_yticklabels()] == ["C4", "C5"]


def test_silence_and_the_keyboard_s_ends_can_be_drawn(tmp_path: Path) -> None:
    silent = np.zeros((2, KEYS))
    assert len(expectations_figure(silent, silent).axes) == 3
    ends, _ = roll_of([[21], [108]])
    assert expectations_figure(ends, silent).axes[0].images[0].get_extent() == [0, 2, 20.5, 108.5]
    path = plot_expectations(ends, silent, tmp_path / "ends.png", title="ends")
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("expected", [EXPECTED[:3], EXPECTED + 1, EXPECTED * np.nan])
def test_what_is_no_probability_is_refused(expected: np.ndarray) -> None:
    with pytest.raises(ValueError, match="probabilities must be"):
        expectations_figure(ROLL, expected)
