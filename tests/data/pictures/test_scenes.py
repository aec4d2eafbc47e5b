"""Scenes: captions are checked against the pixels, by somebody who looks at the image and reads English."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from scipy import ndimage

from gatework.data.pictures.arrangements import ARRANGEMENTS
from gatework.data.pictures.scenes import COLOURS, SHAPES, HeldOut, Scene, Thing, hold_out, make_scenes

THING = re.compile(r"a (small|large) (\w+) (circle|square|triangle|cross)")


def seen(image: np.ndarray) -> list[tuple[str, str, float, float]]:
    """What is on an image: the colour, size, row and column of each blob, in order of reading it from the top left."""
    size = image.shape[1]
    ground = np.median(image.reshape(3, -1), axis=1)[:, None, None]
    labels, number = ndimage.label(np.abs(image - ground).max(axis=0) > 0.3)
    found = []
    for blob in range(1, number + 1):
        inside = labels == blob
        mean = image[:, inside].mean(axis=1)
        colour = min(COLOURS, key=lambda name: np.abs(mean - 0.925 * np.array(COLOURS[name])).sum())
        rows, columns = np.nonzero(inside)
        large = max(np.ptp(rows), np.ptp(columns)) + 1 > 0.203 * size
        place = (rows.max() + rows.min()) / 2, (columns.max() + columns.min()) / 2
        found.append((colour, "large" if large else "small", *place))
    return found


def agrees(caption: str, blobs: list[tuple[str, str, float, float]], size: int) -> bool:
    """Whether a caption is true of blobs: the things named, assigned in some order, are where it says."""
    named = [match[:2][::-1] for match in THING.findall(caption)]
    rest = THING.sub("#", caption)
    third, near = size / 3, size / 6

    def holds(places: tuple[tuple[float, float], ...]) -> bool:
        (y, x), *others = places
        relation = {
            "above": all(y < v - near for v, _ in others),
            "below": all(y > v + near for v, _ in others),
            "left of": all(x < u - near for _, u in others),
            "right of": all(x > u + near for _, u in others),
        }
        if match := re.fullmatch("# (above|below|left of|right of) #( and #)?", rest):
            aligned = [abs(x - u) < near if match[1] in ("above", "below") else abs(y - v) < near for v, u in others]
            return relation[match[1]] and (len(others) == 2 or all(aligned))
        if rest.endswith("from left to right"):
            return x + near < others[0][1] and others[0][1] + near < others[1][1]
        if rest.endswith("from top to bottom"):
            return y + near < others[0][0] and others[0][0] + near < others[1][0]
        row, column = int(y // third), int(x // third)
        vertical, horizontal = ("top", "", "bottom")[row], ("left", "", "right")[column]
        words = {word for word in ("top", "bottom", "left", "right", "middle") if word in rest}
        return words == ({vertical, horizontal} - {""} or {"middle"})

    def ordered(pair: tuple[tuple[float, float], ...]) -> bool:
        return len(pair) != 3 or "and #" not in rest or "from" in rest or pair[1] < pair[2] or pair[1][1] < pair[2][1]

    return len(named) == len(blobs) and any(
        named == [blob[:2] for blob in order] and holds(tuple(blob[2:] for blob in order))
        for order in itertools.permutations(blobs)
        if ordered(tuple(blob[2:] for blob in order))
    )


@pytest.mark.parametrize("size", [32, 47])
def test_captions_are_true(size: int) -> None:
    images, scenes, captions = make_scenes(300, seed=5, size=size)
    assert images.shape == (300, 3, size, size)
    assert images.dtype == np.float32
    assert 0 <= images.min() <= images.max() <= 1
    wrong = 0
    for place, (image, caption) in enumerate(zip(images, captions, strict=True)):
        assert agrees(caption, seen(image), size), caption
        wrong += agrees(captions[place - 1], seen(image), size)
    assert wrong < 5  # the check can tell captions apart
    assert {len(scene.things) for scene in scenes} == {1, 2, 3}


def test_shapes_differ_in_their_pixels() -> None:
    """A circle fills pi/4 of the square around it, a triangle a half, a cross five ninths, a square all."""
    filled: dict[str, list[float]] = {shape: [] for shape in SHAPES}
    images, scenes, _ = make_scenes(40, seed=3, size=300, counts=(1, 1))
    for image, scene in zip(images, scenes, strict=True):
        shown = np.abs(image - np.median(image.reshape(3, -1), axis=1)[:, None, None]).max(axis=0) > 0.3
        rows, columns = np.nonzero(shown)
        box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        filled[scene.things[0].shape].append(shown.sum() / box)
    for shape, share in {"circle": np.pi / 4, "square": 1, "triangle": 0.5, "cross": 5 / 9}.items():
        np.testing.assert_allclose(filled[shape], share, atol=0.05)


def test_the_larger_of_two_is_named_first() -> None:
    small, large, other = (
        Thing("small", "red", "cross"),
        Thing("large", "blue", "square"),
        Thing("large", "red", "cross"),
    )
    above, beside = ARRANGEMENTS[2][:2]
    assert Scene((small, large), above).caption == "a large blue square below a small red cross"
    assert Scene((large, small), above).caption == "a large blue square above a small red cross"
    assert Scene((other, large), beside).caption == "a large red cross left of a large blue square"
    assert Scene((small, large), beside).caption == "a large blue square right of a small red cross"


def test_no_two_arrangements_share_their_cells() -> None:
    for number, arrangements in ARRANGEMENTS.items():
        cells = [frozenset(arrangement.cells) for arrangement in arrangements]
        assert len(set(cells)) == len(cells)
        assert {len(these) for these in cells} == {number}
    assert [len(arrangements) for arrangements in ARRANGEMENTS.values()] == [9, 18, 18]
    assert len({arrangement.words for arrangement in ARRANGEMENTS[1]}) == 9


def test_held_out_combinations_are_not_seen_in_training() -> None:
    held_out = hold_out(7, pairs=5, couples=30)
    assert (len(held_out.pairs), len(held_out.couples)) == (5, 30)
    train = make_scenes(600, seed=1, held_out=held_out)
    test = make_scenes(60, seed=2, held_out=held_out, unseen=True)

    def combinations(captions: list[str]) -> tuple[set, set]:
        kinds = [[(colour, shape) for _, colour, shape in THING.findall(caption)] for caption in captions]
        couples = {frozenset(two) for these in kinds for two in itertools.combinations(these, 2)}
        return {kind for these in kinds for kind in these}, couples

    pairs, couples = combinations(train.captions)
    assert not pairs & held_out.pairs
    assert not couples & held_out.couples
    assert {colour for colour, _ in pairs} == set(COLOURS)
    assert {shape for _, shape in pairs} == set(SHAPES)
    for caption in test.captions:
        pairs, couples = combinations([caption])
        assert pairs & held_out.pairs or couples & held_out.couples
    assert {len(couple) for couple in held_out.couples} == {2}
    assert not any(kind in held_out.pairs for couple in held_out.couples for kind in couple)


def test_the_seed_decides() -> None:
    first, again, other = (make_scenes(7, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.images, again.images)
    assert first.scenes == again.scenes
    assert first.captions != other.captions
    assert hold_out(3) == hold_out(3) != hold_out(4)
    assert len(make_scenes(0, seed=1).images) == 0


def test_what_cannot_be_drawn_is_said() -> None:
    for options in ({"number": -1}, {"size": 23}, {"counts": (0, 1)}, {"counts": (2, 4)}, {"counts": (2, 1)}):
        with pytest.raises(ValueError, match="out of range"):
            make_scenes(**{"number": 1, "seed": 1, **options})
    for options in ({"pairs": 7}, {"pairs": -1}, {"couples": 200}, {"couples": -1}):
        with pytest.raises(ValueError, match="must be 0 to"):
            hold_out(1, **options)
    with pytest.raises(ValueError, match="shows a held-out"):
        make_scenes(1, seed=1, unseen=True)
    everything = HeldOut(frozenset(itertools.product(COLOURS, SHAPES)))
    with pytest.raises(ValueError, match="shows no held-out"):
        make_scenes(1, seed=1, held_out=everything)


def test_what_is_to_be_without_is_never_shown() -> None:
    held_out, without = hold_out(7, couples=0), hold_out(8, couples=0)
    without = HeldOut(without.pairs - held_out.pairs)
    assert without.pairs
    scenes = make_scenes(80, seed=2, held_out=held_out, unseen=True, without=without).scenes
    for scene in scenes:
        kinds = {thing.kind for thing in scene.things}
        assert kinds & held_out.pairs
        assert not kinds & without.pairs
