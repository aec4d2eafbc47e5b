"""What a model sees of a picture: its pixels, or feature vectors of its regions that another network made."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.files.sources import unreadable
from gatework.data.pictures.pictures import read_picture
from gatework.errors import InputError

FEATURES = frozenset({".npy", ".npz"})
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"})
NAME = "features"
"""Of the array in a .npz file of several, and of the value in JSON Lines."""


def read_seen(path: str | Path, size: int) -> np.ndarray:
    """Read a picture, or the features of its regions from a .npy or .npz file.

    Args:
        path: the file; its ending says which it is.
        size: height and width to bring pictures to, pixels.

    Returns:
        (3, size, size) uint8 of a picture, or (regions, features) float32.

    Raises:
        InputError: the file cannot be read, or holds neither.
    """
    if Path(path).suffix.lower() in FEATURES:
        return read_features(path)
    return np.rint(read_picture(path, size) * 255).astype(np.uint8)


def read_features(path: str | Path) -> np.ndarray:
    """Read feature vectors of regions from a .npy file, or from a .npz file of one array or with one named so.

    Files that hold Python objects (pickle) are refused: to read them is to run what is in them.

    Returns:
        (regions, features) float32; of a single vector (1, features).

    Raises:
        InputError: the file cannot be read, or holds something else.
    """
    try:
        with Path(path).open("rb") as file:
            loaded: Any = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.lib.npyio.NpzFile):
                name = loaded.files[0] if len(loaded.files) == 1 else NAME
                if name not in loaded.files:
                    there = ", ".join(loaded.files) or "none"
                    raise InputError(f"{path} has no array {NAME!r} (there are: {there})", "name it so")
                loaded = loaded[name]
    except OSError as error:
        raise unreadable(Path(path), error) from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is no file of numbers ({error})", "write it with numpy.save") from error
    return checked_features(loaded, str(path))


def checked_features(values: Any, name: str) -> np.ndarray:
    """Feature vectors as (regions, features) float32.

    Args:
        values: an array or nested lists: vectors of the regions, or one vector.
        name: what errors call it.

    Raises:
        InputError: they are not of one width, or no finite numbers.
    """
    try:
        array = np.asarray(values, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} holds no vectors of numbers ({error})", "give a vector of each region") from error
    array = array[None] if array.ndim == 1 else array
    if array.ndim != 2 or not array.size:
        raise InputError(f"{name} has the shape {array.shape}", "it must have (regions, features)")
    if not np.isfinite(array).all():
        region = int(np.argwhere(~np.isfinite(array).all(axis=1))[0, 0])
        raise InputError(f"{name} has no finite number in region {region}", "mend it or leave it out")
    return array
