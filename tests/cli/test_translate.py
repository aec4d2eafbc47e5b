"""Translation from the command line: train, predict, evaluate, plot; what is wrong is said in one line."""

from __future__ import annotations

import json
import shutil

import pytest

from gatework.cli.main import status_of
from gatework.data.translation.translation_scores import corpus_scores

PAIRS = [
    (f"{number} {colour} {thing}s run .", f"{zahl} {farbe} {ding}e rennen .")
    for number, zahl in (("two", "zwei"), ("three", "drei"), ("four", "vier"))
    for colour, farbe in (("red", "rote"), ("blue", "blaue"), ("big", "grosse"))
    for thing, ding in (("dog", "hund"), ("horse", "pferd"), ("sheep", "schaf"))
]
SMALL = ["--hidden-size", "5", "--embedding-size", "7", "--batch", "5", "--epochs", "2", "--level", "token"]


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A run of two epochs."""
    folder = tmp_path_factory.mktemp("translation")
    for name, side in (("pairs.en", 0), ("pairs.de", 1)):
        (folder / name).write_text("".join(pair[side] + "\n" for pair in PAIRS), encoding="utf-8")
    sources = [str(folder / "pairs.en"), str(folder / "pairs.de")]
    assert status_of(["train", *sources, "--test", "0.1", "--run", str(folder / "run"), *SMALL]) == 0
    return folder


@pytest.fixture
def run(once, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    shutil.copytree(once / "run", tmp_path / "run")
    for name in ("pairs.en", "pairs.de"):
        shutil.copy(once / name, tmp_path)
    return tmp_path / "run"


def test_two_files_of_two_languages_are_known_as_a_translation(run):
    config = json.loads((run / "config.json").read_text())
    assert config["task"] == "translate"
    samples = (run / "samples.txt").read_text()
    assert samples.count("  should be ") == 2 * 3  # epochs, examples shown


def test_predict_streams_json_and_text(command, run, tmp_path):
    (tmp_path / "new.txt").write_text("two red dogs run .\n\nfour big sheeps run .\n", encoding="utf-8")
    said = command("predict", run, "new.txt", "--n-best", "2", "--beam", "3")
    assert said.status == 0
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert [answer["source"] for answer in answers] == ["two red dogs run .", "", "four big sheeps run ."]
    assert answers[1]["translation"] == ""
    for answer in (answers[0], answers[2]):
        assert answer["n_best"][0] == {"translation": answer["translation"], "score": answer["score"]}
        assert answer["n_best"][1]["score"] <= answer["score"]
    plain = command("predict", run, "new.txt", "--beam", "3", "--format", "text")
    assert plain.out.splitlines() == [answer["translation"] for answer in answers]


def test_evaluate_says_how_bleu_was_measured(command, run):
    said = command("evaluate", run, "--part", "test")
    assert said.status == 0
    assert "tokenize none" in said.out
    assert "13a" in said.out
    assert "beam 5, length penalty" in said.out
    record = json.loads(command("evaluate", run, "--part", "test", "--json").out)
    assert {"loss", "perplexity", "accuracy", "bleu_none", "bleu_13a", "chrf"} <= record.keys()


def test_evaluate_searches_as_it_is_told(command, run):
    options = ["--beam", "1", "--length-penalty", "0"]
    said = command("evaluate", run, "pairs.en", "pairs.de", *options)
    assert "beam 1, length penalty 0" in said.out
    record = json.loads(command("evaluate", run, "pairs.en", "pairs.de", "--json", *options).out)
    lines = command("predict", run, "pairs.en", "--format", "text", *options).out.splitlines()
    scores = corpus_scores(lines, [target for _, target in PAIRS])
    assert {name: record[name] for name in scores} == pytest.approx(scores)


def test_evaluate_on_other_data_scores_the_translations(command, run, tmp_path):
    record = json.loads(command("evaluate", run, "pairs.en", "pairs.de", "--json").out)
    lines = command("predict", run, "pairs.en", "--format", "text").out.splitlines()
    scores = corpus_scores(lines, [target for _, target in PAIRS])
    assert {name: record[name] for name in scores} == pytest.approx(scores)


def test_evaluate_without_sacrebleu_gives_the_loss_and_a_note(command, run, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sacrebleu", None)
    said = command("evaluate", run, "--json")
    assert said.status == 0
    assert "chrf" not in json.loads(said.out)
    assert "pip install 'gatework[translate]'" in said.err


def test_a_resumed_run_reads_its_own_pairs(command, run):
    config = json.loads((run / "config.json").read_text())
    config["data"]["sources"] = [str(run.parent / name) for name in ("pairs.en", "pairs.de")]
    (run / "config.json").write_text(json.dumps(config))
    said = command("train", "--resume", run, "--epochs", "3")
    assert said.status == 0
    assert (run / "samples.txt").read_text().count("  should be ") == 3 * 3


@pytest.mark.pictures
def test_pictures_of_attention(command, run):
    said = command("plot", run, "--output", "pictures")
    assert said.status == 0
    assert [line.rsplit("/")[-1] for line in said.out.splitlines()] == [
        "loss.png",
        *(f"attention-{number}.png" for number in (1, 2, 3)),
    ]
    assert (run.parent / "pictures" / "attention-1.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "pairs.en", "short.de", *SMALL], "pairs.en has 27 lines but short.de only 2"),
        (["train", "pairs.en", *SMALL], "pairs.en line 1 has no tab"),
        (
            ["train", "pairs.en", "pairs.de", "--attention", "none", "--input-feeding"],
            "input feeding needs an attention",
        ),
        (["train", "pairs.en", "pairs.de", "--attention", "cosine"], "--attention"),
        (["train", "pairs.en", "pairs.de", "--tied", "all", *SMALL], "Add --shared-vocabulary"),
        (["train", "pairs.en", "pairs.de", "--cell", "gruu", *SMALL], "gru"),
        (["train", "pairs.en", "pairs.de", "--source-column", "en"], "both --source-column and --target-column"),
        (["predict", "run", "missing.txt"], "cannot read missing.txt"),
        (["predict", "run", "pairs.en", "--n-best", "9"], "--n-best is 9, more than --beam 5"),
        (["predict", "run", "pairs.en", "--dictionary", "missing.tsv"], "missing.tsv"),
        (["evaluate", "run", "pairs.en"], "pairs.en line 1 has no tab"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(command, run, words, message):
    (run.parent / "short.de").write_text("eins\nzwei\n")
    said = command(*words, *(["--task", "translate"] if words[0] == "train" else []))
    assert said.status == 2
    assert message in said.err
    assert len(said.err.strip().splitlines()) == 1
