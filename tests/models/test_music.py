"""The music model's loss, counted a second time in NumPy; padding, transposition, saving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gatework.data.music.piano_rolls import KEYS
from gatework.data.music.pieces import Piece, RollCodec
from gatework.data.padding import is_real
from gatework.errors import InputError
from gatework.models import MusicModel, music
from gatework.models.music import transposed
from gatework.training import measure

H = 7


def pieces(*lengths: int, seed: int = 3) -> list[Piece]:
    generator = np.random.default_rng(seed)
    return [Piece(generator.random((length, KEYS)) < 0.05) for length in lengths]


def make(**options: Any) -> MusicModel:
    torch.manual_seed(11)
    codec = RollCodec.build(pieces(13, 5, seed=1), 4)
    return MusicModel.build(codec, **{"hidden_size": H, **options})


def nats_by_hand(model: MusicModel, roll: np.ndarray) -> list[float]:
    """Of each step but the first: each prefix is read anew, each key's probability is logged by itself."""
    found = []
    for step in range(1, len(roll)):
        logits = model.double()(torch.from_numpy(roll[:step, None]))[0][-1, 0].detach().numpy()
        p = 1 / (1 + np.exp(-logits))
        found.append(-sum(np.log(p[key] if roll[step, key] else 1 - p[key]) for key in range(KEYS)))
    return found


@pytest.mark.parametrize("options", [{}, {"projection_size": 5, "cell": "gru", "layers": 2}])
def test_the_loss_is_the_sum_over_keys_and_the_mean_over_all_predicted_steps(options: dict[str, Any]) -> None:
    model, given = make(**options).eval(), pieces(5, 11, 2)
    wanted = [nats for piece in given for nats in nats_by_hand(model, piece.roll)]
    assert len(wanted) == 4 + 10 + 1
    model.float()
    assert model.loss(model.collate(given)).item() == pytest.approx(np.mean(wanted), rel=1e-5)
    score = measure(model, given, batch=2)
    assert score.loss == pytest.approx(np.mean(wanted), rel=1e-5)
    assert score.count == 15


def test_frame_accuracy_counts_notes() -> None:
    model, given = make().eval(), pieces(5, 11)
    model.output.weight.data *= 30  # sure of itself, and often wrong
    found = missed = false = 0
    for piece in given:
        played = model.after(piece.roll)[:-1].numpy() > 0
        truth = piece.roll[1:]
        found += int((played & truth).sum())
        missed += int((~played & truth).sum())
        false += int((played & ~truth).sum())
    assert min(found, missed, false) > 0
    assert measure(model, given).figures["frame_accuracy"] == pytest.approx(found / (found + missed + false))
    assert model.figures({"found": 0, "missed": 0, "false": 0}) == {"frame_accuracy": 1.0}


def test_padding_changes_nothing() -> None:
    model, given = make(projection_size=5).train(), pieces(3, 13, 7)
    for parameter in ("dropout", "input_dropout"):
        model.config = model.config.model_copy(update={parameter: 0.0})
    together = model.loss(model.collate(given))
    together.backward()
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    sum(model.loss(model.collate([piece])) * (len(piece.roll) - 1) for piece in given).div(20).backward()
    for one, other in zip(gradients, [parameter.grad for parameter in model.parameters()], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_long_pieces_are_measured_in_windows_with_the_state_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    model, given = make().eval(), pieces(11, 23, 2)
    whole, after = model.totals(model.collate(given)), model.after(given[1].roll)
    monkeypatch.setattr(music, "WINDOW", 5)
    assert model.totals(model.collate(given)) == pytest.approx(whole, rel=1e-6)
    torch.testing.assert_close(model.after(given[1].roll), after)


def test_streaming_equals_reading_at_once() -> None:
    model, roll = make(layers=2).eval(), torch.from_numpy(pieces(7)[0].roll)
    state, found = None, []
    for keys in roll:
        logits, state = model.step(keys[None], state)
        found.append(logits)
    torch.testing.assert_close(torch.cat(found), model(roll[:, None])[0][:, 0])


def test_the_output_starts_from_the_frequencies() -> None:
    model = make()
    np.testing.assert_allclose(model.output.bias.detach().sigmoid().numpy(), model.codec.frequencies, rtol=1e-5)


def test_transposition_keeps_chords_and_the_keyboard() -> None:
    rolls = torch.zeros(3, 201, KEYS, dtype=torch.bool)
    rolls[0, :, [40, 44, 47]] = True
    rolls[2, :, 41] = True
    rolls[1, 100, [0, 85]] = True  # can go up by two, never down
    moved = transposed(rolls, 5)
    assert torch.equal(moved.sum(2), rolls.sum(2))
    shifts = moved[0].float().argmax(1) - 40
    assert set(shifts.tolist()) - {shifts[100].item()} | {0} == set(range(-5, 6))
    for row in range(201):
        if row != 100:
            assert torch.equal(moved[:, row], rolls[:, row].roll(int(shifts[row]), 1))
    low, high = moved[1, 100].nonzero()[:, 0].tolist()
    assert (high - low, 0 <= low <= 2) == (85, True)
    assert torch.equal(transposed(torch.zeros_like(rolls), 5), torch.zeros_like(rolls))


def test_pieces_are_transposed_in_training_only() -> None:
    model = make(transpose=4, dropout=0, input_dropout=0)
    batch = model.collate(pieces(11))
    assert len({model.train().loss(batch).item() for _ in range(9)}) > 2
    assert len({model.eval().loss(batch).item() for _ in range(3)}) == 1


def test_input_dropout_acts_in_training_only() -> None:
    model = make(dropout=0, input_dropout=0.5)
    batch = model.collate(pieces(11))
    assert len({model.train().loss(batch).item() for _ in range(3)}) == 3
    assert len({model.eval().loss(batch).item() for _ in range(3)}) == 1


def test_round_trip(tmp_path: Path) -> None:
    model = make(projection_size=5, cell="gru")
    model.save_pretrained(tmp_path / "model")
    loaded = MusicModel.from_pretrained(tmp_path / "model")
    roll = pieces(7)[0].roll
    assert torch.equal(loaded.after(roll), model.after(roll))
    assert (loaded.config, loaded.codec) == (model.config, model.codec)
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        "config.json", "rolls.json", "model.safetensors",
    }  # fmt: skip


def test_bad_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="did you mean"):
        make(hiden_size=3)
    with pytest.raises(InputError, match="transpose"):
        make(transpose=12)


def test_lengths_name_what_is_real() -> None:
    model = make()
    batch = model.collate(pieces(5, 2))
    assert batch.rolls.shape == (5, 2, KEYS)
    assert not batch.rolls[~is_real(batch.lengths, 5)].any()
    assert [model.length(piece) for piece in pieces(5, 2)] == batch.lengths.tolist() == [5, 2]
