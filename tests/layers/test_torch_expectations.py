"""What PyTorch documents of nn.RNN, nn.LSTM and nn.GRU, and its suite asks of them, on the loop and on the kernel."""

from __future__ import annotations

import pickle
import re

import pytest
import torch
from torch import nn
from torch.nn.utils import prune
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence

import gatework

B, T, I, H = 2, 5, 3, 7
ENGINES = ("loop", "compiled")
MODULES = ("RNN", "LSTM", "GRU")
pytestmark = pytest.mark.usefixtures("exact")


@pytest.fixture(params=ENGINES)
def engine(request) -> str:
    return request.param


def make(name: str, engine: str, *arguments, **options):
    return getattr(gatework, name)(*(arguments or (I, H)), engine=engine, **options)


def parts(hx):
    return hx if isinstance(hx, tuple) else (hx,)


def given(name: str, *states: torch.Tensor):
    return states if name == "LSTM" else states[0]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", ["time first", "batch first", "unbatched"])
@pytest.mark.parametrize("name", [*MODULES, "projected LSTM"])
def test_documented_shapes(name, kind, bidirectional, layers, engine):
    projection = {"proj_size": 2} if name == "projected LSTM" else {}
    out, directions = projection.get("proj_size", H), 1 + bidirectional
    options = {"num_layers": layers, "bidirectional": bidirectional, "batch_first": kind == "batch first"}
    module = make(name.split()[-1], engine, **options, **projection)
    middle = () if kind == "unbatched" else (B,)
    shape = {"time first": (T, B), "batch first": (B, T), "unbatched": (T,)}[kind]
    output, hx = module(torch.randn(*shape, I))
    assert output.shape == (*shape, directions * out)
    sizes = (out, H) if isinstance(module, nn.RNNBase) and module.mode == "LSTM" else (out,)
    assert [tuple(part.shape) for part in parts(hx)] == [(directions * layers, *middle, size) for size in sizes]
    again = module(torch.randn(*shape, I), hx)  # what comes out goes in
    assert again[0].shape == output.shape


@pytest.mark.parametrize("name", MODULES)
def test_the_last_output_is_the_last_state(name, engine):
    module = make(name, engine, bidirectional=True)
    output, hx = module(torch.randn(T, B, I))
    assert torch.equal(output[-1, :, :H], parts(hx)[0][0])
    assert torch.equal(output[0, :, H:], parts(hx)[0][1])


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"num_layers": 2}, {"batch_first": True}], ids=str)
@pytest.mark.parametrize("name", MODULES)
def test_arguments_of_wrong_sizes_are_refused(name, options, engine):
    """Input and hidden of one more feature, layer and row each."""
    module = make(name, engine, **options)
    count = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
    shape = (B, T) if options.get("batch_first") else (T, B)
    with pytest.raises(RuntimeError, match=rf"input must have 3 features, not \({shape[0]}, {shape[1]}, 4\)"):
        module(torch.zeros(*shape, I + 1))
    for wrong in ((count + 1, B, H), (count, B + 1, H), (count, B, H + 1), (B, H)):
        right = torch.zeros(count, B, H)
        for place, label in enumerate(("h_0", "c_0") if name == "LSTM" else ("h_0",)):
            states = [right, right]
            states[place] = torch.zeros(wrong)
            expected = f"{label}: expected size {(count, B, H)}, got {wrong}"
            with pytest.raises(RuntimeError, match=f"^{re.escape(expected)}$"):
                module(torch.zeros(*shape, I), given(name, *states))


@pytest.mark.parametrize("name", MODULES)
def test_no_state_is_a_state_of_zeros(name, engine):
    module, x = make(name, engine, num_layers=2), torch.randn(T, B, I)
    zeros = torch.zeros(2, B, H)
    assert torch.equal(module(x)[0], module(x, given(name, zeros, zeros))[0])
    row = torch.randn(2, 1, H)
    spread, copied = row.expand(2, B, H), row.repeat(1, B, 1)
    assert torch.equal(module(x, given(name, spread, spread))[0], module(x, given(name, copied, copied))[0])


