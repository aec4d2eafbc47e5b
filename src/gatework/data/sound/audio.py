"""Recordings in WAV files: PCM and floating point, any number of channels, any rate.

The standard library's ``wave`` writes them; it reads no floating point, takes truncated files for whole, and before
Python 3.12 refuses the extensible form in which most 24-bit files come, so that reading is done here.
"""

from __future__ import annotations

import struct
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gatework.data.files.sources import unreadable
from gatework.data.sound.resampling import resample
from gatework.errors import InputError
from gatework.storage import replacing

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
UNKNOWN_LENGTH = 0x7FFFF000  # from here on, sizes say that the writer could not go back to fill them in
REMEDY = "give a WAV file of PCM or floating-point samples"


@dataclass(frozen=True, eq=False)
class Recording:
    """A sound of one channel.

    Attributes:
        samples: (n,) float32, full scale is -1 to 1.
        rate: samples a second.
        note: what was done to the file's samples, such as resampling; empty if nothing was.
    """

    samples: np.ndarray
    rate: int
    note: str = ""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class _Format:
    tag: int
    channels: int
    rate: int
    bits: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8


def read_wav(path: str | Path, rate: int | None = None) -> Recording:
    """Read a WAV file: PCM of 8, 16, 24 or 32 bits or floating point of 32 or 64; channels are averaged.

    Args:
        path: the file.
        rate: samples a second that are wanted; a file of another rate is resampled, and the note says so.

    Raises:
        InputError: the file cannot be read, is no WAV file, is truncated, holds no samples, or numbers that are none.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    form, data = _chunks(content, path)
    samples = _DECODERS[form.tag, form.bits](data)  # (n * channels,) float64
    if not np.isfinite(samples).all():
        raise InputError(f"{path} holds samples that are not numbers", "record or convert it again")
    notes = []
    if form.channels > 1:
        samples = samples.reshape(-1, form.channels).mean(axis=1)
        notes.append(f"{form.channels} channels mixed down to one")
    if rate is not None and rate != form.rate:
        samples = resample(samples, form.rate, rate)
        notes.append(f"resampled from {form.rate} to {rate} Hz")
    return Recording(samples.astype(np.float32), rate or form.rate, ", ".join(notes))


def write_wav(path: str | Path, samples: np.ndarray, rate: int) -> Path:
    """Write one channel as 16-bit PCM, whole or not at all; what exceeds full scale is clipped. Return where.

    Raises:
        ValueError: the samples are not (n,) finite numbers, or the rate is not positive.
        StorageError: the file cannot be written.
    """
    samples = np.asarray(samples, np.float64)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise ValueError(f"samples must be (n,) finite numbers, not {samples.shape}")
    if rate < 1:
        raise ValueError(f"rate must be positive, not {rate}")
    whole = np.clip(np.round(samples * 2**15), -(2**15), 2**15 - 1).astype("<i2")
    with replacing(Path(path)) as beside, beside.open("wb") as file, wave.open(file, "wb") as writer:
        writer.setparams((1, 2, rate, len(whole), "NONE", "not compressed"))
        writer.writeframes(whole.tobytes())
    return Path(path)


def _chunks(content: bytes, path: Path) -> tuple[_Format, bytes]:
    """The format of a RIFF file and the bytes of its samples."""
    if not content:
        raise InputError(f"{path} is empty", REMEDY)
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise InputError(f"{path} is not a WAV file", REMEDY)
    form, place = None, 12
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        body = content[place + 8 : place + 8 + size]
        if name == b"fmt ":
            form = _format(body, path)
        elif name == b"data":
            if form is None:
                raise InputError(f"{path} is damaged (its samples come before their format)", REMEDY)
            return form, _whole(body, size, form, path)
        place += 8 + size + size % 2  # chunks begin at even places
    raise InputError(f"{path} is truncated (it ends before its samples)", "copy or record it again")


def _format(body: bytes, path: Path) -> _Format:
    if len(body) < 16:
        raise InputError(f"{path} is truncated (its format is cut short)", "copy or record it again")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]
    if (tag, bits) not in _DECODERS:
        raise InputError(f"{path} holds samples of format {tag} with {bits} bits", REMEDY)
    if not channels or not rate:
        raise InputError(f"{path} is damaged (it says {channels} channels, {rate} samples a second)", REMEDY)
    return _Format(tag, channels, rate, bits)


def _whole(body: bytes, size: int, form: _Format, path: Path) -> bytes:
    if size >= UNKNOWN_LENGTH:
        body = body[: len(body) // form.frame_bytes * form.frame_bytes]
    elif len(body) < size:
        raise InputError(f"{path} is truncated ({len(body)} of {size} bytes of samples)", "copy or record it again")
    if not body:
        raise InputError(f"{path} holds no samples", "give a recording of some length")
    if len(body) % form.frame_bytes:
        raise InputError(f"{path} is damaged (its last sample is cut short)", "copy or record it again")
    return body


def _bytes(data: bytes) -> np.ndarray:
    return (np.frombuffer(data, np.uint8).astype(np.float64) - 128) / 2**7


def _three_bytes(data: bytes) -> np.ndarray:
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return wide.view("<i4")[:, 0] / 2**31


_DECODERS = {
    (PCM, 8): _bytes,
    (PCM, 16): lambda data: np.frombuffer(data, "<i2") / 2**15,
    (PCM, 24): _three_bytes,
    (PCM, 32): lambda data: np.frombuffer(data, "<i4") / 2**31,
    (FLOAT, 32): lambda data: np.frombuffer(data, "<f4").astype(np.float64),
    (FLOAT, 64): lambda data: np.frombuffer(data, "<f8"),
}
