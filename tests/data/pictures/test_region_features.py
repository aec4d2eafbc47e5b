"""Features of regions from files: as they were saved, and never unpickled."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatework.data.pictures.region_features import checked_features, read_features, read_seen
from gatework.errors import InputError

VECTORS = np.random.default_rng(3).standard_normal((5, 7)).astype(np.float32)


class Trap:
    """Leaves a folder behind when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_vectors_come_as_they_were_saved(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", VECTORS.astype(np.float64))
    np.savez(tmp_path / "one.npz", anything=VECTORS)
    np.savez_compressed(tmp_path / "two.npz", boxes=np.zeros(3), features=VECTORS)
    for name in ("a.npy", "one.npz", "two.npz"):
        for read in (read_features(tmp_path / name), read_seen(tmp_path / name, 32)):
            assert read.dtype == np.float32
            np.testing.assert_array_equal(read, VECTORS)
    np.save(tmp_path / "single.npy", VECTORS[0])
    np.testing.assert_array_equal(read_features(tmp_path / "single.npy"), VECTORS[:1])


def test_what_is_unpickled_runs_so_nothing_is(tmp_path: Path) -> None:
    trap = np.empty(1, object)
    trap[0] = Trap(tmp_path / "sprung")
    np.save(tmp_path / "trap.npy", trap, allow_pickle=True)
    np.savez(tmp_path / "trap.npz", features=trap)
    (tmp_path / "raw.npy").write_bytes(pickle.dumps(trap[0]))
    for name in ("trap.npy", "trap.npz", "raw.npy"):
        with pytest.raises(InputError, match="no file of numbers"):
            read_features(tmp_path / name)
    assert not (tmp_path / "sprung").exists()
    np.load(tmp_path / "trap.npy", allow_pickle=True)
    assert (tmp_path / "sprung").exists()  # the trap would have worked


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        (np.zeros((2, 3, 5)), r"\(2, 3, 5\)"),
        (np.zeros((0, 3)), r"\(0, 3\)"),
        (np.array([[1.0, 2], [3, np.nan]]), "region 1"),
        ([[1, 2], [3]], "no vectors"),
        ([["a"]], "no vectors"),
        (None, "has the shape"),
    ],
)
def test_what_is_no_features_is_refused(values, cause: str) -> None:
    with pytest.raises(InputError, match=cause) as raised:
        checked_features(values, "x.npy")
    assert "x.npy" in raised.value.cause


def test_damaged_and_missing_files_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "many.npz", a=VECTORS, b=VECTORS)
    np.savez(tmp_path / "cut.npz", a=VECTORS)
    whole = (tmp_path / "cut.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npy").write_bytes(b"")
    for name in ("many.npz", "cut.npz", "empty.npy", "missing.npy"):
        with pytest.raises(InputError, match=name):
            read_features(tmp_path / name)


def test_pictures_are_bytes(tmp_path: Path) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (11, 11, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    seen = read_seen(tmp_path / "a.png", 11)
    assert seen.dtype == np.uint8
    np.testing.assert_array_equal(seen, pixels.transpose(2, 0, 1))
