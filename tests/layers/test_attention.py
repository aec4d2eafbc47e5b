"""Attention against NumPy written from the papers, one query and one row at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from gatework.layers import Attention

B, T, Q, M, A, S = 3, 7, 5, 11, 2, 13
KINDS = ("additive", "dot", "general")
LENGTHS = torch.tensor([7, 1, 4])
pytestmark = pytest.mark.usefixtures("exact")


def make(kind: str) -> Attention:
    if kind == "additive":
        return Attention(Q, M, kind=kind, size=A)
    return Attention(M if kind == "dot" else Q, M, kind=kind)


def papers(attention: Attention, s, h):
    """The context and the weights of one query s (query,) over h (steps, memory)."""
    p = {name.removesuffix(".weight"): value.detach().numpy() for name, value in attention.named_parameters()}
    scores = {
        "additive": lambda h_j: (p["v_a"] @ np.tanh(p["W_a"] @ s + p["U_a"] @ h_j)).item(),
        "dot": lambda h_j: s @ h_j,
        "general": lambda h_j: s @ p["W_a"] @ h_j,
    }
    e = np.array([scores[attention.kind](h_j) for h_j in h])
    alpha = np.exp(e) / np.exp(e).sum()
    return sum(a * h_j for a, h_j in zip(alpha, h, strict=True)), alpha


@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_papers(kind):
    attention = make(kind)
    values, query = torch.randn(T, B, M), torch.randn(S, B, attention.query_size)
    context, weights = attention(query, attention.prepare(values, LENGTHS))
    for step in range(S):
        for row, length in enumerate(LENGTHS.tolist()):
            c, alpha = papers(attention, query[step, row].numpy(), values[:length, row].numpy())
            np.testing.assert_allclose(context[step, row].detach(), c, rtol=1e-12)
            np.testing.assert_allclose(weights[step, row].detach(), np.pad(alpha, (0, T - length)), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_one_query_is_a_step_of_many(kind):
    attention = make(kind)
    memory, query = attention.prepare(torch.randn(T, B, M), LENGTHS), torch.randn(S, B, attention.query_size)
    many = attention(query, memory)
    for step in range(S):
        for one, all_steps in zip(attention(query[step], memory), many, strict=True):
            torch.testing.assert_close(one, all_steps[step], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_the_padding_is_never_seen(kind):
    attention = make(kind)
    query = torch.randn(S, B, attention.query_size)
    clean = torch.randn(T, B, M)
    found = []
    for poison in (torch.nan, 0.0):
        values = clean.clone()
        for row, length in enumerate(LENGTHS.tolist()):
            values[length:, row] = poison
        inputs = [values.requires_grad_(), query.clone().requires_grad_(), *attention.parameters()]
        context, weights = attention(inputs[1], attention.prepare(values, LENGTHS))
        found.append([context, weights, *torch.autograd.grad((context.sin().sum() + weights.exp().sum()), inputs)])
    for poisoned, zero in zip(*found, strict=True):
        assert torch.equal(poisoned, zero)
    for row, length in enumerate(LENGTHS.tolist()):
        assert not found[0][2][length:, row].any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_without_steps_reads_nothing(kind):
    attention = make(kind)
    values = torch.randn(T, B, M).index_fill_(1, torch.tensor([1]), torch.nan).requires_grad_()
    query = torch.randn(B, attention.query_size, requires_grad=True)
    context, weights = attention(query, attention.prepare(values, torch.tensor([7, 0, 4])))
    assert not context[1].any()
    assert not weights[1].any()
    torch.testing.assert_close(weights.sum(1), torch.tensor([1.0, 0.0, 1.0]))
    context.sum().backward()
    assert not query.grad[1].any()
    for tensor in (values, query, *attention.parameters()):
        assert tensor.grad.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives(kind):
    attention = make(kind)

    def read(query, values, *_):
        return attention(query, attention.prepare(values, LENGTHS))

    inputs = (torch.randn(2, B, attention.query_size), torch.randn(T, B, M))
    gradcheck(read, (*(tensor.requires_grad_() for tensor in inputs), *attention.parameters()))


def test_rows_can_be_chosen_again():
    attention = make("general")
    memory, query = attention.prepare(torch.randn(T, B, M), LENGTHS), torch.randn(4, Q)
    rows = torch.tensor([2, 0, 2, 1])
    context, weights = attention(query, memory.select(rows))
    for place, row in enumerate(rows.tolist()):
        one = attention(query[place].expand(B, -1), memory)
        torch.testing.assert_close((context[place], weights[place]), (one[0][row], one[1][row]))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((Q, M), {"kind": "cosine"}, "kind must be 'additive', 'dot' or 'general', not 'cosine'"),
        ((Q, M), {"kind": "dot"}, "not 5 and 11: take 'general'"),
        ((Q, M), {"kind": "general", "size": 3}, "size is of the additive attention"),
        ((0, M), {}, "query_size must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_is_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        Attention(*arguments, **options)


def test_wrong_shapes_are_named():
    attention = make("additive")
    with pytest.raises(ValueError, match=r"values must be \(time, batch, 11\), not \(7, 3, 5\)"):
        attention.prepare(torch.zeros(T, B, Q))
    with pytest.raises(ValueError, match=r"lengths must lie between 0 and 7"):
        attention.prepare(torch.zeros(T, B, M), torch.tensor([1, 2, 8]))
    with pytest.raises(ValueError, match=r"query must be \(3, 5\) or \(steps, 3, 5\), not \(2, 5\)"):
        attention(torch.zeros(2, Q), attention.prepare(torch.zeros(T, B, M)))
