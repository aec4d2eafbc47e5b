"""Masks of time and bands: what is hidden, how much of it, and when nothing is."""

from __future__ import annotations

import pytest
import torch

from gatework.layers.spectrogram_masks import SpectrogramMasks

T, B, BANDS, GROUPS = 31, 7, 11, 3
LENGTHS = torch.tensor([31, 17, 5, 29, 31, 23, 1])


def inputs() -> torch.Tensor:
    x = torch.randn(T, B, GROUPS * BANDS, dtype=torch.float64)
    return x * (torch.arange(T)[:, None, None] < LENGTHS[:, None])


def means(x: torch.Tensor) -> torch.Tensor:
    return torch.stack([x[:length, row].mean(dim=0) for row, length in enumerate(LENGTHS.tolist())])


def test_spans_of_time_become_the_mean() -> None:
    masks = SpectrogramMasks(BANDS, time_masks=1, time_share=0.5, band_masks=0)
    x, hidden_steps = inputs(), []
    for _ in range(25):
        y = masks(x, LENGTHS)
        changed = y != x
        for row, length in enumerate(LENGTHS.tolist()):
            steps = changed[:, row].any(dim=1)
            assert not steps[length:].any()
            if length > 1:
                assert changed[:, row].all(dim=1).equal(steps)  # all features of a step, or none
            places = steps.nonzero().flatten()
            if len(places):
                assert len(places) == places[-1] - places[0] + 1 <= length / 2 + 1
            torch.testing.assert_close(y[:, row][steps], means(x)[row].expand(int(steps.sum()), -1))
            hidden_steps.append(len(places) / length)
    assert 0.19 < sum(hidden_steps) / len(hidden_steps) < 0.31  # half of the longest span on average
    assert {bool(share) for share in hidden_steps} == {True, False}


def test_bands_are_hidden_in_all_groups() -> None:
    masks = SpectrogramMasks(BANDS, time_masks=0, band_masks=1, band_share=0.6)
    x, widths = inputs(), []
    for _ in range(25):
        changed = masks(x, LENGTHS) != x
        for row, length in enumerate(LENGTHS.tolist()):
            if length == 1:
                continue  # its mean is itself
            bands = changed[:length, row].all(dim=0).view(GROUPS, BANDS)
            assert bands.equal(changed[:length, row].any(dim=0).view(GROUPS, BANDS))
            assert (bands == bands[0]).all()
            places = bands[0].nonzero().flatten()
            if len(places):
                assert len(places) == places[-1] - places[0] + 1 <= 0.6 * BANDS + 1
            widths.append(len(places))
    assert 0.25 * BANDS < sum(widths) / len(widths) < 0.35 * BANDS
    assert len({tuple(masks(x, LENGTHS).flatten().tolist()) for _ in range(3)}) == 3  # drawn anew


def test_nothing_is_hidden_in_evaluation_or_without_masks() -> None:
    x = inputs()
    assert SpectrogramMasks(BANDS).eval()(x, LENGTHS) is x
    assert SpectrogramMasks(BANDS, time_masks=0, band_masks=0)(x, LENGTHS) is x
    assert not torch.equal(SpectrogramMasks(BANDS, time_share=0.9, band_share=0.9)(x, LENGTHS), x)


def test_padding_changes_nothing() -> None:
    masks, x = SpectrogramMasks(BANDS, time_share=0.5), inputs()
    wild = torch.where(torch.arange(T)[:, None, None] < LENGTHS[:, None], x, 99.0)
    torch.manual_seed(3)
    expected = masks(x, LENGTHS)
    torch.manual_seed(3)
    found = masks(wild, LENGTHS)
    real = (torch.arange(T)[:, None] < LENGTHS).nonzero(as_tuple=True)
    torch.testing.assert_close(found[real], expected[real])


@pytest.mark.parametrize(
    "options", [{"time_masks": -1}, {"band_masks": -1}, {"time_share": 1.1}, {"band_share": -0.1}, {"bands": 0}]
)
def test_impossible_masks(options: dict) -> None:
    with pytest.raises(ValueError, match="must"):
        SpectrogramMasks(**{"bands": BANDS, **options})
