"""Music from the command line: train, evaluate, predict, generate, plot, resume; what cannot be used is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from gatework.cli.main import status_of
from gatework.data import Vocabulary
from gatework.data.music.midi import read_midi, write_midi
from gatework.data.music.piano_rolls import KEYS, pitches_of, roll_of
from gatework.data.music.roll_files import read_csv_roll
from gatework.models import LanguageModel, MusicModel
from gatework.settings import MusicGeneration
from gatework.storage import read_tensors
from gatework.tasks import find_task
from gatework.training import Interrupted

SCALE = [60, 62, 64, 65, 67, 69, 71]
SMALL = ["--hidden-size", "7", "--projection-size", "5", "--batch", "3", "--transpose", "2", "--schedule", "constant"]


def tune(steps: int, first: int) -> list[list[int]]:
    return [[SCALE[(first + step) % 7], SCALE[(first + step) % 7] - 12] for step in range(steps)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with set.json, three.mid and the run ``run``, trained for ten updates."""
    folder = tmp_path_factory.mktemp("music")
    parts = {"train": [tune(5 + step, step) for step in range(11)], "valid": [tune(7, 2)], "test": [tune(6, 4)]}
    (folder / "set.json").write_text(json.dumps(parts))
    write_midi(folder / "three.mid", roll_of([[60, 64, 67], [], [72]])[0])
    words = ["train", str(folder / "set.json"), "--task", "music", "--run", str(folder / "run"), "--steps", "10"]
    assert status_of([*words, *SMALL]) == 0
    return folder


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        status = status_of([str(word) for word in words])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


Command = Callable[..., tuple[int, str, str]]


def model_of(trained: Path) -> MusicModel:
    return MusicModel.from_pretrained(trained / "run" / "model")


def test_training_leaves_pictures_and_what_was_expected(trained: Path) -> None:
    assert {path.name for path in (trained / "run" / "plots").iterdir()} == {"loss.png", "expectations.png"}
    shown = (trained / "run" / "samples.txt").read_text()
    assert "piece 1 ends      " + " | ".join(f"{a} {b}" for b, a in tune(7, 2)[-4:]) in shown
    assert "was expected to" in shown


def test_a_resumed_training_is_the_same_bit_for_bit(trained: Path, command: Command) -> None:
    run = trained / "stopped"
    assert command("train", trained / "set.json", "--task", "music", "--run", run, "--steps", "6", *SMALL)[0] == 0
    assert command("train", "--resume", run, "--steps", "10")[0] == 0
    stopped, whole = (
        read_tensors(max((trained / name / "checkpoints").glob("step-*")))[0] for name in ("stopped", "run")
    )
    assert stopped.keys() == whole.keys()
    assert all(torch.equal(stopped[name], whole[name]) for name in whole)


def test_evaluate_measures_a_part_or_other_files(trained: Path, command: Command) -> None:
    status, out, _ = command("evaluate", trained / "run", "--part", "test", "--json")
    row = json.loads(out)
    assert (status, row["unit"], row["count"]) == (0, "step", 5)
    logits = model_of(trained).after(roll_of(tune(6, 4))[0])[:-1].double().numpy()
    truth = roll_of(tune(6, 4))[0][1:]
    p = 1 / (1 + np.exp(-logits))
    assert row["loss"] == pytest.approx(-np.log(np.where(truth, p, 1 - p)).sum(1).mean(), rel=1e-5)
    assert 0 <= row["frame_accuracy"] <= 1
    status, out, err = command("evaluate", trained / "run", trained / "three.mid", "--json")
    assert not err
    assert (status, json.loads(out)["count"]) == (0, 2)
    assert command("evaluate", trained / "run" / "model", trained / "set.json")[0] == 0


def test_predict_tells_each_step_s_notes(trained: Path, command: Command) -> None:
    status, out, _ = command("predict", trained / "run", trained / "three.mid", "--least-probability", "0.02")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [row["step"] for row in rows] == [2, 3, 4]
    assert [row["played"] for row in rows] == [[], [72], None]
    logits = model_of(trained).after(read_midi(trained / "three.mid").roll)
    for row, step in zip(rows, logits.sigmoid().tolist(), strict=True):
        assert row["file"].endswith("three.mid")
        likely = {str(key + 21): p for key, p in enumerate(step) if p >= 0.02}
        assert row["probabilities"] == pytest.approx(likely, abs=1e-6)
    assert rows[-1]["nll"] is None
    nats = [row["nll"] for row in rows[:-1]]
    _, measured, _ = command("evaluate", trained / "run", trained / "three.mid", "--json")
    assert json.loads(measured)["loss"] == pytest.approx(np.mean(nats), rel=1e-5)
    _, text, _ = command("predict", trained / "run", trained / "three.mid", "--format", "text")
    assert [line.split("\t")[1:3] for line in text.splitlines()] == [["1", "2"], ["1", "3"], ["1", "4"]]


