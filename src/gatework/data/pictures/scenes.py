"""Drawn scenes of coloured shapes, each with the one caption that describes it; combinations can be held out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gatework.data.pictures.arrangements import ARRANGEMENTS, GRID, Arrangement

COLOURS = {
    "red": (0.90, 0.15, 0.15), "green": (0.15, 0.75, 0.25), "blue": (0.20, 0.35, 0.95),
    "yellow": (0.95, 0.85, 0.20), "purple": (0.65, 0.25, 0.80), "white": (0.95, 0.95, 0.95),
}  # fmt: skip
SHAPES = ("circle", "square", "triangle", "cross")
SIZES = {"small": 0.26, "large": 0.41}  # from the middle to the rim, in cells of the grid
JITTER = 0.04  # how far from the middle of its cell a thing may be, in cells
SMALLEST_IMAGE = 8 * GRID  # pixels; below, small shapes look alike

Kind = tuple[str, str]  # colour, shape

_ATTEMPTS = 5_000  # scenes drawn in vain, one after the other, before a request counts as impossible


class Thing(NamedTuple):
    """A shape of a size and a colour."""

    size: str
    colour: str
    shape: str

    @property
    def kind(self) -> Kind:
        """What can be held out of it."""
        return self.colour, self.shape


@dataclass(frozen=True)
class Scene:
    """One to three things and where they are."""

    things: tuple[Thing, ...]
    arrangement: Arrangement

    @property
    def caption(self) -> str:
        """The description; of two things the larger comes first, of equally large ones the upper or left."""
        first, *others = (list(SIZES).index(thing.size) for thing in self.things)
        words = self.arrangement.from_second if len(others) == 1 and others[0] > first else self.arrangement.words
        return words.format(*(f"a {' '.join(thing)}" for thing in self.things))


@dataclass(frozen=True)
class HeldOut:
    """Combinations that training does not show.

    Attributes:
        pairs: colours with shapes.
        couples: two kinds of things in one scene; each kind a colour with a shape.
    """

    pairs: frozenset[Kind] = frozenset()
    couples: frozenset[frozenset[Kind]] = frozenset()

    def concerns(self, scene: Scene) -> bool:
        """Whether a scene shows one of them."""
        kinds = [thing.kind for thing in scene.things]
        two = map(frozenset, itertools.combinations(kinds, 2))
        return not self.pairs.isdisjoint(kinds) or not self.couples.isdisjoint(two)


class Scenes(NamedTuple):
    """Images (n, 3, size, size) float32 between 0 and 1, what is on them, and their captions."""

    images: np.ndarray
    scenes: list[Scene]
    captions: list[str]


def hold_out(seed: int, *, pairs: int = 4, couples: int = 20) -> HeldOut:
    """Draw combinations to hold out; each colour and each shape is still seen in others.

    Args:
        seed: of the draw.
        pairs: colours with shapes, one of each colour at most.
        couples: two kinds of things, neither of them a held-out pair.

    Raises:
        ValueError: there are not so many.
    """
    generator = np.random.default_rng(seed)
    if not 0 <= pairs <= len(COLOURS):
        raise ValueError(f"pairs must be 0 to {len(COLOURS)}, one of each colour at most, not {pairs}")
    colours, shapes = generator.permutation(list(COLOURS)), generator.permutation(SHAPES)
    held = frozenset((str(colours[n]), str(shapes[n % len(shapes)])) for n in range(pairs))
    shown = [kind for kind in itertools.product(COLOURS, SHAPES) if kind not in held]
    possible = list(itertools.combinations(shown, 2))
    if not 0 <= couples <= len(possible) // 2:
        raise ValueError(f"couples must be 0 to {len(possible) // 2}, half of those there are, not {couples}")
    chosen = generator.permutation(len(possible))[:couples]
    return HeldOut(held, frozenset(frozenset(possible[n]) for n in chosen))


def make_scenes(
    number: int,
    *,
    seed: int,
    size: int = 32,
    counts: tuple[int, int] = (1, 3),
    held_out: HeldOut | None = None,
    unseen: bool = False,
    without: HeldOut | None = None,
) -> Scenes:
    """Draw scenes with captions such as "a large red circle above a small blue square".

    How many things, how they are arranged, and what they are is drawn evenly; the same seed gives the same scenes.

    Args:
        number: of scenes.
        seed: of the draw.
        size: height and width, pixels.
        counts: the fewest and the most things of a scene.
        held_out: combinations.
        unseen: False: no scene shows a held-out combination; True: each shows at least one.
        without: further combinations, of which no scene shows one.

    Raises:
        ValueError: an argument is out of range, or no scene can be as asked.
    """
    if number < 0 or not 1 <= counts[0] <= counts[1] <= len(ARRANGEMENTS) or size < SMALLEST_IMAGE:
        raise ValueError(f"out of range: {number=}, {counts=} (1 to 3), {size=} (from {SMALLEST_IMAGE} on)")
    generator = np.random.default_rng(seed)
    never = without or HeldOut()
    scenes = [_wanted(generator, counts, held_out or HeldOut(), unseen, never) for _ in range(number)]
    images = np.empty((number, 3, size, size), np.float32)
    for image, scene in zip(images, scenes, strict=True):
        image[:] = _drawn(scene, size, generator)
    return Scenes(images, scenes, [scene.caption for scene in scenes])


def _wanted(
    generator: np.random.Generator, counts: tuple[int, int], held_out: HeldOut, unseen: bool, never: HeldOut
) -> Scene:
    for _ in range(_ATTEMPTS):
        possible = ARRANGEMENTS[int(generator.integers(counts[0], counts[1] + 1))]
        arrangement = possible[generator.integers(len(possible))]
        scene = Scene(tuple(_thing(generator) for _ in arrangement.cells), arrangement)
        if held_out.concerns(scene) == unseen and not never.concerns(scene):
            return scene
    raise ValueError(
        f"no scene of {counts[0]} to {counts[1]} things shows {'a' if unseen else 'no'} held-out combination"
    )


def _thing(generator: np.random.Generator) -> Thing:
    size, colour, shape = (words[generator.integers(len(words))] for words in (list(SIZES), list(COLOURS), SHAPES))
    return Thing(size, colour, shape)


def _drawn(scene: Scene, size: int, generator: np.random.Generator) -> np.ndarray:
    """The image (3, size, size) of a scene, on a dark ground with a little noise."""
    image = np.full((3, size, size), generator.uniform(0, 0.25))
    y, x = (np.indices((size, size)) + 0.5) * GRID / size  # in cells
    for thing, (row, column) in zip(scene.things, scene.arrangement.cells, strict=True):
        down, right = generator.uniform(-JITTER, JITTER, 2) + 0.5
        mask = _mask(thing.shape, x - column - right, y - row - down, SIZES[thing.size])
        light = generator.uniform(0.85, 1)
        image[:, mask] = light * np.array(COLOURS[thing.colour])[:, None]
    return np.clip(image + 0.02 * generator.standard_normal(image.shape), 0, 1).astype(np.float32)


def _mask(shape: str, x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """The pixels of a shape around (0, 0); y grows downwards."""
    across, along = np.abs(x), np.abs(y)
    if shape == "circle":
        return x**2 + y**2 <= radius**2
    if shape == "square":
        return np.maximum(across, along) <= 0.88 * radius
    if shape == "triangle":
        return (along <= radius) & (across <= 0.55 * (y + radius))
    return (np.minimum(across, along) <= radius / 3) & (np.maximum(across, along) <= radius)
