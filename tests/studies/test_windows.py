"""Windows: side by side they are what a plain loop does; how far errors reach is what autograd finds."""

from __future__ import annotations

import pytest
import torch

from gatework.studies.networks import StepReader
from gatework.studies.windows import _window, reaching, train_in_windows


@pytest.mark.parametrize(("k1", "k2"), [(5, 5), (1, 4), (2, 5)])
def test_errors_reach_as_many_answers_as_is_said(k1, k2):
    model = StepReader("elman", 2, 3, 1)
    answers = []
    x = torch.randn(k2, 1, 2, requires_grad=True)
    for answer in _window(model, x, None, k1)[0]:
        (gradient,) = torch.autograd.grad(answer.sum(), x, retain_graph=True)
        answers.append(gradient.abs().sum(dim=(1, 2)) > 0)
    for lag in range(k2 + 1):
        reached = [int(seen.sum()) > lag for seen in answers]  # an answer at place p sees p + 1 steps
        assert sum(reached) / k1 == pytest.approx(reaching(lag, k1, k2))


@pytest.mark.parametrize(("k1", "k2"), [(3, 3), (1, 4), (2, 5)])
def test_each_window_starts_from_the_state_of_all_steps_before(k1, k2):
    model = StepReader("lstm", 2, 3, 1)
    x, wanted = torch.randn(11, 2, 2), torch.randn(11, 2, 1)
    at_rest = torch.optim.SGD(model.parameters(), lr=0.0)
    losses = []
    train_in_windows(model, x, wanted, torch.nn.functional.mse_loss, at_rest, k1=k1, k2=k2, each=losses.append)
    whole = model(x)[0]
    ends = range(k2, 12, k1)
    known = [torch.nn.functional.mse_loss(whole[end - k1 : end], wanted[end - k1 : end]).item() for end in ends]
    assert losses == pytest.approx(known, rel=1e-5)


def test_windows_side_by_side_are_the_plain_loop():
    x, wanted = torch.randn(6, 2, 2), torch.randn(6, 2, 1)
    model, plain = StepReader("elman", 2, 3, 1), StepReader("elman", 2, 3, 1)
    plain.load_state_dict(model.state_dict())
    optimizers = [torch.optim.SGD(one.parameters(), lr=0.3) for one in (model, plain)]
    loss = torch.nn.functional.mse_loss
    train_in_windows(model, x, wanted, loss, optimizers[0], k1=3, k2=3, each=lambda value: None)
    h = torch.zeros(2, 3)
    for begin in (0, 3):
        h, answers = h.detach(), []
        for step in x[begin : begin + 3]:
            h = plain.recurrent.cell.step(step, h)
            answers.append(plain.head(h))
        optimizers[1].zero_grad()
        loss(torch.stack(answers), wanted[begin : begin + 3]).backward()
        optimizers[1].step()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, plain.state_dict()[name], msg=name)
