"""The text of studies that anyone can run."""

from __future__ import annotations

from gatework.studies.sources.text import TINY_SHAKESPEARE, text_sources


def test_the_text_is_shakespeares_or_pythons(tmp_path, monkeypatch):
    monkeypatch.delenv("GATEWORK_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    assert text_sources() == ()
    monkeypatch.setenv("GATEWORK_DATA", str(tmp_path))
    assert text_sources() == ()
    (tmp_path / TINY_SHAKESPEARE).write_text("To be")
    assert text_sources() == (str(tmp_path / TINY_SHAKESPEARE),)
