"""Texts written by a model, against a writer that reads everything anew for every symbol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from anew import BYTES, FILES, LETTERS, LINES, WORDS, document_starts, logits_anew, make
from torch import Tensor

from gatework.data import Vocabulary
from gatework.errors import DivergedError, InputError
from gatework.generation import Sampling, generate, generate_batch, sample_tokens, writing
from gatework.generation.native import native_generator
from gatework.models import LanguageModel
from gatework.settings import Regularizers


@pytest.fixture(params=["native", "python"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Writes by the native loop, or symbol by symbol from Python; asserts that it was so."""
    found: list[bool] = []

    def chosen(*arguments: Any) -> Any:
        generator = native_generator(*arguments) if request.param == "native" else None
        found.append(generator is not None)
        return generator

    monkeypatch.setattr(writing, "native_generator", chosen)
    yield
    assert set(found) == {request.param == "native"}


def constant(vocabulary: Vocabulary, logits: Any) -> LanguageModel:
    """A model that always gives the same logits."""
    model = make(vocabulary, lively=0)
    model.output.bias.data = torch.as_tensor(logits, dtype=torch.float32)
    return model


@dataclass(frozen=True)
class Watched(Sampling):
    """Remembers the logits that it is given."""

    seen: list[Tensor] = field(default_factory=list)

    def draw(self, logits: Tensor, generator: torch.Generator, recent: Tensor | None = None) -> Tensor:
        self.seen.append(logits.clone())
        return super().draw(logits, generator, recent)


@pytest.mark.parametrize(
    ("vocabulary", "prompt", "start"),
    [
        (LETTERS, "", [1]),
        (LETTERS, "a\nbc", [2, 1, 3, 4]),
        (LINES, "", [1]),
        (LINES, "ab", [1, 2, 3]),
        (LINES, "ab\n\nc", [1, 2, 3, 1, 1, 4]),
        (LINES, "\n\n\nc\n\n", [1, 1, 1, 1, 4, 1, 1]),
        (FILES, "", [1]),
        (FILES, "ca", [1, 4, 2]),
        (BYTES, "é", [0xC3, 0xA9]),
        (BYTES, "", [10]),
        (WORDS, "the cat", [1, 2]),
    ],
)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_every_symbol_is_drawn_from_all_before_it_in_its_document(
    vocabulary: Vocabulary, prompt: str, start: list[int], cell: str
) -> None:
    model, sampling = make(vocabulary, cell=cell, layers=2), Watched(temperature=1.5)
    if vocabulary is WORDS:
        start = vocabulary.encode(prompt).tolist()
    elif vocabulary is not BYTES:
        assert [*model.document_end[-1:], *vocabulary.encode(prompt).tolist()] == start or not prompt
    rows = torch.stack(list(sample_tokens(model, prompt, length=30, samples=2, seed=2, sampling=sampling)))
    assert rows.shape == (30, 2)
    ends = 0
    for row in range(2):
        tokens = list(start)
        for step, symbol in enumerate(rows[:, row].tolist()):
            torch.testing.assert_close(sampling.seen[step][row], logits_anew(model, tokens), rtol=1e-4, atol=1e-5)
            tokens.append(symbol)
        ends += len(document_starts(tokens, model.document_end)) - 1
    assert bool(ends) == bool(model.document_end)  # the case was met


@pytest.mark.usefixtures("way")
def test_greedy_takes_the_likeliest_each_time() -> None:
    model = make(lively=2)
    tokens = LETTERS.encode("fab").tolist()
    for _ in range(40):
        tokens.append(int(logits_anew(model, tokens).argmax()))
    assert generate(model, "fab", length=40, temperature=0) == LETTERS.decode(tokens[3:])
    assert generate_batch(model, "fab", samples=3, length=40, temperature=0) == [LETTERS.decode(tokens[3:])] * 3


@pytest.mark.usefixtures("way")
def test_the_prompt_is_gone_on_from() -> None:
    model = make(lively=2)
    whole = generate(model, "fab", length=30, temperature=0)
    assert generate(model, "fab" + whole[:11], length=19, temperature=0) == whole[11:]
    assert generate(model, "cab", length=30, temperature=0) != whole


@pytest.mark.usefixtures("way")
def test_a_seed_reproduces_and_leaves_other_randomness_alone() -> None:
    model = make()
    first = generate(model, length=50, seed=4)
    state = torch.get_rng_state()
    assert generate(model, length=50, seed=4) == first
    assert torch.equal(torch.get_rng_state(), state)
    assert generate(model, length=50, seed=5) != first
    assert generate(model, length=50) != generate(model, length=50)
    assert generate_batch(model, samples=2, length=50, seed=4) == generate_batch(model, samples=2, length=50, seed=4)
    assert len(set(generate_batch(model, samples=5, length=50, seed=4))) == 5


