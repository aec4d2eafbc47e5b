"""The conditional random field against all sequences of tags that there are."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.autograd import gradcheck

from gatework.layers import LinearChainCRF

T, B, TAGS = 5, 4, 3
LENGTHS = torch.tensor([5, 1, 3, 2])
FORBIDDEN = [(0, 1), (2, 2), (None, 1), (0, None)]
pytestmark = pytest.mark.usefixtures("exact")


def make(forbidden=()) -> LinearChainCRF:
    crf = LinearChainCRF(TAGS, forbidden=forbidden)
    for parameter in crf.parameters():
        parameter.data = torch.randn_like(parameter)
    return crf


def every_sequence(crf: LinearChainCRF, emissions: torch.Tensor, forbidden=()) -> dict[tuple[int, ...], float]:
    """The score of each sequence that is not forbidden, for emissions (steps, tags)."""
    scores = {}
    for tags in itertools.product(range(TAGS), repeat=len(emissions)):
        pairs = itertools.pairwise((None, *tags, None))
        if any(pair in forbidden for pair in pairs):
            continue
        total = crf.b[tags[0]] + crf.e[tags[-1]]
        total = total + sum(emissions[step, tag] for step, tag in enumerate(tags))
        scores[tags] = (total + sum(crf.A[pair] for pair in itertools.pairwise(tags))).item()
    return scores


def rows(lengths, emissions):
    return [(row, emissions[:length, row]) for row, length in enumerate(lengths.tolist())]


@pytest.mark.parametrize("forbidden", [[], FORBIDDEN])
def test_equals_all_sequences(forbidden):
    crf, emissions = make(forbidden), 2 * torch.randn(T, B, TAGS)
    paths, best = crf.decode(emissions, LENGTHS)
    marginals = crf.marginals(emissions, LENGTHS).detach()
    for row, own in rows(LENGTHS, emissions):
        scores = every_sequence(crf, own, forbidden)
        total = math.log(sum(map(math.exp, scores.values())))
        assert tuple(paths[row].tolist()) == max(scores, key=scores.get)
        assert best[row].item() == pytest.approx(max(scores.values()))
        expected = torch.zeros(T, TAGS)
        for tags, score in scores.items():
            for step, tag in enumerate(tags):
                expected[step, tag] += math.exp(score - total)
        torch.testing.assert_close(marginals[:, row], expected, rtol=1e-10, atol=1e-12)

        several = torch.full((T, len(scores)), -100)  # all sequences as one batch, padded with what is no tag
        several[: len(own)] = torch.tensor(list(scores)).T
        repeated = emissions[:, row : row + 1].expand(-1, len(scores), -1)
        likely = crf.log_likelihood(repeated, several, LENGTHS[row].expand(len(scores)))
        torch.testing.assert_close(likely, torch.tensor(list(scores.values())) - total, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("forbidden", [[], FORBIDDEN])
def test_rows_of_different_lengths_in_one_batch(forbidden):
    crf, emissions = make(forbidden), torch.randn(T, B, TAGS)
    tags = torch.full((T, B), 7)
    for row, own in rows(LENGTHS, emissions):
        tags[: len(own), row] = crf.decode(own[:, None])[0][0]
    together = crf.log_likelihood(emissions, tags, LENGTHS)
    for row, own in rows(LENGTHS, emissions):
        alone = crf.log_likelihood(own[:, None], tags[: len(own), row : row + 1])
        torch.testing.assert_close(together[row], alone[0], rtol=1e-12, atol=1e-12)


def test_the_gradient_of_the_likelihood_is_the_marginals():
    crf, emissions = make(FORBIDDEN), torch.randn(T, B, TAGS, requires_grad=True)
    tags = torch.tensor([[2, 0, 2, 0, 2]]).T.expand(T, B)
    lengths = torch.tensor([5, 1, 3, 1])
    (gradient,) = torch.autograd.grad(crf.log_likelihood(emissions, tags, lengths).sum(), emissions)
    real = torch.arange(T)[:, None] < lengths
    written = torch.nn.functional.one_hot(tags, TAGS) * real[:, :, None]
    torch.testing.assert_close(gradient, written - crf.marginals(emissions, lengths))


def test_derivatives():
    crf = make([(0, 1), (None, 1)])
    emissions = torch.randn(T, B, TAGS, requires_grad=True)
    tags = (2 * (torch.arange(T) % 2))[:, None].expand(T, B)
    lengths = torch.tensor([5, 0, 3, 1])
    assert gradcheck(lambda e, *_: crf.log_likelihood(e, tags, lengths), (emissions, *crf.parameters()))
    assert gradcheck(lambda e, *_: crf.marginals(e, lengths), (emissions, *crf.parameters()))


def test_what_stands_in_the_padding_is_never_seen():
    crf, clean = make(), torch.randn(T, B, TAGS)
    lengths, tags = torch.tensor([5, 0, 3, 1]), torch.randint(TAGS, (T, B))
    real = torch.arange(T)[:, None] < lengths
    found = []
    for poison, padding in ((torch.nan, -1), (0.0, 1)):
        emissions = torch.where(real[:, :, None], clean, poison).requires_grad_()
        likely = crf.log_likelihood(emissions, torch.where(real, tags, padding), lengths)
        gradients = torch.autograd.grad(likely.sum(), [emissions, *crf.parameters()])
        paths, scores = crf.decode(emissions, lengths)
        found.append([likely, *gradients, *paths, scores, crf.marginals(emissions, lengths)])
    for poisoned, zero in zip(*found, strict=True):
        assert torch.equal(poisoned, zero)
    assert [len(path) for path in found[0][-6:-2]] == lengths.tolist()
    assert found[0][0][1] == 0
    assert not found[0][1][~real].any()


def test_what_is_forbidden_is_learned_from_nothing():
    crf = make(FORBIDDEN)
    emissions, tags = torch.randn(T, B, TAGS), torch.tensor([[2, 0, 2, 1, 1]]).T.expand(T, B)
    crf.log_likelihood(emissions, tags).sum().backward()
    assert (crf.A.grad[0, 1], crf.A.grad[2, 2], crf.b.grad[1], crf.e.grad[0]) == (0, 0, 0, 0)
    assert crf.A.grad.count_nonzero() == TAGS * TAGS - 2


def test_single_precision_is_enough_for_what_is_forbidden():
    crf = make(FORBIDDEN)
    emissions = 30 * torch.randn(41, B, TAGS)
    exact, found = crf.marginals(emissions), crf.float().marginals(emissions.float())
    torch.testing.assert_close(found.double(), exact, rtol=1e-4, atol=1e-5)


def test_what_does_not_fit_is_refused():
    crf, emissions = make(FORBIDDEN), torch.zeros(2, 1, TAGS)
    with pytest.raises(ValueError, match="tags stand beside each other that are forbidden to"):
        crf.log_likelihood(emissions, torch.tensor([[0], [1]]))
    with pytest.raises(ValueError, match="tags must lie between 0 and 2"):
        crf.log_likelihood(emissions, torch.tensor([[0], [3]]))
    with pytest.raises(ValueError, match=r"tags must be \(2, 1\), not \(1, 2\)"):
        crf.log_likelihood(emissions, torch.tensor([[0, 2]]))
    with pytest.raises(ValueError, match=r"emissions must be \(time, batch, 3\)"):
        crf.decode(emissions[:, :, :2])
    with pytest.raises(ValueError, match="not \\(0, 3\\)"):
        LinearChainCRF(TAGS, forbidden=[(0, 3)])
    shut = LinearChainCRF(2, forbidden=[(0, 0), (0, 1), (1, 0), (1, 1)])
    with pytest.raises(ValueError, match="the forbidden pairs leave no sequence of these lengths"):
        shut.decode(torch.zeros(2, 1, 2))
