"""What can be said about a translation, and what contradicts itself."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gatework.settings.tasks.translate import TranslationConfig, TranslationData, TranslationPrediction


def test_the_decoder_is_as_the_encoder_unless_told():
    plain = TranslationConfig(cell="gru", layers=3, hidden_size=7, dropout=0.1, cell_options={"z_scales": "old"})
    assert plain.decoder.model_dump() == {
        **{name: getattr(plain, name) for name in type(plain.decoder).model_fields},
        "hidden_size": 14,  # both directions
    }
    other = TranslationConfig(
        cell="gru", cell_options={"z_scales": "old"}, decoder_cell="lstm", decoder_layers=2, decoder_size=5
    )
    assert (other.decoder.cell, other.decoder.layers, other.decoder.hidden_size) == ("lstm", 2, 5)
    assert other.decoder.cell_options == {}  # those of another cell


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attention": "none", "input_feeding": True}, "input feeding needs an attention"),
        ({"attention": "none", "bridge": "none"}, "would know nothing of the source"),
        ({"bridge": "copy"}, "--no-bidirectional"),
        ({"bridge": "copy", "bidirectional": False, "decoder_layers": 2}, "decoder of its cell, layers and width"),
        ({"attention": "dot", "decoder_size": 7}, "--decoder-size 256, or --attention general"),
        ({"embedding_size": 0}, "greater than or equal to 1"),
    ],
)
def test_models_that_cannot_be(options, message):
    with pytest.raises(ValidationError, match=message):
        TranslationConfig(**options)


def test_copying_needs_no_more_than_equal_shapes():
    assert TranslationConfig(bridge="copy", bidirectional=False, layers=4, decoder_cell="gru").decoder.layers == 4


def test_columns_come_in_pairs_and_lists_fit_the_beam():
    with pytest.raises(ValidationError, match="both --source-column and --target-column"):
        TranslationData(sources=["a"], source_column="en")
    with pytest.raises(ValidationError, match="--n-best is 3, more than --beam 2"):
        TranslationPrediction(beam=2, n_best=3)