@pytest.mark.usefixtures("way")
def test_symbols_come_as_often_as_the_model_says() -> None:
    logits = np.array([9.0, 0.5, 1.0, -1.0, 0.0, 0.3, -0.5, 1.2])
    model = constant(LETTERS, logits)
    logits[0] = -np.inf  # unknown
    probabilities = np.exp(logits / 0.8) / np.exp(logits / 0.8).sum()
    rows = torch.stack(list(sample_tokens(model, "", length=200, samples=20, seed=1, sampling=Sampling())))
    for counts in (np.bincount(rows.flatten(), minlength=8), np.bincount(rows[:, 7], minlength=8)):
        wanted = counts.sum() * probabilities
        assert counts[0] == 0
        assert ((counts - wanted)[1:] ** 2 / wanted[1:]).sum() < 27.9  # chi-square of 6, 99.99 %


@pytest.mark.usefixtures("way")
def test_batches_are_as_long_as_asked() -> None:
    model = make()
    texts = generate_batch(model, "ab", samples=4, length=31, seed=3)
    assert [len(text) for text in texts] == [31] * 4


@pytest.mark.parametrize("vocabulary", [LETTERS, WORDS, FILES])
@pytest.mark.usefixtures("way")
def test_the_unknown_symbol_is_never_written(vocabulary: Vocabulary) -> None:
    logits = np.full(len(vocabulary), -30.0)
    logits[vocabulary.unknown] = 30
    model = constant(vocabulary, logits)
    for options in ({"temperature": 0}, {"temperature": 1.0}, {"top_k": 1}, {"top_p": 0.1}, {"temperature": 1e-30}):
        tokens = torch.cat(list(sample_tokens(model, "", length=20, seed=1, sampling=Sampling(**options))))
        assert vocabulary.unknown not in tokens.tolist()


@pytest.mark.usefixtures("way")
def test_the_repetition_penalty_looks_at_what_was_written_and_at_the_prompt() -> None:
    model = constant(LETTERS, [0.0, 1.0, 1.9, 1.8, 1.7, 1.6, 1.5, -3.0])
    assert generate(model, "\n", length=3, temperature=0, repetition_penalty=4.0) == "abc"
    assert generate(model, "\nab", length=3, temperature=0, repetition_penalty=4.0) == "cde"
    assert generate(model, "\nab", length=3, temperature=0) == "aaa"


@pytest.mark.usefixtures("way")
def test_the_repetition_penalty_forgets_after_a_while() -> None:
    model = constant(LETTERS, [0.0, 1.0, 2.0, 0.9, 0.9, 0.9, 0.9, 0.9])
    assert generate(model, "a" + "\n" * 63, length=1, temperature=0, repetition_penalty=1.9) == "a"
    assert generate(model, "a" + "\n" * 64, length=1, temperature=0, repetition_penalty=3.0) == "a"
    assert generate(model, "a" + "\n" * 63, length=1, temperature=0, repetition_penalty=3.0) != "a"


def test_bytes_come_out_as_whole_characters() -> None:
    text = "né 😀—ß"
    model = constant(BYTES, [0.0] * 256)
    script = iter(text.encode() * 2)

    class Scripted(Sampling):
        def draw(self, logits: Tensor, generator: torch.Generator, recent: Tensor | None = None) -> Tensor:
            return torch.tensor([next(script)])

    length = len(text.encode())
    assert generate(model, length=length, sampling=Scripted()) == text
    decoder = BYTES.decoder()
    pieces = [decoder.feed(row.tolist()) for row in sample_tokens(model, "", length=length, sampling=Scripted())]
    assert "".join(pieces) + decoder.flush() == text
    assert {len(piece) for piece in pieces} == {0, 1}
    script = iter("é".encode()[:1] * 9)
    assert generate(model, length=2, sampling=Scripted()) == "\ufffd\ufffd"


@pytest.mark.parametrize(("length", "samples"), [(0, 1), (-1, 1), (5, 0), (5, -2)])
def test_nothing_cannot_be_written(length: int, samples: int) -> None:
    with pytest.raises(InputError, match="at least 1"):
        sample_tokens(make(), "", length=length, samples=samples, sampling=Sampling())
    with pytest.raises(InputError, match="at least 1"):
        generate_batch(make(), length=length, samples=samples)


def test_a_prompt_of_unknown_symbols_is_refused_with_their_names() -> None:
    with pytest.raises(InputError, match=r"'Z' '\\t'"):
        generate(make(), "aZ\tbZ")
    with pytest.raises(InputError, match="'dog'"):
        generate(make(WORDS), "the dog")


