"""The caption model against plain torch.nn modules and plain words: no test of it trusts its own output."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import nn

from gatework.cells.exchange import to_torch
from gatework.data.pictures.captions import CaptionCodec, Captioned
from gatework.data.scaling import Scaling
from gatework.data.text.symbols import END, START, Symbols
from gatework.errors import InputError
from gatework.generation import BeamOptions, beam_search
from gatework.generation.translating import DecoderSearch
from gatework.models.caption import Captioner
from gatework.models.regions import PictureRegions
from gatework.training import measure

SYMBOLS = Symbols("word", ("<unknown>", START, END, *"abcdefgh"), special=3)
PICTURES = CaptionCodec(SYMBOLS, 12)
VECTORS = CaptionCodec(SYMBOLS, 12, Scaling((0.0,) * 5, (1.0,) * 5))
SMALL = {"hidden_size": 7, "embedding_size": 5, "channels": 3, "region_size": 11, "convolutions": 2, "reading_size": 3}
DRAW = np.random.default_rng(7)


def examples(codec: CaptionCodec, count: int = 6) -> list[Captioned]:
    """Random pictures or vectors, each with one to three captions of different lengths."""
    found = []
    for number in range(count):
        shape = (3, 12, 12) if codec.scaling is None else (1 + number % 4, 5)
        seen = DRAW.integers(0, 256, shape).astype(np.uint8)
        seen = seen if codec.scaling is None else (seen / 128 - 1).astype(np.float32)
        captions = [DRAW.integers(3, len(SYMBOLS), 1 + (number + k) % 5) for k in range(1 + number % 3)]
        captions = [np.append(one, codec.end).astype(np.int64) for one in captions]
        found.append(Captioned(seen, tuple(captions), number % 4, f"{number}"))
    return found


def model_of(codec: CaptionCodec, **options: Any) -> Captioner:
    return Captioner.build(codec, **{**SMALL, "dropout": 0.0, "word_dropout": 0.0, **options}).eval()


def one_by_one(model: Captioner, found: list[Captioned]) -> list[list[torch.Tensor]]:
    """The log-probabilities (steps, symbols) of each caption of each picture, alone."""
    alone = []
    for one in found:
        rows = [model(model.collate([one._replace(captions=(caption,))]))[0] for caption in one.captions]
        alone.append([row.log_softmax(dim=-1) for row in rows])
    return alone


KINDS: list[tuple[CaptionCodec, dict[str, Any]]] = [
    (PICTURES, {"input_feeding": True, "colours": "together"}),
    (PICTURES, {"reading_size": 0, "cell": "gru", "layers": 3}),
    (PICTURES, {"attention": "none", "input_feeding": False, "cell": "elman"}),
    (VECTORS, {"attention": "general", "input_feeding": True}),
    (VECTORS, {"attention": "dot", "region_size": 7, "input_feeding": False, "layers": 2}),
    (VECTORS, {"attention": "none", "input_feeding": False, "cell": "slstm"}),
]


@pytest.mark.parametrize(("codec", "options"), KINDS)
@torch.no_grad()
def test_padding_and_neighbours_change_nothing(codec: CaptionCodec, options: dict[str, Any]) -> None:
    model, found = model_of(codec, **options), examples(codec)
    together, real = model(model.collate(found))
    block = torch.full((*real.shape, len(SYMBOLS)), torch.nan)
    block[real] = together.log_softmax(dim=-1)
    captions = [row for rows in one_by_one(model, found) for row in rows]
    for column, alone in enumerate(captions):
        torch.testing.assert_close(block[: len(alone), column], alone, atol=1e-5, rtol=1e-4)
        assert block[len(alone) :, column].isnan().all()


@pytest.mark.parametrize(("codec", "options"), KINDS[:2] + KINDS[3:4])
@torch.no_grad()
def test_totals_are_what_they_say(codec: CaptionCodec, options: dict[str, Any]) -> None:
    """Loss, right symbols and exact captions, counted again with loops; and some captions made right."""
    model, found = model_of(codec, **options), examples(codec, 9)
    model.decoder.output.bias[codec.end] += 2  # so that it comes to an end
    written = _greedy(model, found, 20)
    assert {len(text) for text in written} <= set(range(20))
    for place in (1, 4, 6):  # these have what the model writes among their captions
        one = found[place]
        found[place] = one._replace(captions=(*one.captions, np.array([*written[place], codec.end])))
    totals, alone = model.totals(model.collate(found)), one_by_one(model, found)
    loss = right = symbols = 0.0
    for one, rows in zip(found, alone, strict=True):
        for caption, row in zip(one.captions, rows, strict=True):
            row[:, codec.start] = -math.inf
            loss -= float(sum(row[step, symbol] for step, symbol in enumerate(caption)))
            right += sum(int(row[step].argmax()) == symbol for step, symbol in enumerate(caption))
            symbols += len(caption)
    exact = [
        any(np.array_equal([*text, codec.end], caption) for caption in one.captions)
        for text, one in zip(written, found, strict=True)
    ]
    assert sum(exact) >= 3
    assert totals["count"] == sum(len(one.captions) for one in found)
    assert (totals["right"], totals["symbols"]) == (right, symbols)
    assert totals["loss"] == pytest.approx(loss, rel=0.1)  # the start's share of probability is in it
    score = measure(model, found, batch=4)
    assert score.loss == pytest.approx(totals["loss"] / totals["count"], rel=1e-5)
    assert score.figures["exact"] == sum(exact) / len(found)
    for things in (1, 2, 3):
        chosen = [hit for hit, one in zip(exact, found, strict=True) if one.things == things]
        assert score.figures[f"exact_{things}_shapes"] == sum(chosen) / len(chosen)
    assert score.rank == -score.figures["exact"]


def _greedy(model: Captioner, found: list[Captioned], longest: int) -> list[list[int]]:
    """The likeliest symbol after each, by whole passes; those that do not end are never exact."""
    texts = []
    for one in found:
        tokens: list[int] = []
        while len(tokens) < longest and model.codec.end not in tokens:
            caption = np.array([*tokens, 3], np.int64)
            logits, _ = model(model.collate([one._replace(captions=(caption,))]))
            logits[:, model.codec.start] = -math.inf
            tokens.append(int(logits[-1].argmax()))
        texts.append(tokens[:-1] if model.codec.end in tokens else tokens)
    return texts


@torch.no_grad()
def test_a_beam_of_one_writes_greedily_and_tells_where_it_looked() -> None:
    model, found = model_of(PICTURES, input_feeding=True), examples(PICTURES)
    seen = model.see([one.seen for one in found])
    options = BeamOptions(width=1, maximum_length=5)
    first = torch.full((len(found),), PICTURES.start)
    results = beam_search(
        DecoderSearch(model.decoder, PICTURES.start), first, model.begin(seen), end=2, options=options
    )
    expected = _greedy(model, found, 5)
    for (best,), text in zip(results, expected, strict=True):
        assert best.tokens == text[: len(best.tokens)]
        assert best.attention.shape == (len(best.tokens), 9)
        torch.testing.assert_close(best.attention.sum(dim=1), torch.ones(len(best.tokens)))


def block(layer: nn.Conv2d, values: torch.Tensor) -> torch.Tensor:
    """A convolution, four groups of channels normalised, negative values away, the maxima of 2 x 2."""
    values = nn.functional.conv2d(values, layer.weight, layer.bias, padding=1)
    groups = values.unflatten(1, (4, -1))
    mean = groups.mean(dim=(2, 3, 4), keepdim=True)
    spread = groups.var(dim=(2, 3, 4), keepdim=True, unbiased=False)
    values = ((groups - mean) / (spread + 1e-5).sqrt()).flatten(1, 2).clamp(min=0)
    return values.unflatten(3, (-1, 2)).amax(dim=4).unflatten(2, (-1, 2)).amax(dim=3)


@pytest.mark.parametrize("colours", ["apart", "together"])
@torch.no_grad()
def test_regions_are_those_of_plain_modules(colours: Literal["apart", "together"]) -> None:
    regions = PictureRegions(24, convolutions=3, channels=4, width=11, colours=colours)
    pictures = torch.from_numpy(DRAW.integers(0, 256, (5, 3, 24, 24), np.uint8))
    *forms, last = [one for one in regions.modules() if isinstance(one, nn.Conv2d)]
    (linear,) = [one for one in regions.modules() if isinstance(one, nn.Linear)]
    values = pictures / 255 - 0.5
    if colours == "apart":
        means = values.reshape(5, 3, 6, 4, 6, 4).mean(dim=(3, 5))
        values = torch.cat(
            [block(forms[2], block(forms[1], block(forms[0], values.amax(1, True)))), block(last, means)], 1
        )
    else:
        values = block(last, block(forms[1], block(forms[0], values)))
    assert values.shape == (5, 24 if colours == "apart" else 16, 3, 3)
    found = regions(pictures)
    assert found.shape == (9, 5, 11)
    for row in range(3):
        for column in range(3):
            mapped = values[:, :, row, column] @ linear.weight.T + linear.bias
            spread = mapped.var(dim=1, keepdim=True, unbiased=False)
            normal = (mapped - mapped.mean(dim=1, keepdim=True)) / (spread + 1e-5).sqrt()
            expected = 2 * normal + regions.rows[row, 0] + regions.columns[0, column]
            torch.testing.assert_close(found[3 * row + column], expected, atol=1e-5, rtol=1e-4)
    with pytest.raises(InputError, match="4 convolutions leave nothing of 12 x 12"):
        PictureRegions(12, convolutions=4, channels=4, width=11, colours=colours)


@torch.no_grad()
def test_forms_apart_do_not_depend_on_colours() -> None:
    """Red, green and blue exchanged: what is seen of forms is the same, what of colours is not."""
    regions = PictureRegions(16, convolutions=2, channels=3, width=11)
    pictures = torch.from_numpy(DRAW.integers(0, 256, (5, 3, 16, 16), np.uint8))
    seen: list[torch.Tensor] = []
    regions.project.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    regions(pictures)
    regions(pictures[:, [2, 0, 1]])
    (forms, colours), (same, others) = (one.split([6, 6], dim=-1) for one in seen)
    assert torch.equal(forms, same)
    assert not torch.allclose(colours, others)


@pytest.mark.parametrize("codec", [PICTURES, VECTORS])
@torch.no_grad()
def test_words_are_told_by_regions(codec: CaptionCodec) -> None:
    """The second loss, counted again with loops over captions, words and real regions."""
    options = {"word_loss": 0.7, "hidden_size": 7}
    found, model = examples(codec, 5), model_of(codec, **options)
    assert model.words is not None
    total = rows = 0.0
    for one in found:
        values = model.regions(model.collate([one]).values)[:, 0]
        chances = torch.sigmoid((values @ model.words.weight.T + model.words.bias).amax(dim=0))
        for caption in one.captions:
            rows += 1
            for word in range(3, len(SYMBOLS)):
                chance = float(chances[word - 3])
                total -= math.log(chance if word in caption else 1 - chance)
    batch = model.collate(found)
    logits, real = model(batch)
    written = nn.functional.cross_entropy(logits, batch.written[real], reduction="sum")
    assert float(model.loss(batch)) == pytest.approx((float(written) + 0.7 * total) / rows, rel=1e-4)
    assert model_of(codec, word_loss=0).words is None


@torch.no_grad()
def test_dropped_words_are_unknown_and_smoothing_is_of_training_alone() -> None:
    model, found = model_of(PICTURES, word_dropout=0.999, label_smoothing=0.3, word_loss=0), examples(PICTURES)
    batch = model.collate(found)
    reads: list[torch.Tensor] = []
    model.decoder.reader.register_forward_hook(lambda module, given, result: reads.append(given[0]))
    logits, real = model(batch)
    plain = nn.functional.cross_entropy(logits, batch.written[real], reduction="none")
    smooth = 0.7 * plain - 0.3 * logits.log_softmax(dim=-1).mean(dim=-1)
    assert float(model.loss(batch)) == pytest.approx(float(smooth.sum()) / len(batch.lengths), rel=1e-5)
    assert model.totals(batch)["loss"] == pytest.approx(float(plain.sum()), rel=1e-5)
    assert all(torch.equal(read, batch.read) for read in reads)
    reads.clear()
    model.train()(batch)
    (read,) = reads
    assert (read[0] == PICTURES.start).all()
    assert (read[1:] == 0).float().mean() > 0.9


@torch.no_grad()
def test_regions_are_read_in_both_directions() -> None:
    """Against torch.nn.LSTM on each picture alone, with as many regions as it has."""
    model, found = model_of(VECTORS), examples(VECTORS)
    assert model.reading is not None
    lstm = nn.LSTM(11, 3, bidirectional=True)
    (layer,) = model.reading.stack
    for one, end in zip(layer, ("", "_reverse"), strict=True):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        for name, value in zip(names, to_torch(one.cell), strict=True):
            getattr(lstm, f"{name}_l0{end}").copy_(value)
    batch = model.collate(found)
    values = model.regions(batch.values)
    read = model.reading(values, batch.regions)
    for place, count in enumerate(batch.regions.tolist()):
        own = values[:count, place]
        expected = own + model.reading.project(lstm(own)[0])
        torch.testing.assert_close(read[:count, place], expected, atol=1e-5, rtol=1e-4)


def test_saved_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    for codec in (PICTURES, VECTORS):
        model, found = model_of(codec, layers=2), examples(codec)
        model.save_pretrained(tmp_path / codec.kind)
        again = Captioner.from_pretrained(tmp_path / codec.kind)
        assert again.codec == codec
        assert torch.equal(again(again.collate(found))[0], model(model.collate(found))[0])


def test_an_unknown_word_is_never_right() -> None:
    model, (one, *_) = model_of(PICTURES), examples(PICTURES)
    with torch.no_grad():
        model.decoder.output.weight.zero_()
        model.decoder.output.bias.zero_()
        model.decoder.output.bias[0] = 9
        totals = model.totals(model.collate([one._replace(captions=(np.array([0, 0, 2]),))]))
    assert (totals["right"], totals["exact 0"]) == (0, 0)


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"attention": "dot"}, "dot compares"),
        ({"attention": "none", "input_feeding": True}, "input feeding needs"),
        ({"cell": "lstmm"}, "lstmm"),
        ({"convolutions": 4}, "leave nothing"),
    ],
)
def test_shapes_that_cannot_be_are_refused(options: dict[str, Any], cause: str) -> None:
    with pytest.raises(InputError, match=cause):
        model_of(PICTURES, **options)