@pytest.mark.parametrize(
    ("arguments", "options", "kind"),
    [
        ((0, H), {}, ValueError),
        ((I, 0), {}, ValueError),
        ((I, H, 0), {}, ValueError),
        ((I, 7.0), {}, TypeError),
        ((I, H), {"dropout": -0.1}, ValueError),
        ((I, H), {"dropout": 1.1}, ValueError),
        ((I, H), {"dropout": True}, ValueError),
        ((I, H), {"batch_first": "yes"}, TypeError),
        ((I, H), {"proj_size": H}, ValueError),
        ((I, H), {"proj_size": -1}, ValueError),
    ],
)
def test_modules_that_torch_refuses_are_refused(arguments, options, kind):
    messages = []
    for package in (nn, gatework):
        with pytest.raises(kind) as caught:
            package.LSTM(*arguments, **options)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_dropout_of_a_single_layer_warns():
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        gatework.GRU(I, H, dropout=0.5)


@pytest.mark.parametrize("name", MODULES)
def test_dropout_can_be_changed_and_draws_from_the_generator(name, engine):
    module, x = make(name, engine, num_layers=2, dropout=0.0), torch.randn(T, B, I)
    whole = module(x)[0]
    module.dropout = 0.5
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(module(x)[0])
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert torch.equal(module.eval()(x)[0], whole)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", MODULES)
def test_sequences_packed_together_are_as_each_alone(name, bidirectional, batch_first, engine):
    """Outputs, states and gradients of sequences of lengths 2 to 7, in falling and in any order."""
    module = make(name, engine, num_layers=2, bidirectional=bidirectional, batch_first=batch_first)
    for lengths in ([7, 5, 5, 2], [2, 7, 5, 5]):
        pieces = [torch.randn(length, I, requires_grad=True) for length in lengths]
        padded = pad_sequence(pieces, batch_first=batch_first)
        packed = pack_padded_sequence(padded, lengths, batch_first=batch_first, enforce_sorted=lengths[0] == 7)
        output, hx = module(packed)
        joined, ends = pad_packed_sequence(output, batch_first=batch_first)
        alone = [module(piece) for piece in pieces]
        expected = pad_sequence([one[0] for one in alone], batch_first=batch_first)
        assert ends.tolist() == lengths
        torch.testing.assert_close(joined, expected)
        for k, part in enumerate(parts(hx)):
            torch.testing.assert_close(part, torch.stack([parts(one[1])[k] for one in alone], 1))
        found = torch.autograd.grad(joined.square().sum(), [*pieces, *module.parameters()])
        torch.testing.assert_close(found, torch.autograd.grad(expected.square().sum(), [*pieces, *module.parameters()]))


@pytest.mark.parametrize("name", MODULES)
def test_a_packed_state_of_another_batch_is_refused(name, engine):
    packed, wrong = pack_sequence([torch.zeros(3, I), torch.zeros(2, I)]), torch.zeros(1, 3, H)
    with pytest.raises(RuntimeError, match=re.escape("h_0: expected size (1, 2, 7), got (1, 3, 7)")):
        make(name, engine)(packed, given(name, wrong, wrong))


@pytest.mark.parametrize("name", MODULES)
def test_memory_layout_does_not_matter(name, engine):
    module, x = make(name, engine), torch.randn(B, I, T).permute(2, 0, 1)
    state = torch.randn(1, H, B).mT
    assert not x.is_contiguous()
    ours = module(x, given(name, state, state))
    theirs = module(x.contiguous(), given(name, state.contiguous(), state.contiguous()))
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(module(x[::2])[0], module(x[::2].contiguous())[0])


@pytest.mark.parametrize("name", MODULES)
def test_pruned_modules_run_and_the_mask_can_be_made_permanent(name, engine):
    module, x = make(name, engine), torch.randn(T, B, I)
    prune.l1_unstructured(module, "weight_hh_l0", amount=0.5)
    masked = module(x)[0]
    masked.sum().backward()
    zero = module.weight_hh_l0 == 0
    assert zero.sum() == round(zero.numel() / 2)
    assert (module.weight_hh_l0_orig.grad[zero] == 0).all()
    prune.remove(module, "weight_hh_l0")
    assert torch.equal(module(x)[0], masked)


