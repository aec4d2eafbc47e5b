"""The task classify on the command line: from each form of data to answers, and one line for each kind of bad input."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatework.cli.main import status_of
from gatework.data.sound.audio import write_wav

TINY = ("--task", "classify", "--hidden-size", "5", "--embedding-size", "3", "--epochs", "2", "--batch", "7")


def write_table(path: Path) -> None:
    """Words of two classes, told apart by their letters."""
    generator = np.random.default_rng(3)
    rows = []
    for number in range(60):
        letters = "abc" if number % 2 else "xyz"
        rows.append(f"{''.join(generator.choice(list(letters), 2 + number % 5))},{'front' if number % 2 else 'back'}\n")
    path.write_text("text,label\n" + "".join(rows), encoding="utf-8")


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classify")
    write_table(folder / "words.csv")
    words = ["train", folder / "words.csv", "--test", "0.2", "--run", folder / "run", *TINY]
    words += ["--pooling", "attention", "--epochs", "12", "--learning-rate", "0.03"]
    assert status_of([str(word) for word in words]) == 0
    return folder


@pytest.fixture
def there(trained_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with words.csv and its run."""
    shutil.copytree(trained_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    config["data"]["sources"] = [str(tmp_path / "words.csv")]
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    return tmp_path


def answers(said: Any) -> list[dict[str, Any]]:
    assert said.status == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


def test_it_learns_and_is_measured(there: Path, command: Callable[..., Any]) -> None:
    config = json.loads((there / "run" / "config.json").read_text())
    assert config["data"]["level"] == "character"  # what was chosen is kept
    found = answers(command("evaluate", "run", "--part", "test", "--json"))[0]
    assert (found["count"], found["accuracy"]) == (12, 1.0)
    assert found["classes"]["front"] == {"precision": 1, "recall": 1, "f1": 1, "examples": 6}
    assert found["confusion"] == [[6, 0], [0, 6]]
    said = command("evaluate", "run")
    assert "accuracy" in said.out
    assert any(line.split()[0] == "front" for line in said.out.splitlines())
    assert (there / "run" / "plots" / "confusion.png").exists()
    samples = (there / "run" / "samples.txt").read_text()
    assert " -> front (" in samples


@pytest.mark.pictures
def test_pictures(there: Path, command: Callable[..., Any]) -> None:
    said = command("plot", "run", "--output", "drawn")
    assert said.status == 0
    for name in ("loss.png", "confusion.png", "attention.png"):
        assert (there / "drawn" / name).read_bytes().startswith(b"\x89PNG")


def test_lines_and_tables_are_answered(there: Path, command: Callable[..., Any]) -> None:
    Path("lines.txt").write_text("abcab\n\nzyx\n", encoding="utf-8")
    first, second, third = answers(command("predict", "run", "lines.txt"))
    assert (first["label"], third["label"]) == ("front", "back")
    assert first["probability"] == first["probabilities"]["front"] > 0.5
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert second == {"label": None, "error": "lines.txt, line 2 is empty"}
    assert (
        command("predict", "run", "lines.txt", "--format", "text").out.splitlines()[1] == "\tlines.txt, line 2 is empty"
    )
    assert [
        list(one["probabilities"]) for one in answers(command("predict", "run", "lines.txt", "--top", "1"))[::2]
    ] == [
        ["front"],
        ["back"],
    ]
    Path("rows.tsv").write_text("id\tnotes\tabout\n1\tx\tabc\n2\ta\tzzz\n")
    rows = answers(command("predict", "run", "rows.tsv", "--text-column", "about", "--batch", "1"))
    assert [row["label"] for row in rows] == ["front", "back"]
    said = command("predict", "run", "rows.tsv")
    assert said.status == 2
    assert "no column of texts among 'id', 'notes', 'about'" in said.err
    for name in ("series.ts", "sound.wav"):
        Path(name).write_text("@data\n1,2:up\n")
        said = command("predict", "run", name)
        assert (said.status, said.err.count("\n")) == (2, 1)
        assert f"the model reads texts, and {name} holds none" in said.err
    assert "cannot read run (Is a directory). Name the files in it" in command("predict", "run", "run").err
    Path("files.csv").write_text("file,text\nzzz.wav,abc\nabc.wav,zzz\n")
    assert [row["label"] for row in answers(command("predict", "run", "files.csv"))] == ["front", "back"]
    Path("bare.tsv").write_text("front\tabc\nback\tzzz\n")
    said = command("predict", "run", "bare.tsv")
    assert [row["label"] for row in answers(said)] == ["front", "back"]
    assert "bare.tsv: it has no header, column 2 for texts" in said.err
    Path("other.csv").write_text("body,about,label\nabc,zzz,front\nzzz,abc,back\n")
    found = command("evaluate", "run", "other.csv", "--text-column", "body", "--json")
    assert json.loads(found.out)["accuracy"] == 1
    assert json.loads(command("evaluate", "run", "other.csv", "--text-column", "about", "--json").out)["accuracy"] == 0


def test_standard_input(there: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"abc\nzzy\n")))
    assert [one["label"] for one in answers(command("predict", "run"))] == ["front", "back"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"body": "abc"}\n{"other": 1}\n')))
    said = command("predict", "run", "-", "--text-column", "body", "--batch", "1")
    assert json.loads(said.out.splitlines()[0])["label"] == "front"
    assert said.status == 2
    assert "standard input, line 2 has no text under 'body'" in said.err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((there / "words.csv").read_bytes())))
    assert command("train", "-", "--run", "piped", *TINY).status == 0
    assert command("evaluate", "piped").status == 0


