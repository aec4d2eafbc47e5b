"""A translation model learns a little task, and a stopped training goes on bit for bit."""

from __future__ import annotations

import pytest
import torch
from little_translation import PAIRS, SMALL

from gatework.data.dataset import make_dataset
from gatework.data.translation.language_pair import LanguagePair
from gatework.data.translation.translated import Translated
from gatework.generation.translating import Translator
from gatework.models.pretrained import own_tensors
from gatework.models.translate import TranslationModel
from gatework.settings.tasks.translate import TranslationConfig, TranslationData, TranslationTraining
from gatework.training import Callback, Interrupted, RunFolder, Trainer


def trainer_of(path, *, seed=3, callbacks=(), training=None, **shape):
    config = TranslationData(level="token")
    pair = LanguagePair.build(PAIRS, config)
    examples = [Translated(pair.read(one), pair.written(other), (one, other)) for one, other in PAIRS]
    data = make_dataset((examples * 3, examples[:2], []), pair, config, "pairs")
    torch.manual_seed(seed)
    model = TranslationModel(TranslationConfig(**{**SMALL, "dropout": 0.2, **shape}), pair)
    folder = None if path is None else RunFolder(path)
    if folder is not None and not folder.config.exists():
        folder.start({})
    options = {"batch": 4, "epochs": 4, "warmup": 3, **(training or {})}
    return Trainer(model, data, TranslationTraining(**options), folder, callbacks)


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_update(self, trainer):
        if trainer.position.step == self.step:
            raise Interrupted(15)


@pytest.mark.parametrize(
    "shape",
    [{"scheduled_sampling": 0.6, "sampling_schedule": "linear", "sampling_updates": 3}, {"choose_by": "bleu"}],
)
def test_a_stopped_training_goes_on_bit_for_bit(tmp_path, shape):
    whole = trainer_of(tmp_path / "whole", **shape)
    whole.fit()
    with pytest.raises(Interrupted):
        trainer_of(tmp_path / "parts", callbacks=[StopAt(7)], **shape).fit()
    again = trainer_of(tmp_path / "parts", seed=99, **shape)
    again.resume()
    assert again.position.step == 7
    again.fit()
    expected = own_tensors(whole.model)
    assert "updates" in expected
    for name, tensor in own_tensors(again.model).items():
        assert torch.equal(tensor, expected[name]), name


def test_five_pairs_are_learnt_by_heart():
    trainer = trainer_of(
        None,
        training={"epochs": 110, "learning_rate": 0.03, "batch": 15},
        hidden_size=16,
        decoder_size=16,
        embedding_size=16,
        dropout=0.0,
        label_smoothing=0.0,
    )
    trainer.fit()
    found = Translator(trainer.model).translate([source for source, _ in PAIRS])
    assert [best[0].text for best in found] == [target for _, target in PAIRS]
