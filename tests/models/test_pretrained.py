"""Models in folders: what is written comes back bit for bit, what is damaged is refused by name."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode

from gatework.data import Vocabulary
from gatework.errors import DamagedFileError, GateworkError, InputError, StorageError
from gatework.models import LanguageModel
from gatework.models.pretrained import own_tensors

H = 7
VOCABULARIES = {
    "character": Vocabulary.build("character", dict.fromkeys('aé\n\U0001f600"\\', 2)),
    "documents": Vocabulary.build("character", dict.fromkeys("abc", 2), document=True),
    "separator": Vocabulary.build("character", dict.fromkeys("ab\n", 2), separator="\n\n"),
    "byte": Vocabulary.build("byte", {}),
    "byte documents": Vocabulary.build("byte", {}, document=True),
    "word": Vocabulary.build("word", {"the": 9, "cat": 3, "—": 1, "\n": 2}),
}


def make(vocabulary: Vocabulary = VOCABULARIES["character"], **options: Any) -> LanguageModel:
    return LanguageModel.build(vocabulary, **{"hidden_size": H, "embedding_size": 5, **options})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    make().save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def change_json(path: Path, change: Callable[[Any], Any]) -> None:
    value = json.loads(path.read_text())
    path.write_text(json.dumps(change(value)))


def set_config(folder: Path, **values: Any) -> None:
    change_json(folder / "config.json", lambda header: {**header, "config": {**header["config"], **values}})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tied": True, "embedding_size": H},
        {"embedding_size": 0, "layers": 2},
        {"cell": "gru", "cell_options": {"z_scales": "old"}, "dropout": 0.3},
    ],
    ids=["plain", "tied", "one-hot", "options"],
)
@pytest.mark.parametrize("kind", VOCABULARIES)
def test_round_trip_is_exact(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    model = make(VOCABULARIES[kind], **options).train()
    model.save_pretrained(tmp_path / "new" / "model")
    loaded = LanguageModel.from_pretrained(tmp_path / "new" / "model")
    assert model.training
    assert not any(module.training for module in loaded.modules())
    assert loaded.config == model.config
    assert loaded.vocabulary == model.vocabulary
    assert loaded.document_end == model.document_end
    assert own_tensors(loaded).keys() == own_tensors(model).keys()
    assert all(torch.equal(tensor, own_tensors(model)[name]) for name, tensor in own_tensors(loaded).items())
    assert all(parameter.requires_grad for parameter in loaded.parameters())
    tokens = torch.randint(len(model.vocabulary), (5, 2))
    assert torch.equal(loaded(tokens)[0], model.eval()(tokens)[0])
    assert sorted(path.name for path in (tmp_path / "new" / "model").iterdir()) == [
        "config.json",
        "model.safetensors",
        "vocabulary.json",
    ]


def test_tied_weights_are_still_one_after_loading(tmp_path: Path) -> None:
    make(tied=True, embedding_size=H).save_pretrained(tmp_path)
    loaded = LanguageModel.from_pretrained(tmp_path)
    assert loaded.embedding.weight is loaded.output.weight


def test_saving_over_an_older_model_replaces_it(saved: Path) -> None:
    other = make(hidden_size=11)
    other.save_pretrained(saved)
    assert torch.equal(LanguageModel.from_pretrained(saved).output.weight, other.output.weight)


def test_no_pickle_is_written_or_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **keywords: Any) -> None:
        raise AssertionError("pickle")

    for module, names in ((pickle, ("dump", "dumps", "load", "loads")), (torch, ("save", "load"))):
        for name in names:
            monkeypatch.setattr(module, name, refuse)
    make().save_pretrained(tmp_path)
    LanguageModel.from_pretrained(tmp_path)
    raw = (tmp_path / "model.safetensors").read_bytes()
    assert json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]["sha256"]


@pytest.mark.parametrize("name", ["config.json", "vocabulary.json", "model.safetensors"])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(InputError, match=name):
        LanguageModel.from_pretrained(saved)


@pytest.mark.parametrize("name", ["config.json", "vocabulary.json", "model.safetensors"])
def test_every_truncation_is_found_and_named(saved: Path, name: str) -> None:
    whole = (saved / name).read_bytes()
    for length in sorted({0, 1, 7, 8, 9, len(whole) // 3, len(whole) // 2, len(whole) - 40, len(whole) - 3}):
        (saved / name).write_bytes(whole[:length])
        with pytest.raises(DamagedFileError, match=name):
            LanguageModel.from_pretrained(saved)


def test_every_changed_byte_of_the_weights_is_found_and_named(saved: Path) -> None:
    path = saved / "model.safetensors"
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    for place in [*range(8), *range(8, header, 5), *range(header, len(whole), 37), len(whole) - 1]:
        for bit in (1, 0x80):
            damaged = bytearray(whole)
            damaged[place] ^= bit
            path.write_bytes(damaged)
            with pytest.raises(DamagedFileError, match=r"model\.safetensors"):
                LanguageModel.from_pretrained(saved)
    path.write_bytes(whole + b"\0" * 8)
    with pytest.raises(DamagedFileError, match=r"model\.safetensors"):
        LanguageModel.from_pretrained(saved)


@pytest.mark.parametrize("shape", [{"hidden_size": 8}, {"layers": 2}, {"embedding_size": 0}, {"cell": "gru"}])
def test_weights_of_another_shape_are_refused_by_name(saved: Path, shape: dict[str, Any]) -> None:
    set_config(saved, **shape)
    with pytest.raises(DamagedFileError, match=r"model\.safetensors.*tensor"):
        LanguageModel.from_pretrained(saved)


def test_a_tied_model_does_not_fit_an_untied_one(tmp_path: Path) -> None:
    make(tied=True, embedding_size=H).save_pretrained(tmp_path)
    set_config(tmp_path, tied=False)
    with pytest.raises(DamagedFileError, match=r"lacks tensor output\.weight"):
        LanguageModel.from_pretrained(tmp_path)


def test_a_vocabulary_of_another_size_is_refused(saved: Path) -> None:
    change_json(saved / "vocabulary.json", lambda value: {**value, "symbols": [*value["symbols"], "Z"]})
    with pytest.raises(DamagedFileError, match=r"model\.safetensors"):
        LanguageModel.from_pretrained(saved)


class LargestTensor(TorchDispatchMode):
    """Remembers the most elements of a tensor that took memory."""

    elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in _pytree.tree_leaves(result):
            if isinstance(tensor, torch.Tensor) and tensor.device.type != "meta":
                self.elements = max(self.elements, tensor.numel())
        return result


@pytest.mark.parametrize(
    "sizes", [{"hidden_size": 60000}, {"hidden_size": 60000, "layers": 64}, {"embedding_size": 65536}]
)
def test_sizes_are_compared_before_memory_is_taken(saved: Path, sizes: dict[str, int]) -> None:
    set_config(saved, **sizes)
    with LargestTensor() as seen, pytest.raises(DamagedFileError, match=r"model\.safetensors"):
        LanguageModel.from_pretrained(saved)
    assert seen.elements < 10_000
    with LargestTensor() as seen:  # the watch does see what takes memory
        torch.zeros(123_456)
    assert seen.elements == 123_456


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda header: [], "does not describe a gatework model"),
        (lambda header: {**header, "format": "gatework.model/99"}, "does not describe a gatework model"),
        (lambda header: {**header, "config": None}, "config.json"),
        (lambda header: {**header, "config": {**header["config"], "hiden_size": 7}}, "hiden_size"),
        (lambda header: {**header, "config": {**header["config"], "hidden_size": 10**9}}, "hidden_size"),
        (lambda header: {**header, "config": {**header["config"], "hidden_size": "many"}}, "hidden_size"),
        (lambda header: {**header, "config": {**header["config"], "cell": "lstn"}}, "lstn"),
        (lambda header: {**header, "config": {**header["config"], "cell_options": {"peep": 1}}}, "peep"),
    ],
)
def test_a_wrong_configuration_is_refused_by_name(saved: Path, change: Callable[[Any], Any], words: str) -> None:
    change_json(saved / "config.json", change)
    with pytest.raises(DamagedFileError, match=r"config\.json") as caught:
        LanguageModel.from_pretrained(saved)
    assert words in str(caught.value)


def test_a_model_for_another_task_is_no_damage(saved: Path) -> None:
    change_json(saved / "config.json", lambda header: {**header, "task": "tagging"})
    with pytest.raises(InputError, match=r"config\.json.*'tagging'.*'language'"):
        LanguageModel.from_pretrained(saved)


@pytest.mark.parametrize(
    "garbage",
    [
        b"[]",
        b"null",
        b"{}",
        b'"text"',
        b"\xff\xfe",
        b'{"level": "character", "symbols": "abc", "separator": ""}',
        b'{"level": "character", "symbols": [], "separator": ""}',
        b'{"level": "character", "symbols": ["<unknown>", "a", "a"], "separator": ""}',
        b'{"level": "character", "symbols": ["<unknown>", ["a"]], "separator": ""}',
        b'{"level": ["character"], "symbols": ["<unknown>", "a"], "separator": ""}',
        b'{"level": "byte", "symbols": ["<unknown>", "a"], "separator": ""}',
        b'{"level": "character", "symbols": ["<unknown>", "a"], "separator": 3}',
        b'{"level": "character", "symbols": ["<unknown>", "a"], "separator": "b"}',
    ],
)
def test_a_garbled_vocabulary_is_refused_by_name(saved: Path, garbage: bytes) -> None:
    (saved / "vocabulary.json").write_bytes(garbage)
    with pytest.raises(DamagedFileError, match=r"vocabulary\.json"):
        LanguageModel.from_pretrained(saved)


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        LanguageModel.from_pretrained(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(GateworkError, match="file"):
        LanguageModel.from_pretrained(tmp_path / "file")
    with pytest.raises(StorageError, match="file"):
        make().save_pretrained(tmp_path / "file")


def test_a_disk_that_fills_up_leaves_the_older_model_whole(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = LanguageModel.from_pretrained(saved)

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(StorageError, match="No space left"):
            make(hidden_size=11).save_pretrained(saved)
    after = LanguageModel.from_pretrained(saved)
    assert all(torch.equal(tensor, own_tensors(before)[name]) for name, tensor in own_tensors(after).items())
    assert not list(saved.glob(".*"))
