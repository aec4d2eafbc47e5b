"""Only tasks that measure answers take options of answers."""

from __future__ import annotations

import pytest

from gatework.errors import InputError
from gatework.settings.tasks.translate import TranslationPrediction
from gatework.tasks import find_task


def test_options_of_answers_are_taken_or_refused():
    asked = TranslationPrediction(beam=2)
    usual = find_task("translate")
    assert usual.answering(asked).measured == asked
    assert usual.measured == TranslationPrediction()  # the one that others use stays
    with pytest.raises(InputError, match="a music model is not measured by answers"):
        find_task("music").answering(find_task("music").settings.prediction())