def test_generate_continues_a_primer_as_midi(trained: Path, command: Command) -> None:
    out = trained / "on.mid"
    words = ["generate", trained / "run", "--primer", trained / "three.mid", "--length", "9", "--seed", "5"]
    status, said, _ = command(*words, "--output", out, "--tempo", "80", "--temperature", "1.2")
    assert (status, said) == (0, f"{out}\n")
    found = read_midi(out)
    assert found.beats_per_minute == pytest.approx(80, rel=1e-4)
    assert pitches_of(found.roll[:3]) == [[60, 64, 67], [], [72]]
    _, lines, _ = command(*words, "--temperature", "1.2")
    (trained / "on.csv").write_text(lines)
    roll, _ = read_csv_roll(trained / "on.csv")
    assert roll.shape == (12, KEYS)
    assert np.array_equal(roll[: len(found.roll)], found.roll)  # a last step of silence has no end in MIDI
    _, short, _ = command(*words, "--primer-steps", "1")
    assert len(short.splitlines()) == 10


def test_generate_writes_other_kinds_of_files(trained: Path, command: Command) -> None:
    for name, begins in (("new.csv", b""), ("new.png", b"\x89PNG"), ("new.midi", b"MThd")):
        words = ["generate", trained / "run", "--length", "8", "--seed", "5", "--output", trained / name]
        assert command(*words)[0] == 0
        assert (trained / name).read_bytes().startswith(begins)
    one_line(command(*words), "new.midi is there already")
    assert command(*words, "--overwrite")[0] == 0
    assert (trained / "new.csv").read_text() == command("generate", trained / "run", "--length", "8", "--seed", "5")[1]


def test_what_was_drawn_when_stopped_is_written(trained: Path) -> None:
    target, calls = trained / "stopped.csv", iter(range(99))

    def poll() -> None:
        if next(calls) == 4:
            raise Interrupted(2)

    said: list[str] = []
    with pytest.raises(Interrupted):
        find_task("music").write(
            model_of(trained), MusicGeneration(output=str(target), seed=5), show=said.append, poll=poll
        )
    assert len(read_csv_roll(target)[0]) == 5
    assert said == [f"{target}\n"]


def test_plot_draws_the_expectations(trained: Path, command: Command) -> None:
    status, out, _ = command("plot", trained / "run", "--output", trained / "pictures")
    assert status == 0
    assert [Path(line).name for line in out.splitlines()] == ["loss.png", "expectations.png"]


def one_line(said: tuple[int, str, str], *words: str) -> None:
    status, _, err = said
    assert status == 2
    assert err.count("\n") == 1, err
    assert err.startswith("error: ")
    for word in words:
        assert word in err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("broken.mid", b"MThd\0\0\0\6\0\1", ["broken.mid", "no MIDI file or damaged"]),
        ("broken.mat", b"MATLAB 5.0 MAT-file" + bytes(200), ["broken.mat", "no .mat file of piano rolls"]),
        ("one.json", b"[[60, 64]]", ["one.json", "no training example"]),
        ("empty.json", b"[]", ["empty.json"]),
        ("empty.csv", b"", ["empty.csv", "no steps"]),
        ("high.csv", b"200\n300\n", ["high.csv"]),
        ("song.txt", b"la la", ["song.txt is no file of music", ".mid"]),
        ("gone.mid", None, ["cannot read", "gone.mid"]),
    ],
)
def test_files_that_hold_no_music(
    tmp_path: Path, command: Command, name: str, content: bytes | None, words: list[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    one_line(command("train", tmp_path / name, "--task", "music", "--run", tmp_path / "run"), *words)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["generate", "RUN", "--prompt", "la"], ["--prompt", "language"]),
        (["generate", "RUN", "--top-k", "3"], ["--top-k", "language"]),
        (["generate", "RUN", "--output", "tune.mp3"], ["tune.mp3", ".mid"]),
        (["generate", "RUN", "--length", "0"], ["length is 0"]),
        (["generate", "RUN", "--temperature", "-1"], ["temperature is -1"]),
        (["generate", "RUN", "--tempo", "0"], ["tempo"]),
        (["generate", "RUN", "--primer", "nonesuch.mid"], ["cannot read nonesuch.mid"]),
        (["predict", "RUN"], ["read from files"]),
        (["train", "-", "--task", "music"], ["read from files"]),
        (["train", "--task", "music", "--transpose", "99", "RUN/../set.json"], ["transpose"]),
    ],
)
def test_words_that_do_not_fit(trained: Path, command: Command, words: list[str], said: list[str]) -> None:
    one_line(command(*(word.replace("RUN", str(trained / "run")) for word in words)), *said)


def test_a_language_model_takes_no_option_of_music(tmp_path: Path, command: Command) -> None:
    vocabulary = Vocabulary.build("character", {"a": 3, "b": 2})
    LanguageModel.build(vocabulary, hidden_size=5, embedding_size=3).save_pretrained(tmp_path)
    assert command("generate", tmp_path, "--length", "7")[0] == 0
    one_line(command("generate", tmp_path, "--tempo", "80"), "--tempo", "of music")
    one_line(command("generate", tmp_path, "--output", "x.mid"), "--output", "of music")
