"""What can be said of a tagger."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatework.errors import InputError
from gatework.settings import checked, task_settings
from gatework.settings.tasks.tag import TagData, TaggerConfig


def test_paths_are_anchored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    anchored = TagData(sources=["a", "-"], test_data=["b"], word_vectors="c").anchored()
    assert anchored.sources == [str(tmp_path / "a"), "-"]
    assert (anchored.test_data, anchored.word_vectors) == ([str(tmp_path / "b")], str(tmp_path / "c"))
    assert TagData().anchored().word_vectors is None


def test_smoothing_is_for_tags_that_are_chosen_one_by_one() -> None:
    with pytest.raises(InputError, match="label smoothing is for tags that are chosen one by one"):
        checked(TaggerConfig, {"crf": True, "label_smoothing": 0.1})
    assert checked(TaggerConfig, {"crf": True}).bidirectional
    assert task_settings("tag").name == "tag"
