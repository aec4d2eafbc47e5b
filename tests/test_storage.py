"""Files survive crashes, full disks and bad sectors: what is read is what was written, or is refused."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch

from gatework import storage
from gatework.errors import DamagedFileError, GateworkError, InputError, StorageError
from gatework.storage import (
    cache_folder,
    read_description,
    read_json,
    read_shapes,
    read_tensors,
    replacing,
    write_json,
    write_tensors,
    write_text,
)

TENSORS = {"W": torch.tensor([[1.5, -2.0, 3.25], [0.0, 7.0, -11.0]]), "steps": torch.tensor(13)}
DESCRIPTION = {"cell": "lstm", "words": ["ñ", "\n", "😀"], "loss": 1.625}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A file that was written before."""
    path = tmp_path / "model.safetensors"
    write_tensors(path, TENSORS, DESCRIPTION)
    return path


def files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- written whole or not at all


@pytest.mark.parametrize("accident", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_what_fails_before_the_rename_keeps_the_old_file(target, accident):
    before = target.read_bytes()

    def write_half() -> None:
        with replacing(target) as beside:
            beside.write_bytes(b"half of it")
            raise accident

    with pytest.raises(accident):
        write_half()
    assert target.read_bytes() == before
    assert files_of(target.parent) == [target.name]


def test_a_killed_process_leaves_the_old_file(target):
    before = target.read_bytes()
    program = (
        "import os, sys, pathlib; from gatework.storage import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as beside:\n"
        "    beside.write_bytes(b'half of it'); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(target)], check=False).returncode == 9
    assert target.read_bytes() == before
    assert read_tensors(target)[1] == DESCRIPTION


def test_contents_reach_the_disk_before_the_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    """Renamed before it is flushed, a file can be empty after a power cut."""
    happened: list[str] = []
    flush, fsync, replace = storage.flush, os.fsync, Path.replace

    def recorded_flush(path: Path) -> None:
        happened.append(f"flush {path.suffix}")
        flush(path)

    def recorded_fsync(descriptor: int) -> None:
        happened[-1] += " to disk"
        fsync(descriptor)

    def recorded_replace(self: Path, other: Path) -> Path:
        happened.append("rename")
        return replace(self, other)

    monkeypatch.setattr(storage, "flush", recorded_flush)
    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", recorded_replace)
    write_text(tmp_path / "a.txt", "text")
    assert happened == ["flush .part to disk", "rename", "flush  to disk"]


def test_readers_see_the_old_file_until_the_end(target):
    before = target.read_bytes()
    with replacing(target) as beside:
        beside.write_bytes(b"new")
        assert target.read_bytes() == before
    assert target.read_bytes() == b"new"
    assert files_of(target.parent) == [target.name]


def test_folders_are_made(tmp_path):
    write_json(tmp_path / "a" / "b" / "c.json", [1])
    assert read_json(tmp_path / "a" / "b" / "c.json") == [1]


# -- a disk that refuses


def test_a_full_disk(target, monkeypatch):
    before = target.read_bytes()

    def write(self: Path, *_, **__) -> None:
        self.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_text", write)
    with pytest.raises(StorageError) as caught:
        write_text(target, "new")
    assert caught.value.cause == f"cannot write {target} (No space left on device)"
    assert caught.value.remedy == "free some space"
    assert target.read_bytes() == before
    assert files_of(target.parent) == [target.name]


@pytest.mark.parametrize(
    "write",
    [lambda path: write_text(path, "x" * 50_000), lambda path: write_tensors(path, {"x": torch.zeros(9973)}, {})],
    ids=["text", "tensors"],
)
def test_the_system_stops_a_write_halfway(target, write):
    """No room for a file of more than 4 kB: a refusal of the real system, safetensors' own words included."""
    before = target.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StorageError, match="File too large"):
            write(target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert target.read_bytes() == before
    assert files_of(target.parent) == [target.name]


@pytest.mark.parametrize(
    "write", [lambda path: write_json(path, {}), lambda path: write_tensors(path, TENSORS, {})], ids=["json", "tensors"]
)
def test_a_folder_that_is_a_file(tmp_path, write):
    (tmp_path / "taken").write_text("mine")
    target = tmp_path / "taken" / "config.json"
    with pytest.raises(StorageError) as caught:
        write(target)
    assert caught.value.cause.startswith(f"cannot write {target} (")
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc, in which nobody, not even root, can write")
def test_a_folder_that_cannot_be_written():
    with pytest.raises(StorageError, match="cannot write /proc/gatework/config"):
        write_json(Path("/proc/gatework/config.json"), {})


def test_a_target_that_is_a_folder(tmp_path):
    (tmp_path / "taken" / "full").mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot write"):
        write_json(tmp_path / "taken", {})
    assert files_of(tmp_path) == ["taken"]


# -- tensors and back

DTYPES = [
    *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_type_comes_back(tmp_path, dtype):
    tensors = {
        "matrix": (torch.randn(3, 7) * 5).to(dtype),
        "scalar": torch.tensor(1).to(dtype),
        "none": torch.zeros(0, 5).to(dtype),
    }
    write_tensors(tmp_path / "t", tensors, {})
    back, _ = read_tensors(tmp_path / "t")
    assert back.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert back[name].dtype == dtype
        assert torch.equal(back[name], tensor)


def test_special_numbers_come_back_bit_for_bit(tmp_path):
    bits = torch.tensor([0x7FC00001, -0x80000000, 0x7F800000, 1], dtype=torch.int32)  # a NaN, -0, inf, subnormal
    write_tensors(tmp_path / "t", {"x": bits.view(torch.float32)}, {})
    assert torch.equal(read_tensors(tmp_path / "t")[0]["x"].view(torch.int32), bits)


def test_shared_and_strided_tensors_come_back(tmp_path):
    base = torch.randn(5, 7, requires_grad=True)
    tensors = {
        "tied": base,
        "again": base,
        "transposed": base.T,
        "column": base[:, 2],
        "expanded": base[0].expand(3, 7),
    }
    write_tensors(tmp_path / "t", tensors, {})
    back, _ = read_tensors(tmp_path / "t")
    assert all(torch.equal(back[name], tensor) for name, tensor in tensors.items())
    assert not any(tensor.requires_grad for tensor in back.values())


@pytest.mark.parametrize("spaces", range(1, 64, 7))
def test_what_is_read_is_aligned_however_long_the_header_is(target, spaces):
    """Else products of a resumed training round otherwise than those of one that was never stopped."""
    write_tensors(target, {"odd": torch.ones(3, dtype=torch.uint8), "W": torch.ones(5, 7)}, {"text": " " * spaces})
    tensors, _ = read_tensors(target)
    assert [tensor.data_ptr() % 64 for tensor in tensors.values()] == [0, 0]


def test_description_and_shapes_are_read_without_the_tensors(target):
    assert read_description(target) == DESCRIPTION
    assert read_shapes(target) == {"W": ((2, 3), "F32"), "steps": ((), "I64")}
    tensors, description = read_tensors(target)
    assert description == DESCRIPTION
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)


# -- damage


def test_no_tensors_are_not_a_damage(tmp_path):
    write_tensors(tmp_path / "t", {}, {"epoch": 3})
    assert read_tensors(tmp_path / "t") == ({}, {"epoch": 3})


def test_every_flipped_bit_is_found(target):
    whole = target.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            target.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            with pytest.raises(DamagedFileError, match=target.name):
                read_tensors(target)


def test_every_truncation_is_found(target):
    whole = target.read_bytes()
    for length in range(len(whole)):
        target.write_bytes(whole[:length])
        with pytest.raises(DamagedFileError, match=target.name):
            read_tensors(target)


@pytest.mark.parametrize("read", [read_tensors, read_description, read_shapes])
def test_a_truncated_file_is_named_by_every_reader(target, read):
    target.write_bytes(target.read_bytes()[:-5])
    with pytest.raises(DamagedFileError) as caught:
        read(target)
    assert str(target) in caught.value.cause
    assert caught.value.remedy == "restore it or make it again"


def test_a_file_of_another_program(tmp_path):
    path = tmp_path / "theirs.safetensors"
    safetensors.torch.save_file({"x": torch.zeros(3)}, path)
    for read in (read_tensors, read_description):
        with pytest.raises(DamagedFileError, match=r"theirs\.safetensors was not written by gatework"):
            read(path)


@pytest.mark.parametrize("content", ["", "{", "epoch: 3", b"\xff\xfe"])
def test_json_that_is_none(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DamagedFileError, match=r"config\.json is not valid JSON"):
        read_json(path)


@pytest.mark.parametrize("read", [read_json, read_tensors, read_description, read_shapes])
@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_cannot_be_read(tmp_path, read, name):
    with pytest.raises(InputError, match=r"^cannot read .*: check the path$"):
        read(tmp_path / name)


def test_json_keeps_every_letter(tmp_path):
    write_json(tmp_path / "a.json", {"ñ": "\u2028 😀 \r\n"})
    assert read_json(tmp_path / "a.json") == {"ñ": "\u2028 😀 \r\n"}
    assert "ñ" in (tmp_path / "a.json").read_text(encoding="utf-8")


# -- the cache


def test_cache_folder_follows_the_standard(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert cache_folder() == tmp_path / "elsewhere" / "gatework"
    for ignored in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert cache_folder() == tmp_path / ".cache" / "gatework"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert storage.cache_folder() == tmp_path / ".cache" / "gatework"


def test_all_refusals_are_ours():
    assert issubclass(StorageError, GateworkError)
    assert issubclass(DamagedFileError, GateworkError)
