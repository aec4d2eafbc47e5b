"""What can be said of a transcriber's data."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from gatework.settings import TranscribeData


def test_how_many_recordings_are_joined() -> None:
    assert TranscribeData(join="3-6").joined == (3, 6)
    assert TranscribeData(join=4).joined == (4, 4)
    assert TranscribeData(join=" 10 ").joined == (10, 10)
    assert TranscribeData.model_validate(TranscribeData(join="2").model_dump()).joined == (2, 2)
    for wrong in ("6-3", "0", "0-2", "3-", "a", "1-101", ""):
        with pytest.raises(ValidationError, match="the fewest and the most, as 3-6"):
            TranscribeData(join=wrong)


def test_paths_are_found_from_anywhere() -> None:
    config = TranscribeData(sources=["speech"], test_data=["others"], lexicon="words.dict").anchored()
    assert config.lexicon == str(Path("words.dict").resolve())
    assert config.sources == [str(Path("speech").resolve())]
    assert config.test_data == [str(Path("others").resolve())]
    assert TranscribeData().anchored().lexicon is None
