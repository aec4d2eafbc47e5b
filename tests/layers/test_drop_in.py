"""A program that imports RNN, LSTM and GRU from gatework instead of torch.nn gives the same numbers."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence

import gatework
from gatework.cells import GRU, LSTM, GRUResetAfter
from gatework.cells.exchange import from_torch, to_keras, to_torch

B, T, I, H = 2, 5, 3, 7
MODULES = ("RNN", "LSTM", "GRU")
OPTIONS = (
    {},
    {"bias": False},
    {"num_layers": 2},
    {"num_layers": 2, "bidirectional": True},
    {"batch_first": True, "bidirectional": True},
)
pytestmark = pytest.mark.usefixtures("exact")


def pair(name: str, engine: str = "auto", **options):
    """torch.nn's module and ours with its state dict."""
    theirs = getattr(nn, name)(I, H, **options)
    ours = getattr(gatework, name)(I, H, engine=engine, **options)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def flat(values) -> list[torch.Tensor]:
    """The tensors of nested tuples, in order; of a packed sequence its data."""
    if isinstance(values, torch.Tensor):
        return [values]
    if hasattr(values, "batch_sizes"):
        return [values.data]
    return [tensor for value in values for tensor in flat(value)]


def close(ours, theirs) -> None:
    ours, theirs = flat(ours), flat(theirs)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def gradients(module, x, hx, results) -> list[torch.Tensor]:
    """What a random weighting of all results sends back to the input, the state and every parameter."""
    generator = torch.Generator().manual_seed(2)
    values = flat(results)
    weights = [torch.randn(value.shape, generator=generator) for value in values]
    return list(torch.autograd.grad(values, [x, *flat(hx), *module.parameters()], weights))


def state(name: str, module, batch: int = B):
    size = module.num_layers * (2 if module.bidirectional else 1)
    parts = tuple(torch.randn(size, batch, H, requires_grad=True) for _ in ("h", "c"))
    return parts if name == "LSTM" else parts[0]