def test_series(tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    head = "@univariate false\n@classLabel true up down\n@data\n"
    cases = [f"{n},{n + 1 if n % 2 else n - 1}:0,{n}:{'up' if n % 2 else 'down'}\n" for n in range(20)]
    Path("some.ts").write_text(head + "".join(cases) + "5:5:up\n")  # the last is of one step
    assert command("train", "some.ts", "--run", "run", *TINY).status == 0
    assert len(answers(command("predict", "run", "some.ts"))) == 21
    Path("bad.ts").write_text(head + "1,2:3,?:up\n")
    for words, cause in [
        (["predict", "run", "bad.ts"], "bad.ts lacks values (line 4)"),
        (["train", "bad.ts", *TINY], "bad.ts lacks values (line 4)"),
        (["predict", "run", "some.csv"], "the model reads series, and some.csv is no .ts file"),
    ]:
        said = command(*words)
        assert said.status == 2
        assert cause in said.err
        assert len(said.err.splitlines()) == 1


def test_series_that_lack_values_are_filled_in_when_asked(
    tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    head = "@univariate true\n@classLabel true up down\n@data\n"
    cases = [f"{n},{n + 1 if n % 2 else n - 1},{n}:{'up' if n % 2 else 'down'}\n" for n in range(20)]
    Path("some.ts").write_text(head + "".join(cases))
    assert command("train", "some.ts", "--run", "run", *TINY).status == 0
    Path("lacking.ts").write_text(head + "1,?,3:up\n4,3,2:down\n")
    Path("whole.ts").write_text(head + "1,2,3:up\n4,3,2:down\n")
    said = command("predict", "run", "lacking.ts", "--missing", "interpolate")
    assert answers(said) == answers(command("predict", "run", "whole.ts"))
    assert "lacking.ts: 1 missing values interpolated in 1 series" in said.err
    measured = [
        command("evaluate", "run", name, "--missing", "interpolate", "--json") for name in ("lacking.ts", "whole.ts")
    ]
    assert [one.status for one in measured] == [0, 0]
    losses = [json.loads(one.out)["loss"] for one in measured]
    assert losses[0] == losses[1]
    for words, cause in [
        (["predict", "run", "lacking.ts", "--missing", "refuse"], "lacking.ts lacks values (line 4)"),
        (["evaluate", "run", "lacking.ts"], "lacking.ts lacks values (line 4)"),
        (["evaluate", "run", "--missing", "interpolate"], "--missing says how DATA are read"),
    ]:
        said = command(*words)
        assert said.status == 2
        assert cause in said.err
        assert len(said.err.splitlines()) == 1


def test_recordings(tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(12):
        tone = np.sin(np.arange(300) * (0.3 if number % 2 else 1.2)) * (0.5 + number / 40)
        write_wav(Path("sounds") / f"{number % 2}_anna_{number}.wav", tone, 2000)
    assert command("train", "sounds", "--bands", "7", "--run", "run", *TINY).status == 0
    write_wav("other.wav", np.sin(np.arange(600) * 0.15), 4000)
    (found,) = answers(command("predict", "run", "other.wav"))
    assert (found["path"], found["note"]) == ("other.wav", "resampled from 4000 to 2000 Hz")
    assert len(answers(command("predict", "run", "sounds"))) == 12
    Path("list.txt").write_text("other.wav\n\nsounds/0_anna_0.wav\n")
    assert [one["path"] for one in answers(command("predict", "run", "list.txt"))] == [
        "other.wav",
        "sounds/0_anna_0.wav",
    ]
    Path("list.txt").write_text("gone.wav\n")
    Path("noise.wav").write_bytes(b"hiss")
    Path("empty").mkdir()
    for source, cause in [
        ("empty", "the folder empty holds no recordings"),
        ("list.txt", "list.txt, line 1: there is no file gone.wav"),
        ("noise.wav", "is not a WAV"),
    ]:
        said = command("predict", "run", source)
        assert said.status == 2
        assert cause in said.err


@pytest.mark.parametrize(
    ("content", "options", "cause"),
    [
        ("a,b,c\n1,2,3\n", [], "no column of labels among 'a', 'b', 'c'"),
        ("text,label\nx,y\n", ["--label-column", "lable"], "no column 'lable', only 'text', 'label'"),
        ("text,label\nx,y\nz,y\n", [], "all 2 training examples have the label 'y'"),
        ("text,label\n,y\n", [], "gives no training example"),
        ("text,label\nx,y\nz,w\n", ["--frozen"], "--frozen keeps pretrained vectors as they are, and there are none"),
        ("text,label\nx,y\nz,w\n", ["--class-weights", '{"q": 1}'], "a weight of 'q', which is no class"),
        ("text,label\nx,y\nz,w\n", ["--word-vectors", "none.txt"], "cannot read none.txt"),
    ],
)
def test_bad_data(content: str, options: list[str], cause: str, place: Path, command: Callable[..., Any]) -> None:
    Path("some.csv").write_text(content)
    said = command("train", "some.csv", "--run", "run", *TINY, *options)
    assert said.status == 2
    assert cause in said.err
    assert len(said.err.splitlines()) == 1
    assert not Path("run").exists()


def test_labels_that_the_model_does_not_know(there: Path, command: Callable[..., Any]) -> None:
    Path("new.csv").write_text("text,label\nabc,front\nabb,middle\n")
    said = command("evaluate", "run", "new.csv")
    assert said.status == 2
    assert "new.csv has labels that the model does not know: 'middle' (1 example)" in said.err
    Path("new.csv").write_text("text,label\nabc,front\n,front\n")
    said = command("evaluate", "run", "new.csv", "--json")
    assert (json.loads(said.out)["count"], said.err) == (1, "note: 1 empty example left out\n")


def test_pretrained_vectors(there: Path, command: Callable[..., Any]) -> None:
    Path("vectors.txt").write_text("".join(f"{letter} {n} 1 0 -{n}\n" for n, letter in enumerate("abcxy", start=1)))
    options = ["train", "words.csv", "--run", "wider", "--task", "classify", "--hidden-size", "5", "--epochs", "1"]
    said = command(*options, "--word-vectors", "vectors.txt", "--frozen")
    assert said.status == 0
    assert "vectors of 83.3% of the training symbols" in said.out
    Path("vectors.txt").rename("moved.txt")
    assert command("evaluate", "wider").status == 0  # what was learnt needs the file no more
    assert command("words", "wider", "--coverage", "moved.txt").out.startswith("5 of 7 symbols (71.4%) have vectors")
    said = command(*options[:2], *TINY, "--word-vectors", "moved.txt")
    assert "vectors have 4 numbers, --embedding-size is 3" in said.err
