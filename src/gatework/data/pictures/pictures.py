"""Pictures from files, as arrays of one size."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from gatework.errors import InputError

DEEP = ("I", "I;16", "I;16B", "I;16L", "F")  # pillow's names of pictures with more than 8 bits a value


def picture_size(path: str | Path) -> tuple[int, int]:
    """Height and width of a picture that can be read, pixels."""
    from PIL import Image

    with Image.open(path) as picture:
        return picture.height, picture.width


def read_picture(path: str | Path, size: int = 32) -> np.ndarray:
    """Read a picture (PNG, JPEG or whatever else pillow reads), its middle square resized.

    Transparent places become white; a camera's note of which side is up is followed.

    Args:
        path: the file.
        size: height and width to make, pixels.

    Returns:
        (3, size, size) float32 between 0 and 1: red, green, blue.

    Raises:
        InputError: the file cannot be read, is no picture, damaged, too large, or has more than 8 bits a value.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    path = Path(path)
    try:
        with path.open("rb") as file, warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning):
            picture = Image.open(file)
            if picture.mode in DEEP:
                raise InputError(f"{path} has more than 8 bits a value", "save it with 8 bits")
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is no picture", "give a PNG or JPEG file") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"{path} is too large ({error})", "make it smaller") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {path} ({reason})", "check the path, or save the picture again") from error
    flat = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("RGB")
    fitted = ImageOps.fit(flat, (size, size), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(fitted, np.float32).transpose(2, 0, 1) / 255)