def test_the_prompt_is_checked_before_anything_is_drawn() -> None:
    with pytest.raises(InputError, match="'Z'"):
        sample_tokens(make(), "Z", length=1, sampling=Sampling())


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.usefixtures("way")
def test_the_model_is_left_in_its_mode(training: bool) -> None:
    model = make(dropout=0.5).train(training)
    texts = {generate(model, length=40, seed=1) for _ in range(3)}
    assert len(texts) == 1  # no dropout while it writes
    assert model.training is training
    rows = sample_tokens(model, "", length=40, sampling=Sampling())
    next(rows)
    rows.close()
    assert model.training is training


@pytest.mark.usefixtures("way")
def test_writing_can_be_stopped() -> None:
    polls = 0

    def poll() -> None:
        nonlocal polls
        polls += 1
        if polls == 4:
            raise KeyboardInterrupt

    model, written = make().train(), []
    with pytest.raises(KeyboardInterrupt):
        written.extend(sample_tokens(model, "", length=40, sampling=Sampling(), poll=poll))
    assert model.training


@pytest.mark.usefixtures("way")
def test_options_and_a_sampling_are_the_same() -> None:
    model = make()
    assert generate(model, length=40, seed=1, temperature=0.4, top_k=3) == generate(
        model, length=40, seed=1, sampling=Sampling(temperature=0.4, top_k=3)
    )
    with pytest.raises(TypeError):
        generate(model, length=4, temprature=0.4)
    with pytest.raises(TypeError):
        generate(model, length=4, sampling=Sampling(), temperature=0.4)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("vocabulary", "prompt"),
    [
        (LETTERS, "a\nbc"),
        (LINES, ""),
        (LINES, "ab\n\nc"),
        (LINES, "\n\n\nc\n\n"),
        (FILES, "ca"),
        (BYTES, "é"),
        (WORDS, ""),
    ],
)
@pytest.mark.parametrize("options", [{"cell": "lstm", "layers": 2}, {"cell": "gru", "embedding_size": 0}])
@pytest.mark.parametrize("learn_initial", [True, False])
def test_both_ways_write_what_the_model_finds_likeliest(
    vocabulary: Vocabulary, prompt: str, options: dict[str, Any], learn_initial: bool
) -> None:
    model = make(vocabulary, lively=1.5, learn_initial=learn_initial, **options).double()
    tokens = writing.prompt_tokens(model, prompt)[0].tolist()
    sampling = Sampling(temperature=0)
    drawn = [int(row[0]) for row in sample_tokens(model, prompt, length=60, sampling=sampling)]
    for symbol in drawn:
        assert symbol == int(logits_anew(model, tokens).argmax())
        tokens.append(symbol)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.output.register_forward_hook(lambda *given: None),
        lambda model: setattr(model.stack.layers[0][0], "engine", "loop"),
        lambda model: setattr(model, "output", torch.nn.Sequential(model.output)),
        lambda model: model.bfloat16(),
        lambda model: setattr(model.stack.layers[0], "norm", torch.nn.LayerNorm(5)),
        lambda model: model.stack.double(),
        lambda model: setattr(model.stack.layers[0][0], "regularizers", Regularizers(zoneout={"all": 0.1})),
    ],
)
def test_what_the_native_loop_would_not_do_is_left_to_python(change: Any) -> None:
    model, randomness = make().eval(), torch.Generator()
    assert native_generator(model, Sampling(), 2, 64, randomness) is not None
    assert native_generator(model, Watched(), 2, 64, randomness) is None
    change(model)
    assert native_generator(model, Sampling(), 2, 64, randomness) is None


@pytest.mark.usefixtures("way")
def test_a_model_that_has_diverged_is_named() -> None:
    model = constant(LETTERS, [0.0, 1.0, torch.nan, 0.9, 0.9, 0.9, 0.9, 0.9])
    with pytest.raises(DivergedError):
        generate(model, length=5)


@pytest.mark.usefixtures("way")
def test_a_long_text_of_many_is_written_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make()
    monkeypatch.setattr(writing, "_SECONDS_AT_ONCE", 60)
    whole = generate_batch(model, "ab", samples=3, length=50, seed=1)
    monkeypatch.setattr(writing, "_MOST_AT_ONCE", 7)
    assert generate_batch(model, "ab", samples=3, length=50, seed=1) == whole


@pytest.mark.usefixtures("way")
def test_a_poll_ends_the_reading_of_a_prompt_or_the_first_symbol() -> None:
    def poll() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(sample_tokens(make(), "abc" * 50, length=1, sampling=Sampling(), poll=poll))
