"""The native loop that writes: what it reads against the model in PyTorch, what it draws against definitions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from foreign_cells import Carousel, MinimalGate, Multiplicative, Mutant, Normalised, Peephole
from torch import Tensor, nn

from gatework.cells import GRU, LSTM, Cell, Elman
from gatework.engine import ENGINES, checked_call
from gatework.engine.generator import Generator, Rule
from gatework.errors import EngineError

SYMBOLS, WIDTH = 5, 7
ENDINGS = [(), (3,), (1, 1), (0, 0, 1), (0, 1, 0), (0, 1, 0, 0, 1)]


def rule(**options: Any) -> Rule:
    usual = {"temperature": 1.0, "top_k": None, "top_p": 1.0, "repetition_penalty": 1.0}
    return Rule(**usual | {"recent": 4, "forbidden": None, "ending": ()} | options)


def random_module(module: Any) -> Any:
    for parameter in module.double().parameters():
        parameter.data = torch.randn_like(parameter) / 2
    return module


class Model:
    """Layers, embedding and output with random weights, and what they should give, through the loop engine."""

    def __init__(self, cell: type[Cell], *, layers: int = 1, symbols: int = SYMBOLS, embedded: bool = True) -> None:
        torch.manual_seed(11)
        first = WIDTH if embedded else symbols
        self.cells = [random_module(cell(WIDTH if depth else first, WIDTH)) for depth in range(layers)]
        self.embedding = torch.randn(symbols, WIDTH, dtype=torch.float64) if embedded else None
        self.output = random_module(nn.Linear(WIDTH, symbols))
        self.symbols = symbols

    def initial(self, batch: int) -> list[Any]:
        generator = torch.Generator().manual_seed(2)
        return [
            cell.State(*(torch.randn(batch, WIDTH, generator=generator, dtype=torch.float64) for _ in cell.states))
            for cell in self.cells
        ]

    def generator(self, batch: int = 1, seed: int = 0, **options: Any) -> Generator:
        seeds = torch.arange(seed, seed + batch)
        return Generator(self.cells, self.initial(batch), self.embedding, self.output, rule(**options), seeds)

    @torch.no_grad()
    def logits(self, symbols: Tensor, ending: tuple[int, ...] = ()) -> Tensor:
        x = torch.eye(self.symbols, dtype=torch.float64)[symbols] if self.embedding is None else self.embedding[symbols]
        resets = torch.tensor([ends(row, ending) for row in symbols.T.tolist()]).T
        for cell, initial in zip(self.cells, self.initial(symbols.shape[1]), strict=True):
            x = ENGINES["loop"].run(checked_call(cell, x, initial=initial, resets=resets)).outputs
        return self.output(x[-1])


def ends(symbols: list[int], ending: tuple[int, ...]) -> list[bool]:
    """Where a document ends: from left to right, no two ends overlapping; the first symbol belongs to none."""
    found, free = [False] * len(symbols), 1
    for place in range(len(symbols)):
        first = place + 1 - len(ending)
        if ending and first >= free and tuple(symbols[first : place + 1]) == ending:
            found[place], free = True, place + 1
    return found


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize(
    "cell", [LSTM, GRU, Elman, MinimalGate, Peephole, Multiplicative, Carousel, Normalised, Mutant]
)
def test_what_is_read_gives_the_logits_of_the_loop(cell: type[Cell], layers: int, batch: int) -> None:
    model = Model(cell, layers=layers)
    if cell is Mutant and layers > 1:
        with pytest.raises(EngineError, match="changes its input"):
            model.generator(batch)
        return
    check_reading(model, batch, 9)


def check_reading(model: Model, batch: int, time: int, ending: tuple[int, ...] = ()) -> None:
    symbols = torch.randint(min(model.symbols, 2) if ending else model.symbols, (time, batch))
    generator = model.generator(batch, ending=ending)
    for part in symbols.split(4):
        generator.read(part)
    torch.testing.assert_close(generator.logits, model.logits(symbols, ending), rtol=0, atol=1e-10)


@pytest.mark.parametrize("cell", [LSTM, Mutant])
def test_one_hot_symbols(cell: type[Cell]) -> None:
    check_reading(Model(cell, symbols=WIDTH, embedded=False), 2, 9)


def test_more_symbols_than_are_looked_up_behind_the_product() -> None:
    check_reading(Model(GRU, symbols=1031, layers=2), 2, 9)
    with pytest.raises(EngineError, match="1031 symbols"):
        Model(GRU, symbols=1031, embedded=False).generator()
    with pytest.raises(EngineError, match="1031 symbols"):
        Model(Mutant, symbols=1031).generator()


@pytest.mark.parametrize("ending", ENDINGS)
def test_states_return_where_a_document_ends(ending: tuple[int, ...]) -> None:
    check_reading(Model(LSTM, layers=2), 3, 61, ending)


def test_ends_are_met() -> None:
    assert ends([1, 1, 1, 1, 1, 0, 1, 1], (1, 1)) == [False, False, True, False, True, False, False, True]
    symbols = torch.randint(2, (61, 3), generator=torch.Generator().manual_seed(1))
    for ending in ENDINGS[2:]:
        assert sum(ends(symbols[:, 0].tolist(), ending)) > 0


def test_what_is_written_has_been_read() -> None:
    model = Model(LSTM, layers=2)
    generator = model.generator(3, ending=(1,))
    start = torch.randint(SYMBOLS, (2, 3))
    generator.read(start)
    written = generator.write(17, 60)
    assert written.shape == (17, 3)
    torch.testing.assert_close(generator.logits, model.logits(torch.cat([start, written]), (1,)), rtol=0, atol=1e-10)


def test_the_likeliest_is_written_at_temperature_zero() -> None:
    model, symbols = Model(GRU), [2]
    generator = model.generator(temperature=0.0)
    generator.read(torch.tensor([symbols]))
    for _ in range(30):
        symbols.append(int(model.logits(torch.tensor(symbols)[:, None]).argmax()))
    assert generator.write(30, 60)[:, 0].tolist() == symbols[1:]
    assert len(set(symbols)) > 1


def written(model: Model, pieces: list[int], seconds: float = 60.0, batch: int = 2, **options: Any) -> list[list[int]]:
    generator = model.generator(batch, **options)
    generator.read(torch.zeros(1, batch, dtype=torch.int64))
    return torch.cat([generator.write(piece, seconds) for piece in pieces]).T.tolist()


def test_pauses_do_not_change_what_is_written() -> None:
    model = Model(LSTM)
    options = {"repetition_penalty": 1.5, "ending": (1, 1), "top_p": 0.9}
    whole = written(model, [40], **options)
    assert written(model, [1, 7, 2, 30], **options) == whole
    assert written(model, [40] * 40, seconds=0.0, **options) == whole  # one symbol at a time


def test_a_seed_reproduces_and_a_row_is_its_own() -> None:
    model = Model(LSTM)
    first = written(model, [40], seed=4)
    assert written(model, [40], seed=4) == first
    assert written(model, [40], seed=5) != first
    assert written(model, [40], seed=5)[0] == written(model, [40], seed=5, batch=1)[0]
    rows = written(model, [40], batch=5)
    assert len({tuple(row) for row in rows}) == 5


def constant(logits: np.ndarray, batch: int = 1, **options: Any) -> Generator:
    """One that always has the same logits."""
    model = Model(Elman, symbols=len(logits))
    model.output.weight.data.zero_()
    model.output.bias.data = torch.from_numpy(logits)
    return model.generator(batch, **options)


LOGITS = np.random.default_rng(23).normal(size=11) * 2


def defined(logits: np.ndarray, recent: list[int], options: dict[str, Any]) -> np.ndarray:
    """The probabilities, from the definitions, symbol by symbol."""
    logits = logits.copy()
    for symbol in set(recent):
        penalty = options.get("repetition_penalty", 1.0)
        logits[symbol] *= penalty if logits[symbol] < 0 else 1 / penalty
    order = sorted(range(len(logits)), key=lambda symbol: -logits[symbol])
    if options.get("forbidden") is not None:
        order.remove(options["forbidden"])
    if options.get("temperature") == 0:
        return np.eye(len(logits))[order[0]]
    odds = np.exp((logits - logits[order[0]]) / options.get("temperature", 1.0))
    order = order[: options.get("top_k") or len(order)]
    share, kept, reached = sum(odds[order]), [], 0.0
    for symbol in order:
        if reached >= options.get("top_p", 1.0) * share:
            break
        kept.append(symbol)
        reached += odds[symbol]
    cut = np.zeros(len(logits))
    cut[kept] = odds[kept]
    return cut / cut.sum()


OPTIONS = [
    {},
    {"temperature": 0.3},
    {"temperature": 2.5},
    {"temperature": 0.0},
    {"temperature": 0.0, "forbidden": int(LOGITS.argmax())},
    {"temperature": 1e-300},
    {"top_k": 1},
    {"top_k": 4},
    {"top_k": 10},
    {"top_k": 11},
    {"top_k": 110},
    {"top_p": 0.7},
    {"top_p": 1e-9},
    {"top_p": 0.999999},
    {"forbidden": 2, "top_k": 10, "temperature": 3.0},
    {"top_p": 0.9, "top_k": 3, "temperature": 1.7},
    {"repetition_penalty": 1.8},
    {"repetition_penalty": 3.0, "top_k": 5, "top_p": 0.8, "temperature": 1.2, "forbidden": 7},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_distribution_is_the_defined_one(options: dict[str, Any]) -> None:
    generator = constant(LOGITS, **options)
    read = [5, int(LOGITS.argmax()), int(LOGITS.argmin()), int(LOGITS.argmax()), 3]  # 5 is forgotten: recent is 4
    generator.read(torch.tensor(read)[:, None])
    np.testing.assert_allclose(generator.distribution(0).numpy(), defined(LOGITS, read[1:], options), atol=1e-12)


@pytest.mark.parametrize(("top_k", "top_p", "kept"), [(3, 1.0, 3), (None, 0.35, 4), (8, 0.5, 4)])
def test_equal_logits_are_cut_too(top_k: int | None, top_p: float, kept: int) -> None:
    generator = constant(np.zeros(10), top_k=top_k, top_p=top_p)
    generator.read(torch.tensor([[0]]))
    assert int((generator.distribution(0) > 0).sum()) == kept


def test_large_vocabularies_are_cut_as_small_ones_are() -> None:
    logits = np.random.default_rng(5).normal(size=1500) * 3
    for options in ({"top_k": 40}, {"top_p": 0.95}, {"top_k": 700, "top_p": 0.5}):
        generator = constant(logits, **options)
        generator.read(torch.tensor([[0]]))
        np.testing.assert_allclose(generator.distribution(0).numpy(), defined(logits, [], options), atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"temperature": 0.5, "top_k": 6, "top_p": 0.95}], ids=str)
def test_symbols_come_as_often_as_they_should(options: dict[str, Any]) -> None:
    generator = constant(LOGITS, 20, **options)
    generator.read(torch.zeros(1, 20, dtype=torch.int64))
    symbols = generator.write(1000, 60)
    probabilities = defined(LOGITS, [], options)
    kept = probabilities > 0
    for counts in (np.bincount(part.flatten(), minlength=11) for part in (symbols, symbols[:, 3], symbols[7::50])):
        wanted = counts.sum() * probabilities
        assert counts[~kept].sum() == 0
        degrees = kept.sum() - 1
        limit = degrees * (1 - 2 / (9 * degrees) + 3.72 * math.sqrt(2 / (9 * degrees))) ** 3  # 99.99 % of chi-square
        assert ((counts - wanted)[kept] ** 2 / wanted[kept]).sum() < limit


def test_neighbouring_draws_do_not_depend_on_each_other() -> None:
    generator = constant(np.zeros(4))
    generator.read(torch.tensor([[0]]))
    symbols = generator.write(16_000, 60)[:, 0]
    pairs = np.bincount(symbols[1:] * 4 + symbols[:-1], minlength=16)
    assert ((pairs - 1000) ** 2 / 1000).sum() < 44.3  # chi-square of 15, 99.99 %


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_logits_that_are_no_finite_numbers_end_it(value: float) -> None:
    generator = constant(np.where(np.arange(11) == 10, value, LOGITS))
    generator.read(torch.tensor([[0]]))
    assert len(generator.write(5, 60)) == 0


def test_a_cell_that_cannot_be_compiled() -> None:
    class Sorting(Elman):
        def step(self, x: Tensor, h: Tensor) -> Tensor:
            return self.h(x, h).sort().values

    with pytest.raises(EngineError, match="sort"):
        Model(Sorting).generator()


def test_float32() -> None:
    model = Model(LSTM, layers=2)
    symbols = torch.randint(SYMBOLS, (9, 2))
    expected = model.logits(symbols)
    initial = [cell.State(*(part.float() for part in start)) for cell, start in zip(model.cells, model.initial(2))]  # noqa: B905
    for module in (*model.cells, model.output):
        module.float()
    assert model.embedding is not None
    generator = Generator(model.cells, initial, model.embedding.float(), model.output, rule(), torch.arange(2))
    generator.read(symbols)
    torch.testing.assert_close(generator.logits.double(), expected, rtol=0, atol=2e-5)