@pytest.mark.parametrize("engine", ["compiled", "loop", "native"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", MODULES)
def test_equals_torch(name, options, engine):
    ours, theirs = pair(name, engine, **options)
    assert [*ours.state_dict()] == [*theirs.state_dict()]
    x, hx = torch.randn(T, B, I, requires_grad=True), state(name, theirs)
    x_given = x.transpose(0, 1) if options.get("batch_first") else x
    results = ours(x_given, hx), theirs(x_given, hx)
    close(*results)
    close(gradients(ours, x, hx, results[0]), gradients(theirs, x, hx, results[1]))
    close(ours(x_given), theirs(x_given))


@pytest.mark.parametrize("engine", ["auto", "loop", "native"])
@pytest.mark.parametrize("bias", [True, False])
def test_projections(bias, engine):
    ours, theirs = pair("LSTM", engine, num_layers=2, bidirectional=True, proj_size=5, bias=bias)
    assert [*ours.state_dict()] == [*theirs.state_dict()]
    x = torch.randn(T, B, I, requires_grad=True)
    hx = (torch.randn(4, B, 5, requires_grad=True), torch.randn(4, B, H, requires_grad=True))
    results = ours(x, hx), theirs(x, hx)
    close(*results)
    close(gradients(ours, x, hx, results[0]), gradients(theirs, x, hx, results[1]))
    packed = pack_sequence([torch.randn(length, I) for length in (2, 5)], enforce_sorted=False)
    close(ours(packed, hx), theirs(packed, hx))


@pytest.mark.parametrize("name", MODULES)
def test_relu_and_unbatched(name):
    options = {"nonlinearity": "relu"} if name == "RNN" else {}
    ours, theirs = pair(name, **options, num_layers=2)
    x, hx = torch.randn(T, I), state(name, theirs)
    single = tuple(part[:, 0] for part in hx) if name == "LSTM" else hx[:, 0]
    for results in ((ours(x), theirs(x)), (ours(x, single), theirs(x, single))):
        close(*results)
        shapes = [[tuple(tensor.shape) for tensor in flat(result)] for result in results]
        assert shapes[0] == shapes[1]


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", MODULES)
def test_packed_sequences(name, bidirectional, is_sorted):
    ours, theirs = pair(name, num_layers=2, bidirectional=bidirectional)
    lengths = [5, 3, 2, 2] if is_sorted else [2, 5, 2, 3]
    pieces = [torch.randn(length, I) for length in lengths]
    packed = pack_sequence(pieces, enforce_sorted=is_sorted)
    hx = state(name, theirs, batch=4)
    for given in (None, hx):
        mine, other = ours(packed, given), theirs(packed, given)
        close(mine, other)
        assert torch.equal(mine[0].batch_sizes, other[0].batch_sizes)
    outputs, ends = pad_packed_sequence(ours(packed)[0])
    assert ends.tolist() == lengths
    close(outputs, pad_packed_sequence(theirs(packed)[0])[0])


def test_gradients_through_packing():
    ours, theirs = pair("LSTM", bidirectional=True)
    x, hx = torch.randn(T, 3, I, requires_grad=True), state("LSTM", theirs, batch=3)
    found = []
    for module in (ours, theirs):
        packed = pack_padded_sequence(x, torch.tensor([2, 5, 4]), enforce_sorted=False)
        found.append(gradients(module, x, hx, module(packed, hx)))
    close(*found)


@pytest.mark.parametrize("name", MODULES)
def test_no_rows(name):
    ours, theirs = pair(name, num_layers=2, bidirectional=True)
    x, hx = torch.zeros(T, 0, I, requires_grad=True), state(name, theirs, batch=0)
    results = ours(x, hx), theirs(x, hx)
    close(*results)
    for result in results:
        flat(result)[0].sum().backward()
    assert all(parameter.grad.abs().sum() == 0 for parameter in ours.parameters())


@pytest.mark.parametrize("name", MODULES)
def test_trains_the_same(name):
    ours, theirs = pair(name, num_layers=2)
    x, target = torch.randn(T, B, I), torch.randn(T, B, H)
    for module in (ours, theirs):
        optimizer = torch.optim.Adam(module.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            nn.functional.mse_loss(module(x)[0], target).backward()
            optimizer.step()
    for key, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[key], value, rtol=1e-7, atol=1e-7)


def test_dropout_acts_between_layers_while_training():
    ours, theirs = pair("GRU", num_layers=2, dropout=1.0)
    x = torch.randn(T, B, I)
    close(ours(x), theirs(x))  # all that the second layer could see is dropped: no chance in it
    close(ours.eval()(x), theirs.eval()(x))


def test_a_copy_has_weights_of_its_own():
    ours, _ = pair("LSTM")
    x = torch.randn(T, B, I)
    other = copy.deepcopy(ours)
    close(other(x), ours(x))
    with torch.no_grad():
        other.weight_hh_l0.add_(1)
    assert not torch.allclose(other(x)[0], ours(x)[0])


def test_looks_like_the_module_it_stands_for():
    ours, theirs = pair("LSTM", num_layers=2, bidirectional=True)
    assert repr(ours) == repr(theirs)
    assert isinstance(ours, nn.RNNBase)
    assert [[p.shape for p in layer] for layer in ours.all_weights] == [
        [p.shape for p in layer] for layer in theirs.all_weights
    ]
    before = [p.data_ptr() for p in ours.parameters()]
    ours.flatten_parameters()
    assert [p.data_ptr() for p in ours.parameters()] == before


def test_moves_to_another_type():
    ours, theirs = pair("GRU")
    x = torch.randn(T, B, I, dtype=torch.float32)
    torch.testing.assert_close(ours.float()(x)[0], theirs.float()(x)[0], rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("make", [LSTM, GRUResetAfter])
def test_weights_survive_the_way_to_torch_and_back(make):
    cell, other = make(I, H), make(I, H)
    other.load_state_dict(from_torch(other, to_torch(cell)))
    for ours, theirs in itertools.zip_longest(other.parameters(), cell.parameters()):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda m: m(torch.zeros(T, B, 4)), RuntimeError, r"input must have 3 features, not \(5, 2, 4\)"),
        (lambda m: m([1]), TypeError, "input must be a tensor, not list"),
        (lambda m: m(torch.zeros(T, B, I), 5), TypeError, r"the state of LSTM is \(h_0, c_0\), not int"),
        (lambda m: m(torch.zeros(T, B, I), (1, 2)), TypeError, "h_0 must be a tensor, not int"),
        (
            lambda m: m(torch.zeros(T, I), (torch.zeros(1, 1, H), torch.zeros(1, 1, H))),
            RuntimeError,
            "h_0: an unbatched input needs a state of 2 dimensions, not 3",
        ),
        (lambda m: m(torch.zeros(T)), ValueError, "LSTM: input must have 2 or 3 dimensions, not 1"),
        (lambda m: m(torch.zeros(T, B, I), torch.zeros(1, B, H)), TypeError, r"the state of LSTM is \(h_0, c_0\)"),
        (
            lambda m: m(torch.zeros(T, B, I), (torch.zeros(1, B, H), torch.zeros(1, 3, H))),
            RuntimeError,
            r"c_0: expected size \(1, 2, 7\), got \(1, 3, 7\)",
        ),
        (lambda m: m(torch.zeros(T, B, I).float()), TypeError, "x is torch.float32, the cell torch.float64"),
    ],
)
def test_bad_input_is_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call(gatework.LSTM(I, H))


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: gatework.RNN(I, H, nonlinearity="gelu"), ValueError, "nonlinearity must be 'tanh' or 'relu'"),
        (lambda: gatework.GRU(I, H, proj_size=2), ValueError, "proj_size"),
        (lambda: gatework.LSTM(I, 0), ValueError, "hidden_size must be greater than zero"),
        (lambda: gatework.LSTM(I, H, dropout=2), ValueError, "dropout"),
    ],
)
def test_impossible_modules_are_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: from_torch(GRUResetAfter(I, H), to_torch(LSTM(I, H))), "28 rows cannot be those of 3 gates"),
        (lambda: from_torch(LSTM(I, H), to_torch(LSTM(I, 5))), "the weights are of another cell"),
        (lambda: to_torch(GRU(I, H)), "torch.nn has no module that equals GRU"),
        (lambda: to_keras(GRU(I, H)), "Keras has no layer that equals GRU"),
    ],
)
def test_weights_of_another_cell_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