@pytest.mark.parametrize("name", MODULES)
def test_gradients_of_all_orders_are_right(name, engine):
    module, x, state = make(name, engine, 2, 3), torch.randn(3, 2, 2), torch.randn(1, 2, 3)
    leaves = (x.requires_grad_(), state.requires_grad_())

    def call(x, state):
        output, hx = module(x, given(name, state, state))
        return (output, *parts(hx))

    assert torch.autograd.gradcheck(call, leaves)
    assert torch.autograd.gradgradcheck(call, leaves)


@pytest.mark.parametrize("name", MODULES)
def test_gradients_of_the_state_alone_and_of_frozen_weights(name, engine):
    module, x = make(name, engine), torch.randn(T, B, I)
    parts(module(x)[1])[0].sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in module.parameters())
    module.requires_grad_(False)
    assert not module(x)[0].requires_grad
    (slope,) = torch.autograd.grad(module(x.requires_grad_())[0].sum(), x)
    assert slope.abs().min() > 0


@pytest.mark.parametrize("name", MODULES)
def test_no_steps_are_refused_and_no_rows_accepted(name, engine):
    module = make(name, engine)
    with pytest.raises(ValueError, match="x must have at least one step"):
        module(torch.zeros(0, B, I))
    assert module(torch.zeros(T, 0, I))[0].shape == (T, 0, H)


@pytest.mark.parametrize("name", MODULES)
def test_survives_pickling_and_loading_onto_empty_memory(name, engine):
    module, x = make(name, engine, num_layers=2), torch.randn(T, B, I)
    expected = module(x)[0]
    assert torch.equal(pickle.loads(pickle.dumps(module))(x)[0], expected)
    empty = make(name, engine, num_layers=2, device="meta")
    empty.load_state_dict(module.state_dict(), assign=True)
    assert torch.equal(empty(x)[0], expected)


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}], ids=str)
@pytest.mark.parametrize("name", [*MODULES, "projected LSTM"])
def test_single_steps_without_gradient(name, options):
    """These take torch.nn's kernel: the numbers of the loop, in every form of input, and of a state that goes on."""
    if name == "projected LSTM":
        options = {**options, "proj_size": 2}
    name = name.split()[-1]
    module = make(name, "auto", **options)
    reference = make(name, "loop", **options)
    reference.load_state_dict(module.state_dict())
    x = torch.randn(T, B, I)
    with torch.no_grad():
        expected, last = reference(x)
        state, outputs = None, []
        for step in x.split(1):
            output, state = module(step, state)
            outputs.append(output)
        torch.testing.assert_close(
            torch.cat(outputs) if not module.bidirectional else outputs[0],
            expected if not module.bidirectional else reference(x[:1])[0],
        )
        if not module.bidirectional:
            torch.testing.assert_close(state, last)
        module.batch_first = reference.batch_first = True
        torch.testing.assert_close(module(x[:1].transpose(0, 1)), reference(x[:1].transpose(0, 1)))
        torch.testing.assert_close(module(x[:1, 0]), reference(x[:1, 0]))


def test_single_steps_see_other_weights_and_have_gradients():
    module, x = gatework.LSTM(I, H), torch.randn(1, B, I)
    other = {name: torch.randn_like(part) for name, part in module.named_parameters()}
    with torch.no_grad():
        found = torch.func.functional_call(module, other, (x,))[0]
        many = torch.vmap(lambda scale: module(scale * x)[0])(torch.tensor([1.0, 2.0]))
        torch.testing.assert_close(many, torch.stack([module(x)[0], module(2 * x)[0]]))
    module.load_state_dict(other)
    torch.testing.assert_close(found, module(x)[0])
    module(x)[0].sum().backward()
    assert module.weight_ih_l0.grad.abs().sum() > 0
    with pytest.raises(TypeError, match=r"x is torch.float32, the cell torch.float64"), torch.no_grad():
        module(x.float())
