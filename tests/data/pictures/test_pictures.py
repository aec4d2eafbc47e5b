"""Pictures: the middle square, upright, on white; what is no picture is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatework.data.pictures.pictures import read_picture
from gatework.errors import InputError

PIXELS = np.random.default_rng(5).integers(0, 256, (32, 32, 3), np.uint8)


def test_a_picture_of_the_size_is_its_pixels(tmp_path: Path) -> None:
    for picture in (Image.fromarray(PIXELS), Image.fromarray(PIXELS).convert("RGBA")):
        picture.save(tmp_path / "a.png")
        read = read_picture(tmp_path / "a.png")
        assert read.dtype == np.float32
        np.testing.assert_allclose(read.transpose(1, 2, 0), PIXELS / 255, atol=1e-6)


def test_the_middle_square_is_taken_and_resized(tmp_path: Path) -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:30], wide[:, 30:40] = (255, 0, 0), (0, 0, 255)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    read = read_picture(tmp_path / "wide.png", 10)
    assert read.shape == (3, 10, 10)
    np.testing.assert_allclose(read[0, :, 1:4], 1)  # at the rims, what is beside is mixed in
    np.testing.assert_allclose(read[2, :, 6:9], 1)
    np.testing.assert_allclose(read[1], 0)


def test_grey_transparent_and_turned_pictures(tmp_path: Path) -> None:
    Image.fromarray(PIXELS[:, :, 0]).save(tmp_path / "grey.png")
    grey = read_picture(tmp_path / "grey.png")
    np.testing.assert_allclose(grey, np.repeat(PIXELS[None, :, :, 0] / 255, 3, axis=0), atol=1e-6)
    Image.new("RGBA", (9, 9), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    np.testing.assert_allclose(read_picture(tmp_path / "clear.png", 5), 1)
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was turned: show it a quarter to the right
    Image.fromarray(PIXELS).save(tmp_path / "turned.png", exif=turned)
    np.testing.assert_allclose(
        read_picture(tmp_path / "turned.png").transpose(1, 2, 0), np.rot90(PIXELS, -1) / 255, atol=1e-6
    )


def test_what_is_no_picture_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    for name, damaged, cause in [
        ("empty.png", b"", "is no picture"),
        ("text.png", b"some text", "is no picture"),
        ("short.png", content[: len(content) // 2], "cannot read"),
        ("bad.png", content[:60] + b"\0" * 40 + content[100:], "cannot read"),
    ]:
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(InputError, match=cause) as raised:
            read_picture(tmp_path / name)
        assert name in str(raised.value)
    with pytest.raises(InputError, match=r"none\.png .No such file"):
        read_picture(tmp_path / "none.png")
    Image.fromarray(np.full((5, 5), 40_000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(InputError, match=r"deep\.png has more than 8 bits"):
        read_picture(tmp_path / "deep.png")
    for limit in (600, 300):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(InputError, match=r"a\.png is too large"):
            read_picture(tmp_path / "a.png")
