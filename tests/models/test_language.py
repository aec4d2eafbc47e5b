"""The language model against its parts written out, and the laws of its state."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gatework.data import Vocabulary
from gatework.errors import InputError
from gatework.layers import detached
from gatework.models import LanguageModel
from gatework.models.language import cross_entropy

T, B, H, E = 5, 3, 7, 11
VOCABULARY = Vocabulary.build("character", dict.fromkeys("abcdefghijkl", 1))


def make(**options: Any) -> LanguageModel:
    torch.manual_seed(3)
    model = LanguageModel.build(VOCABULARY, **{"hidden_size": H, "embedding_size": E, **options}).double()
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) / 2
    return model.eval()


def some_tokens(time: int = T, batch: int = B) -> Tensor:
    generator = torch.Generator().manual_seed(11)
    return torch.randint(len(VOCABULARY), (time, batch), generator=generator)


def lstm_by_hand(cell: Any, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    outputs = []
    for step in x:
        i, f, g, o = (step @ gate.W.T + h @ gate.U.T + gate.b for gate in (cell.i, cell.f, cell.g, cell.o))
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs), h, c


def by_hand(model: LanguageModel, x: Tensor) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """Logits and final states of a stack of LSTMs from the initial state, without dropout."""
    ends = []
    zero = torch.zeros(x.shape[1], model.config.hidden_size, dtype=x.dtype)
    for layer in model.stack.layers:
        x, *end = lstm_by_hand(layer[0].cell, x, zero, zero)
        ends.append(tuple(end))
    return x @ model.output.weight.T + model.output.bias, ends


def tensors_of(state: Any) -> list[Tensor]:
    return [tensor for part in state for tensor in part]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("embedding_size", [E, 0])
def test_forward_is_embedding_stack_and_output(layers: int, embedding_size: int) -> None:
    model, tokens = make(layers=layers, embedding_size=embedding_size, dropout=0.5), some_tokens()
    table = model.embedding.weight if embedding_size else torch.eye(len(VOCABULARY), dtype=torch.float64)
    expected, ends = by_hand(model, table[tokens])
    logits, state = model(tokens)
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-12)
    for given, wanted in zip(tensors_of(state), tensors_of(ends), strict=True):
        torch.testing.assert_close(given, wanted, rtol=0, atol=1e-12)


def test_dropout_falls_on_the_output_while_training_only() -> None:
    model, tokens = make(dropout=0.4), some_tokens()
    hidden = model.stack(model.embed(tokens)).outputs
    torch.testing.assert_close(model(tokens)[0], model.output(hidden))
    model.train()
    torch.manual_seed(8)
    logits, _ = model(tokens)
    torch.manual_seed(8)
    torch.testing.assert_close(logits, model.output(F.dropout(hidden, 0.4)))
    assert not torch.allclose(logits, model.output(hidden))


def test_dropout_falls_between_layers_too() -> None:
    model, tokens = make(dropout=0.4, layers=2).train(), some_tokens()
    torch.manual_seed(8)
    logits, _ = model(tokens)
    torch.manual_seed(8)
    first = F.dropout(model.stack.layers[0][0](model.embed(tokens)).outputs, 0.4)
    second = F.dropout(model.stack.layers[1][0](first).outputs, 0.4)
    torch.testing.assert_close(logits, model.output(second))


def test_tied_weights_are_one_parameter_and_gather_both_gradients() -> None:
    model, tokens = make(tied=True, embedding_size=H), some_tokens()
    assert model.embedding.weight is model.output.weight
    assert sum(p.shape == (len(VOCABULARY), H) for p in model.parameters()) == 1
    loss = cross_entropy(model(tokens)[0], some_tokens())
    gradient = torch.autograd.grad(loss, model.output.weight)[0]

    table, out = (model.output.weight.detach().clone().requires_grad_() for _ in range(2))
    hidden, _, _ = lstm_by_hand(model.stack.layers[0][0].cell, table[tokens], *torch.zeros(2, B, H).double())
    F.cross_entropy((hidden @ out.T + model.output.bias).flatten(0, 1), some_tokens().flatten()).backward()
    # the model's loss is reckoned in float32
    torch.testing.assert_close(gradient, table.grad + out.grad, rtol=1e-5, atol=1e-7)
    assert float(table.grad.abs().max()) > 1e-3
    assert float(out.grad.abs().max()) > 1e-3


@pytest.mark.parametrize(
    "options", [{}, {"layers": 2}, {"cell": "gru"}, {"cell": "gru-reset-after"}, {"cell": "elman"}]
)
def test_step_by_step_equals_forward(options: dict[str, Any]) -> None:
    model, tokens = make(**options), some_tokens()
    logits, final = model(tokens)
    state, rows = None, []
    for symbols in tokens:
        row, state = model.step(symbols, state)
        assert row.shape == (B, len(VOCABULARY))
        rows.append(row)
    torch.testing.assert_close(torch.stack(rows), logits)
    for given, wanted in zip(tensors_of(state), tensors_of(final), strict=True):
        torch.testing.assert_close(given, wanted)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_reset_makes_two_runs_of_one(cell: str) -> None:
    model, tokens = make(cell=cell, layers=2), some_tokens()
    _, before = model(some_tokens(2))
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[3, 1] = resets[0, 2] = True
    logits, state = model(tokens, before, resets=resets)

    whole, whole_end = model(tokens, before)
    fresh, fresh_end = model(tokens[3:])
    afresh, afresh_end = model(tokens)
    torch.testing.assert_close(logits[:, 0], whole[:, 0])
    torch.testing.assert_close(logits[:3, 1], whole[:3, 1])
    torch.testing.assert_close(logits[3:, 1], fresh[:, 1])
    torch.testing.assert_close(logits[:, 2], afresh[:, 2])
    assert not torch.allclose(whole[3:, 1], fresh[:, 1], atol=1e-3)
    ends = zip(*map(tensors_of, (state, whole_end, fresh_end, afresh_end)), strict=True)
    for given, *wanted in ends:
        for row, end in enumerate(wanted):
            torch.testing.assert_close(given[row], end[row])


def test_no_gradient_crosses_a_reset() -> None:
    model = make()
    embedded: list[Tensor] = []
    model.embedding.register_forward_hook(lambda module, inputs, result: embedded.append(result))
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[2] = True
    logits, _ = model(some_tokens(), resets=resets)
    gradient = torch.autograd.grad(logits[-1].sum(), embedded[0])[0]
    assert float(gradient[:2].abs().max()) == 0
    assert float(gradient[2].abs().min()) > 0


def test_detached_states_hold_the_same_numbers_and_no_graph() -> None:
    _, state = make(layers=2)(some_tokens())
    cut = detached(state)
    for given, kept in zip(tensors_of(cut), tensors_of(state), strict=True):
        assert torch.equal(given, kept)
        assert kept.requires_grad
        assert not given.requires_grad
    assert detached(None) is None


def words_vocabulary(count: int) -> Vocabulary:
    return Vocabulary.build("word", {f"w{number}": count - number for number in range(count)})


def test_an_adaptive_softmax_is_a_distribution_and_its_loss_that_of_it() -> None:
    model = LanguageModel.build(words_vocabulary(1013), hidden_size=7, embedding_size=5, adaptive_softmax=True).double()
    tokens = torch.randint(1014, (T, B))
    targets = torch.randint(1014, (T, B))
    log_probabilities, _ = model(tokens)
    assert log_probabilities.shape == (T, B, 1014)
    torch.testing.assert_close(log_probabilities.exp().sum(2), torch.ones(T, B, dtype=torch.float64))
    expected = -log_probabilities.gather(2, targets[..., None]).mean()
    torch.testing.assert_close(model.nats(model.read(tokens)[0], targets), expected)


@pytest.mark.parametrize(
    ("vocabulary", "options", "words"),
    [
        (words_vocabulary(50), {}, "at least 1,000 words, not 51 words"),
        (Vocabulary.build("character", {"a": 3}), {}, "not 2 characters"),
        (words_vocabulary(1013), {"label_smoothing": 0.1}, "label-smoothing"),
        (words_vocabulary(1013), {"tied": True, "embedding_size": 384}, "tied"),
    ],
)
def test_where_an_adaptive_softmax_makes_no_sense(vocabulary: Vocabulary, options: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        LanguageModel.build(vocabulary, adaptive_softmax=True, **options)


def test_labels_are_smoothed_in_training_alone() -> None:
    model = LanguageModel.build(words_vocabulary(11), hidden_size=7, embedding_size=5, label_smoothing=0.3)
    tokens, targets = torch.randint(12, (T, B)), torch.randint(12, (T, B))
    logits = model.logits(model.read(tokens)[0])
    log_probabilities = logits.log_softmax(2)
    plain = -log_probabilities.gather(2, targets[..., None]).mean()
    smoothed = 0.7 * plain - 0.3 * log_probabilities.mean()
    torch.testing.assert_close(model.nats(model.read(tokens)[0], targets), smoothed)
    torch.testing.assert_close(model.eval().nats(model.read(tokens)[0], targets), plain)


def test_cross_entropy_is_the_mean_negative_log_probability() -> None:
    logits, targets = torch.randn(T, B, 4), torch.randint(4, (T, B))
    total = sum(
        -float(torch.log(torch.exp(logits[t, b, targets[t, b]]) / torch.exp(logits[t, b]).sum()))
        for t in range(T)
        for b in range(B)
    )
    assert float(cross_entropy(logits, targets)) == pytest.approx(total / (T * B), rel=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cell": "lstn"}, "did you mean 'lstm'"),
        ({"cell_options": {"forget_bia": 1.0}}, "forget_bia"),
        ({"cell": "gru", "cell_options": {"z_scales": "both"}}, "z_scales"),
        ({"cell_options": {"forget_bias": "one"}}, "lstm"),
    ],
)
def test_impossible_cells_are_input_errors(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make(**options)


def test_cell_options_reach_every_layer() -> None:
    model = LanguageModel.build(VOCABULARY, hidden_size=H, layers=2, cell_options={"forget_bias": 2.5})
    assert [layer[0].cell.f.b.tolist() for layer in model.stack.layers] == [[2.5] * H] * 2


@pytest.mark.parametrize(
    ("vocabulary", "end"),
    [
        (Vocabulary.build("character", {"a": 1, "b": 1}), []),
        (Vocabulary.build("character", {"a": 1}, document=True), [1]),
        (Vocabulary.build("character", {"a": 1, "\n": 2, ".": 1}, separator=".\n"), [2, 1]),
        (Vocabulary.build("byte", {}, document=True), [256]),
        (Vocabulary.build("byte", {}, separator="é"), [0xC3, 0xA9]),
    ],
)
def test_what_ends_a_document(vocabulary: Vocabulary, end: list[int]) -> None:
    assert LanguageModel.build(vocabulary, hidden_size=H).document_end == end
