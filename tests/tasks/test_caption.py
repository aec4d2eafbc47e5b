"""Captions as a task: exact resumes, answers as they are asked, what is shown."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gatework.data.pictures.scenes import make_scenes
from gatework.errors import InputError
from gatework.models import Captioner
from gatework.settings import checked_config
from gatework.settings.tasks.caption import CaptionPrediction
from gatework.tasks import find_task
from gatework.training import Callback, Interrupted, RunFolder, Trainer

TASK = find_task("caption")
SHAPE = {"hidden_size": 7, "embedding_size": 5, "channels": 3, "region_size": 11, "convolutions": 2, "reading_size": 3}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def model_of(**data: Any) -> tuple[Captioner, Any]:
    config = checked_config({"task": "caption", "data": {"scenes": 40, "size": 24, **data}, "model": SHAPE})
    loaded = TASK.load(config.data)
    return TASK.build(config.model, loaded).eval(), loaded


class StopAt(Callback):
    """Stops a training after an update."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_update(self, trainer: Trainer) -> None:
        if trainer.position.step == self.step:
            raise Interrupted(signal.SIGINT)


def trainer_of(folder: Path, *callbacks: Callback) -> Trainer:
    training = {"steps": 9, "batch": 5}
    config = checked_config(
        {"task": "caption", "data": {"scenes": 40, "size": 24}, "model": SHAPE, "training": training}
    )
    data = TASK.load(config.data)
    torch.manual_seed(config.training.seed)
    return Trainer(TASK.build(config.model, data), data, config.training, RunFolder(folder), callbacks)


def test_a_resumed_training_is_the_whole_one(tmp_path: Path) -> None:
    whole = trainer_of(tmp_path / "whole")
    assert whole.model.config.word_dropout > 0  # random numbers are drawn in every update
    whole.fit()
    with pytest.raises(Interrupted):
        trainer_of(tmp_path / "cut", StopAt(5)).fit()
    resumed = trainer_of(tmp_path / "cut")
    resumed.resume()
    assert resumed.position.step == 5
    resumed.fit()
    assert whole.position.step == resumed.position.step == 9
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name]), name


def test_answers_name_their_files_and_do_not_depend_on_batches(tmp_path: Path) -> None:
    model, _ = model_of()
    made = make_scenes(5, seed=3, size=24)
    for number, image in enumerate(made.images):
        picture = Image.fromarray(np.rint(image.transpose(1, 2, 0) * 255).astype(np.uint8))
        picture.convert(("RGB", "RGBA")[number % 2]).save(tmp_path / f"{number}.png")
    asked = list(TASK.inputs([str(tmp_path)], "utf-8"))
    assert [one.name for one in asked] == [str(tmp_path / f"{number}.png") for number in range(5)]
    options = CaptionPrediction(beam=3, n_best=3, longest=6)
    together = list(TASK.answer(model, asked, options))
    alone = list(TASK.answer(model, asked, options.model_copy(update={"batch": 1})))
    for one, other in zip(together, alone, strict=True):
        assert (one["file"], one["caption"]) == (other["file"], other["caption"])
        assert one["score"] == pytest.approx(other["score"], abs=1e-4)
        assert one["n_best"][0] == {"caption": one["caption"], "score": one["score"]}
        assert len(one["n_best"]) == 3
        assert one["n_best"][1]["score"] <= one["score"]
        assert TASK.as_text(one) == f"{one['file']}\t{one['caption']}"
    (plain, *_) = TASK.answer(model, asked[:1], CaptionPrediction(beam=3, longest=6))
    assert plain == {"file": asked[0].name, "caption": plain["caption"], "score": pytest.approx(together[0]["score"])}


def test_answers_are_streamed() -> None:
    model, loaded = model_of()

    def endless() -> Iterator[Any]:
        for example in loaded.train[:2]:
            yield type("Asked", (), {"name": example.name, "read": staticmethod(lambda size, e=example: e.seen)})
        raise AssertionError("more was read than was asked for")

    answers = TASK.answer(model, endless(), CaptionPrediction(beam=1, longest=3, batch=1))
    assert [next(answers)["file"] for _ in range(2)] == ["scene 0", "scene 1"]


def test_what_is_shown_names_the_right_caption() -> None:
    model, loaded = model_of()
    right = [model.codec.text(one.captions[0]) for one in loaded.validation[:3]]
    lines = TASK.show(model, loaded.validation[:3]).splitlines()
    assert [line.split("  should be ")[1] for line in lines] == right
    with torch.no_grad():  # a model that only ever ends: the empty caption is right where it is one of them
        model.decoder.output.weight.zero_()
        model.decoder.output.bias.copy_(torch.eye(len(model.codec.symbols))[model.codec.end] * 9)
    silent = [one._replace(captions=(np.array([model.codec.end]), *one.captions)) for one in loaded.validation[:1]]
    assert TASK.show(model, silent) == ""


def test_a_trained_model_says_how_other_data_are_read() -> None:
    model, _ = model_of(level="token", lower=False)
    assert TASK.reading(model) == {"size": 24, "level": "token", "lower": False}


def test_vectors_are_answered_and_mixtures_refused(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    lines = [
        {"features": draw.standard_normal((3, 5)).tolist(), "caption": f"a {n % 2}", "file": f"{n}"} for n in range(9)
    ]
    table = tmp_path / "vectors.jsonl"
    table.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    model, loaded = model_of(sources=[str(table)])
    assert TASK.pictures(model, loaded, tmp_path) == []
    asked = TASK.inputs([str(table)], "utf-8")
    assert [one["file"] for one in TASK.answer(model, asked, CaptionPrediction(longest=4))] == [
        str(n) for n in range(9)
    ]
    Image.new("RGB", (24, 24)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png is a picture"):
        list(TASK.answer(model, TASK.inputs([str(tmp_path / "a.png")], "utf-8"), CaptionPrediction()))
    table.write_text('{"caption": "a"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 1 has no 'features'"):
        list(TASK.inputs([str(table)], "utf-8"))
