"""Likely texts of a language model, against all texts there are, each read anew from its document's start."""

from __future__ import annotations

import pytest
import torch
from anew import BYTES, FILES, LETTERS, LINES, WORDS, logits_anew, make

from gatework.errors import InputError
from gatework.generation import BeamOptions, beam_text, generate, loops, writing
from gatework.generation.text import as_text


def every_text(model, prompt: str, length: int, end: int | None = None) -> dict[str, float]:
    """All texts of that length, or up to it where they end, with their log-probabilities."""
    start = writing.prompt_tokens(model, prompt)[0].tolist()
    texts: dict[tuple[int, ...], float] = {(): 0.0}
    done: dict[tuple[int, ...], float] = {}
    for place in range(length + (end is not None)):
        longer = {}
        for text, total in texts.items():
            predicted = torch.log_softmax(logits_anew(model, [*start, *text]), -1).tolist()
            for symbol, probability in enumerate(predicted):
                if symbol == end:
                    done[text] = total + probability
                elif place < length:
                    longer[*text, symbol] = total + probability
        texts = longer
    kept = texts if end is None else done
    return {as_text(model.vocabulary, text): total for text, total in kept.items() if total > -torch.inf}


@pytest.mark.parametrize(
    ("vocabulary", "prompt", "options"),
    [
        (LINES, "", {"cell": "lstm"}),
        (LINES, "ab\n\nc\n", {"cell": "gru", "layers": 2}),
        (LINES, "a\n\n", {"cell": "gru", "learn_initial": True}),
        (LINES, "\n\n\n", {"cell": "gru"}),
        (FILES, "", {"cell": "lstm", "learn_initial": True}),
        (FILES, "ca", {"cell": "gru", "embedding_size": 0}),
        (WORDS, "the cat", {"cell": "gru"}),
    ],
)
def test_a_beam_for_all_texts_finds_them_all_across_documents(vocabulary, prompt, options):
    model = make(vocabulary, lively=1.5, **options).double()
    expected = every_text(model, prompt, 4)
    assert len(expected) == (len(vocabulary) - 1) ** 4
    found = beam_text(model, prompt, 4, BeamOptions(width=len(expected), n_best=len(expected)))
    assert dict(found) == pytest.approx(expected)  # documents in another order are as likely
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


@pytest.mark.parametrize("prompt", ["", "ca"])
def test_texts_to_their_end(prompt):
    model = make(FILES, lively=1.0, cell="lstm").double()
    expected = sorted(every_text(model, prompt, 3, end=FILES.document).items(), key=lambda pair: -pair[1])
    assert len(expected) == 1 + 3 + 9 + 27
    found = beam_text(model, prompt, 3, BeamOptions(width=40, n_best=40), to_end=True)
    assert [(text, pytest.approx(score, rel=1e-10)) for text, score in found] == expected


@pytest.mark.parametrize(("vocabulary", "prompt"), [(LINES, "ab"), (BYTES, "é"), (WORDS, ""), (LETTERS, "f\n")])
def test_width_1_writes_what_a_temperature_of_0_writes(vocabulary, prompt):
    model = make(vocabulary, lively=1.5).double().train()
    ((text, _),) = beam_text(model, prompt, 30, BeamOptions(width=1))
    assert text == generate(model, prompt, length=30, temperature=0)
    assert model.training


def test_what_loops_can_be_kept_from_it():
    model = make(LETTERS, lively=0)
    model.output.bias.data[3] = 9.0
    ((text, _),) = beam_text(model, "", 24)
    assert loops(LETTERS.encode(text).tolist()) == 1
    ((text, _),) = beam_text(model, "", 24, BeamOptions(block_ngrams=3))
    assert len({text[place : place + 3] for place in range(22)}) == 22


@pytest.mark.parametrize(
    ("vocabulary", "arguments", "options", "message"),
    [
        (LETTERS, ("a", 0), {}, "length is 0: it must be at least 1"),
        (LETTERS, ("xyz",), {}, "symbols that the model has never seen"),
        (LETTERS, ("a",), {"to_end": True}, "the documents of this model have no end: leave out to_end"),
        (LINES, ("a",), {"to_end": True}, "the documents of this model end with 2 symbols: leave out to_end"),
    ],
)
def test_what_cannot_be_written_is_refused(vocabulary, arguments, options, message):
    with pytest.raises(InputError, match=message):
        beam_text(make(vocabulary), *arguments, **options)
