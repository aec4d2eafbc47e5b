"""Pictures with captions as examples: drawn or read, divided so that nothing leaks, encoded and back."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatework.data.pictures.captions import CaptionCodec, load_captions
from gatework.data.pictures.described import held_out_parts
from gatework.data.pictures.scenes import COLOURS, SHAPES
from gatework.data.scaling import Scaling
from gatework.data.text.symbols import END, START, Symbols
from gatework.errors import DamagedFileError, InputError
from gatework.settings.tasks.caption import CaptionData

DRAW = np.random.default_rng(11)


def kinds(text: str) -> list[tuple[str, str]]:
    """The (colour, shape)s of a caption."""
    words = text.replace(",", "").split()
    return [(words[place], words[place + 1]) for place in range(len(words) - 1) if words[place] in COLOURS]


def combinations(part, codec: CaptionCodec) -> tuple[set, set]:
    shown = [kinds(codec.text(caption)) for example in part for caption in example.captions]
    couples = {frozenset(two) for these in shown for two in itertools.combinations(these, 2)}
    return {kind for these in shown for kind in these}, couples


@pytest.mark.parametrize("seed", [0, 3])
def test_validation_and_test_show_what_training_does_not_and_not_the_same(seed: int) -> None:
    data = load_captions(CaptionData(scenes=400, split_seed=seed, size=24))
    assert [len(data.train), len(data.validation), len(data.test)] == [320, 40, 40]
    held = held_out_parts(seed)
    assert [len(part.pairs) for part in held] == [2, 4]
    assert [len(part.couples) for part in held] == [10, 20]
    assert not held[0].pairs & held[1].pairs
    assert not held[0].couples & held[1].couples
    shown = [combinations(part, data.codec) for part in (data.train, data.validation, data.test)]
    assert len(shown[0][0]) == len(COLOURS) * len(SHAPES) - 6
    for own, other in itertools.permutations(range(2)):
        for example in (data.validation, data.test)[own]:
            pairs, couples = combinations([example], data.codec)
            assert pairs & held[own].pairs or couples & held[own].couples
            assert not pairs & held[other].pairs
            assert not couples & held[other].couples
    for part in held:
        assert not shown[0][0] & part.pairs
        assert not shown[0][1] & part.couples


def test_scenes_are_the_same_again_and_others_for_another_seed() -> None:
    first, again, other = (load_captions(CaptionData(scenes=40, split_seed=seed, size=24)) for seed in (0, 0, 1))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    example = first.train[0]
    assert example.seen.shape == (3, 24, 24)
    assert example.seen.dtype == np.uint8
    text = first.codec.text(example.captions[0])
    assert example.things == len(kinds(text))
    assert example.captions[0][-1] == first.codec.end


def folder_of(place: Path, rows: list[tuple[str, str]], size: int = 9) -> Path:
    """A folder of pictures with a table."""
    place.mkdir()
    for name in {name for name, _ in rows}:
        Image.fromarray(DRAW.integers(0, 256, (size, size, 3), np.uint8)).save(place / name)
    lines = [f'{name},"{text}"' for name, text in rows]
    (place / "captions.csv").write_text("\n".join(["image,caption", *lines]) + "\n", encoding="utf-8")
    return place


ROWS = [(f"{number}.png", f"{words}, number {number}") for number in range(7) for words in ("Ein Bild", "Noch eins")]


def test_captions_of_one_picture_stay_together(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mine", ROWS)
    data = load_captions(CaptionData(sources=[str(folder)], size=9, validation=0.3, test=0.15))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [4, 2, 1]
    assert data.notes == ()
    names = [example.name for part in (data.train, data.validation, data.test) for example in part]
    assert sorted(names) == [str(folder / f"{number}.png") for number in range(7)]
    for example in data.train:
        number = Path(example.name).stem
        assert [data.codec.text(one) for one in example.captions] == [
            f"ein bild, number {number}",
            f"noch eins, number {number}",
        ]
        np.testing.assert_array_equal(example.seen.transpose(1, 2, 0), np.asarray(Image.open(example.name)))
    held = data.test[0].captions[0]
    assert held[-2] == 0  # its number is in no training caption


def test_other_sizes_are_noted_and_parts_may_have_tables_of_their_own(tmp_path: Path) -> None:
    mine, theirs = folder_of(tmp_path / "mine", ROWS), folder_of(tmp_path / "theirs", ROWS[:4], size=13)
    config = CaptionData(
        sources=[str(mine)],
        validation_data=[str(theirs)],
        test_data=[str(theirs / "captions.csv")],
        size=9,
        max_length=99,
    )
    data = load_captions(config)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [7, 2, 2]
    assert data.notes == ("4 of 11 pictures were brought to 9 x 9 pixels",)
    longest = 1 + max(len(data.codec.symbols.split(text)) for _, text in ROWS)
    assert len(load_captions(config.model_copy(update={"max_length": longest})).train) == 7
    with pytest.raises(InputError, match="no training example"):
        load_captions(config.model_copy(update={"max_length": longest - 1}))


def test_lines_of_features(tmp_path: Path) -> None:
    vectors = DRAW.standard_normal((6, 5, 3))
    lines = [{"features": vectors[n, : 2 + n % 3].tolist(), "caption": ["one", f"two {n}"]} for n in range(6)]
    (tmp_path / "f.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    data = load_captions(CaptionData(sources=[str(tmp_path / "f.jsonl")], validation=0, test=0))
    stacked = np.concatenate([np.asarray(line["features"]) for line in lines])
    for number, example in enumerate(data.train):
        expected = (np.asarray(lines[number]["features"]) - stacked.mean(axis=0)) / stacked.std(axis=0)
        np.testing.assert_allclose(example.seen, expected, rtol=1e-5, atol=1e-6)
        assert len(example.captions) == 2
    again = CaptionCodec.from_json(json.loads(json.dumps(data.codec.to_json())))
    assert again == data.codec
    with pytest.raises(InputError, match="is a picture, but the model knows vectors of 3 features"):
        again.see(np.zeros((3, 8, 8), np.uint8), "a.png")
    with pytest.raises(InputError, match=r"\(4, 2\)"):
        again.see(np.zeros((4, 2), np.float32), "a.npy")
    for change, cause in [({"caption": ""}, "line 1 has nothing"), ({"caption": ["a", 3]}, "line 1 has nothing")]:
        (tmp_path / "bad.jsonl").write_text(json.dumps({**lines[0], **change}), encoding="utf-8")
        with pytest.raises(InputError, match=cause):
            load_captions(CaptionData(sources=[str(tmp_path / "bad.jsonl")]))
    (tmp_path / "bad.jsonl").write_text(json.dumps({"features": [[1]], "said": "a"}), encoding="utf-8")
    with pytest.raises(InputError, match="no column 'caption'"):
        load_captions(CaptionData(sources=[str(tmp_path / "bad.jsonl")]))


def test_features_of_files_must_be_alike(tmp_path: Path) -> None:
    for name, shape in [("a", (2, 3)), ("b", (4, 3)), ("c", (4, 5))]:
        np.save(tmp_path / f"{name}.npy", DRAW.standard_normal(shape))
    table = tmp_path / "t.csv"
    table.write_text("file,caption\na.npy,x\nb.npy,y\n", encoding="utf-8")
    config = CaptionData(sources=[str(table)], validation=0, test=0)
    assert [one.seen.shape for one in load_captions(config).train] == [(2, 3), (4, 3)]
    table.write_text("file,caption\na.npy,x\nc.npy,y\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"c\.npy does not have vectors of 3 features"):
        load_captions(config)


def test_damaged_codecs_are_told() -> None:
    good = CaptionCodec(
        Symbols("word", ("<unknown>", START, END, "a", ",", "b"), special=3), 32, Scaling((0.0,), (1.0,))
    )
    assert good.text([1, 3, 4, 5, 0, 2]) == "a, b <unknown>"
    value = good.to_json()
    for change in (
        {"size": 0},
        {"size": None},
        {"symbols": Symbols("word", ("<unknown>", "a")).to_json()},
        {"scaling": 3},
    ):
        with pytest.raises(DamagedFileError):
            CaptionCodec.from_json({**value, **change})
    with pytest.raises(DamagedFileError):
        CaptionCodec.from_json([])
