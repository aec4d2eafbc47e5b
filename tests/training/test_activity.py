"""Activity regularisation against the sums of the paper, written out."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gatework.cells import GRU, LSTM
from gatework.data import Vocabulary
from gatework.layers import Stack
from gatework.models import LanguageModel
from gatework.training.activity import ActivityRegularization

B, T, I, H = 3, 7, 2, 5
ALPHA, BETA = 2.0, 0.7
pytestmark = pytest.mark.usefixtures("exact")


def expected(rows) -> float:
    """For rows of outputs (steps, output), of real steps that all follow each other."""
    squares = [value**2 for row in rows for step in row.tolist() for value in step]
    changes = [
        (value - old) ** 2
        for row in rows
        for before, step in zip(row.tolist(), row.tolist()[1:], strict=False)
        for old, value in zip(before, step, strict=True)
    ]
    return ALPHA * sum(squares) / len(squares) + BETA * sum(changes) / len(changes)


def test_the_outputs_of_the_last_stack():
    model = nn.ModuleDict({"first": Stack(LSTM, I, H), "last": Stack(GRU, H, H, layers=2)})
    model.forward = lambda x: model["last"](model["first"](x).outputs).outputs
    with ActivityRegularization(model, alpha=ALPHA, beta=BETA) as activity:
        for _ in range(2):
            outputs = model(torch.randn(T, B, I))
            assert activity.penalty().item() == pytest.approx(expected(outputs.unbind(1)))


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"reduce_time": 2}])
def test_padding_counts_nothing(batch_first, options):
    stack, lengths = Stack(GRU, I, H, batch_first=batch_first, **options), torch.tensor([7, 0, 4])
    activity = ActivityRegularization(stack, alpha=ALPHA, beta=BETA)
    outputs = stack(torch.randn(B, T, I) if batch_first else torch.randn(T, B, I), lengths=lengths).outputs
    ends = stack.lengths_after(lengths).tolist()
    rows = [(outputs if batch_first else outputs.transpose(0, 1))[row, :end] for row, end in enumerate(ends)]
    assert activity.penalty().item() == pytest.approx(expected(rows))


def test_nothing_is_compared_across_resets():
    stack, resets = Stack(LSTM, I, H), torch.zeros(T, B, dtype=torch.bool)
    resets[3, 0] = resets[5, 2] = resets[0, 1] = True
    activity = ActivityRegularization(stack, alpha=ALPHA, beta=BETA)
    out = stack(torch.randn(T, B, I), resets=resets).outputs
    rows = [out[:3, 0], out[3:, 0], out[:, 1], out[:5, 2], out[5:, 2]]
    assert activity.penalty().item() == pytest.approx(expected(rows))


class StepByStep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stack = Stack(GRU, I, H)

    def forward(self, x):
        state, outputs = None, []
        for step in x:
            result = self.stack(step[None], state)
            state = result.state
            outputs.append(result.outputs)
        return torch.cat(outputs)


def test_a_decoder_that_goes_step_by_step_is_one_run():
    model = StepByStep()
    activity = ActivityRegularization(model, alpha=ALPHA, beta=BETA)
    outputs = model(torch.randn(T, B, I))
    assert activity.penalty().item() == pytest.approx(expected(outputs.unbind(1)))


def test_its_gradient_reaches_the_weights():
    stack, x = Stack(GRU, I, H), torch.randn(T, B, I)
    activity = ActivityRegularization(stack, alpha=ALPHA, beta=BETA)
    stack(x)
    activity.penalty().backward()
    found = [parameter.grad.clone() for parameter in stack.parameters()]
    stack.zero_grad()
    h = stack(x).outputs
    (ALPHA * h.square().mean() + BETA * (h[1:] - h[:-1]).square().mean()).backward()
    for gradient, parameter in zip(found, stack.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad)


def test_watches_only_while_the_model_trains_and_until_it_is_removed():
    model = LanguageModel.build(Vocabulary.build("character", dict.fromkeys("abc", 1)), hidden_size=H)
    tokens = torch.randint(4, (T, B))
    activity = ActivityRegularization(model, alpha=1.0)
    with pytest.raises(ValueError, match="no forward pass of the model was watched"):
        activity.penalty()
    model(tokens)
    assert activity.penalty() > 0
    model.eval()(tokens)
    with pytest.raises(ValueError, match="it must have been in training mode"):
        activity.penalty()
    model.train()(tokens)
    before = activity.penalty()
    other = copy.deepcopy(model)
    other(tokens + 1 - 2 * (tokens > 1))
    assert torch.equal(activity.penalty(), before)
    activity.remove()
    model(tokens)
    with pytest.raises(ValueError, match="no forward pass"):
        activity.penalty()
    assert not model.stack._forward_hooks
    assert not model._forward_pre_hooks


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"alpha and beta must be at least 0, not -1\.0 and 0\.0"):
        ActivityRegularization(Stack(GRU, I, H), alpha=-1.0)
    with pytest.raises(ValueError, match="Linear has no Stack whose outputs could be regularised"):
        ActivityRegularization(nn.Linear(I, H))
