"""Which task data are for, by their looks; where they could be for two, nothing is guessed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from gatework.errors import InputError
from gatework.tasks import guess_task

FILES = {
    "book.txt": "It was a dark night.\n\nAnd a stormy one.\n",
    "airline.csv": "month,passengers\n1949-01,112\n1949-02,118\n1949-03,132\n1949-04,129\n",
    "reviews.csv": "text,label\nfine,good\nawful,bad\n",
    "reviews.jsonl": '{"sentence": "fine", "class": "good"}\n{"sentence": "awful", "class": "bad"}\n',
    "mails.tsv": "hello you\tham\nbuy now\tspam\n",
    "tags.tsv": "The\tDET\ncat\tNOUN\n\nIt\tPRON\nran\tVERB\n\n",
    "pairs.tsv": "source\ttarget\na house\tein Haus\na dog\tein Hund\n",
    "mixed.csv": "name,price\nred,cheap\nblue,dear\n",
    "train.en": "a house\n",
    "train.de": "ein Haus\n",
    "tune.mid": "",
    "rolls.mat": "",
    "series.ts": "",
    "film.pos": "fine\n",
    "film.neg": "awful\n",
    "speech/a.wav": "",
    "speech/transcripts.csv": "path,text\na.wav,one\n",
    "sounds/a.wav": "",
    "commands/a.wav": "",
    "commands/words.tsv": "file\tclass\na.wav\tstop\n",
    "both/a.wav": "",
    "both/both.csv": "file,text,label\na.wav,stop it,angry\n",
    "recordings.csv": "path,label\nsounds/a.wav,stop\n",
    "transcripts.csv": "path,sentence\nsounds/a.wav,stop it\n",
    "names/Arabic.txt": "Said\n",
    "names/Czech.txt": "Novak\n",
}


CERTAIN = [
    ([], "language"),
    (["book.txt"], "language"),
    (["names"], "language"),  # texts in a folder are texts
    (["airline.csv"], "forecast"),
    (["reviews.csv"], "classify"),
    (["reviews.jsonl"], "classify"),
    (["mails.tsv"], "classify"),
    (["tags.tsv"], "tag"),
    (["pairs.tsv"], "translate"),
    (["train.en", "train.de"], "translate"),
    (["tune.mid"], "music"),
    (["rolls.mat"], "music"),
    (["series.ts"], "classify"),
    (["film.pos", "film.neg"], "classify"),
    (["speech"], "transcribe"),
    (["commands"], "classify"),
    (["both"], "transcribe"),  # a text beside a recording is what is said in it
    (["recordings.csv"], "classify"),
    (["transcripts.csv"], "transcribe"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("data")
    for name, text in FILES.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
    return place


@pytest.mark.parametrize(("names", "task"), CERTAIN)
def test_data_without_doubt(folder: Path, names: list[str], task: str) -> None:
    assert guess_task([str(folder / name) for name in names]) == task


COMPRESSED = {
    "book.txt",
    "airline.csv",
    "reviews.csv",
    "reviews.jsonl",
    "mails.tsv",
    "tags.tsv",
    "pairs.tsv",
    "train.en",
}


@pytest.mark.parametrize(("names", "task"), [one for one in CERTAIN if COMPRESSED.intersection(one[0])])
def test_compressed_data_are_for_the_same(folder: Path, tmp_path: Path, names: list[str], task: str) -> None:
    for name in names:
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
    assert guess_task([str(tmp_path / f"{name}.gz") for name in names]) == task


@pytest.mark.parametrize(("name", "words"), [("mixed.csv", "--task"), ("sounds", "--task classify or transcribe")])
def test_data_that_could_be_for_several(folder: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        guess_task([str(folder / name)])


def test_standard_input_and_files_that_are_not_there_are_texts(folder: Path) -> None:
    assert guess_task(["-"]) == "language"
    assert guess_task([str(folder / "none.txt")]) == "language"
