"""WAV files: every form of sample reads as the same sound; what is no recording says so."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from gatework.data.sound.audio import read_wav, write_wav
from gatework.errors import InputError, StorageError

RATE = 8000
SOUND = np.random.default_rng(5).uniform(-0.95, 0.95, 53)


def encoded(samples: np.ndarray, tag: int, bits: int) -> bytes:
    """Samples as bytes, one at a time by the definition of each form."""
    if tag == 3:
        return struct.pack(f"<{len(samples)}{'f' if bits == 32 else 'd'}", *samples)
    whole = [round(float(sample) * 2 ** (bits - 1)) for sample in samples]
    if bits == 8:
        return bytes(value + 128 for value in whole)
    return b"".join(value.to_bytes(bits // 8, "little", signed=True) for value in whole)


def riff(
    data: bytes, tag: int, bits: int, *, channels: int = 1, rate: int = RATE, extra: bytes = b"", size: int = -1
) -> bytes:
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits) + extra
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"LIST" + struct.pack("<I", 3) + b"odd\0"  # an odd chunk has a byte of padding after it
    chunks += b"data" + struct.pack("<I", len(data) if size < 0 else size) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(("tag", "bits"), [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)])
@pytest.mark.parametrize("extensible", [False, True])
def test_every_form_is_the_same_sound(tmp_path: Path, tag: int, bits: int, extensible: bool) -> None:
    data, path = encoded(SOUND, tag, bits), tmp_path / "sound.wav"
    if extensible:
        extra = struct.pack("<HHIH", 22, bits, 4, tag) + bytes.fromhex("000000001000800000aa00389b71")
        path.write_bytes(riff(data, 0xFFFE, bits, extra=extra))
    else:
        path.write_bytes(riff(data, tag, bits))
    recording = read_wav(path)
    assert recording.samples.dtype == np.float32
    assert (recording.rate, recording.note, recording.seconds) == (RATE, "", 53 / RATE)
    half_a_unit = 0 if tag == 3 else 2.0**-bits
    np.testing.assert_allclose(recording.samples, SOUND, atol=half_a_unit + 1e-7)


def test_the_standard_library_writes_what_is_read(tmp_path: Path) -> None:
    for channels, bytes_a_sample in [(1, 1), (2, 2), (3, 3), (2, 4)]:
        with wave.open(str(tmp_path / "sound.wav"), "wb") as writer:
            writer.setparams((channels, bytes_a_sample, 11025, 0, "NONE", ""))
            writer.writeframes(encoded(np.repeat(SOUND, channels), 1, 8 * bytes_a_sample))
        recording = read_wav(tmp_path / "sound.wav")
        assert recording.rate == 11025
        np.testing.assert_allclose(recording.samples, SOUND, atol=2.0 ** (-8 * bytes_a_sample) + 1e-7)


def test_channels_are_averaged_with_a_note(tmp_path: Path) -> None:
    other = SOUND[::-1]
    path = tmp_path / "stereo.wav"
    path.write_bytes(riff(encoded(np.stack([SOUND, other], axis=1).ravel(), 3, 32), 3, 32, channels=2))
    recording = read_wav(path)
    np.testing.assert_allclose(recording.samples, (SOUND + other) / 2, atol=1e-6)
    assert recording.note == "2 channels mixed down to one"


def test_another_rate_is_resampled_with_a_note(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 441 * np.arange(22050) / 44100)
    path = tmp_path / "tone.wav"
    path.write_bytes(riff(encoded(np.repeat(tone, 2), 1, 16), 1, 16, channels=2, rate=44100))
    recording = read_wav(path, 8000)
    assert (recording.rate, len(recording.samples)) == (8000, 4000)
    assert recording.note == "2 channels mixed down to one, resampled from 44100 to 8000 Hz"
    exact = 0.5 * np.sin(2 * np.pi * 441 * np.arange(4000) / 8000)
    np.testing.assert_allclose(recording.samples[200:-200], exact[200:-200], atol=2e-4)
    assert read_wav(path, 44100).note == "2 channels mixed down to one"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "new" / "sound.wav", SOUND, RATE)
    once = read_wav(path)
    np.testing.assert_allclose(once.samples, SOUND, atol=2**-16 + 1e-7)
    write_wav(path, once.samples, RATE)
    np.testing.assert_array_equal(read_wav(path).samples, once.samples)
    write_wav(path, np.array([2.0, -3.0, 0.5]), RATE)
    np.testing.assert_array_equal(read_wav(path).samples, np.float32([1 - 2**-15, -1, 0.5]))
    with wave.open(str(path), "rb") as reader:
        assert reader.getparams()[:4] == (1, 2, RATE, 3)


def test_a_length_that_the_writer_did_not_know_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "piped.wav"
    path.write_bytes(riff(encoded(SOUND, 1, 16) + b"\1", 1, 16, size=0xFFFFFFFF))
    assert len(read_wav(path).samples) == len(SOUND)


GOOD = riff(encoded(SOUND, 1, 16), 1, 16)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "is empty"),
        (b"once upon a time there was a text", "is not a WAV file"),
        (b"RIFF", "is not a WAV file"),
        (GOOD[:-1], r"truncated \(105 of 106 bytes"),
        (GOOD[:50], "truncated"),
        (GOOD[:30], "truncated"),
        (GOOD[:12], "truncated"),
        (riff(b"", 1, 16), "holds no samples"),
        (riff(b"\0\0\0", 1, 16), "last sample is cut short"),
        (riff(b"\0" * 8, 7, 8), "format 7 with 8 bits"),
        (riff(b"\0" * 8, 1, 12), "format 1 with 12 bits"),
        (riff(b"\0" * 8, 1, 16, channels=0), "0 channels"),
        (riff(b"\0" * 8, 1, 16, rate=0), "0 samples a second"),
        (riff(encoded(np.array([0.1, np.nan]), 3, 32), 3, 32), "not numbers"),
        (GOOD.replace(b"fmt ", b"junk"), "before their format"),
    ],
)
def test_what_is_no_recording_is_named(tmp_path: Path, content: bytes, cause: str) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"bad\.wav.*{cause}"):
        read_wav(path)


def test_every_beginning_of_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.wav"
    for length in range(len(GOOD)):
        path.write_bytes(GOOD[:length])
        with pytest.raises(InputError, match="bad"):
            read_wav(path)


def test_files_that_cannot_be_opened_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*none\.wav \(No such file"):
        read_wav(tmp_path / "none.wav")
    with pytest.raises(InputError, match="Is a directory"):
        read_wav(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        write_wav(tmp_path / "file" / "a.wav", SOUND, RATE)
    for samples, rate in [(np.zeros((2, 3)), 5), (np.array([np.inf]), 5), (SOUND, 0)]:
        with pytest.raises(ValueError, match="must be"):
            write_wav(tmp_path / "a.wav", samples, rate)
    assert not (tmp_path / "a.wav").exists()


def test_real_recordings_are_read_as_the_standard_library_reads_them(gatework_data: Path) -> None:
    for path in sorted((gatework_data / "fsdd").glob("3_*_1.wav")):
        with wave.open(str(path), "rb") as reader:
            assert (reader.getnchannels(), reader.getsampwidth()) == (1, 2)
            exact = np.frombuffer(reader.readframes(reader.getnframes()), "<i2") / 2**15
            recording = read_wav(path, reader.getframerate())
        np.testing.assert_array_equal(recording.samples, exact.astype(np.float32))
