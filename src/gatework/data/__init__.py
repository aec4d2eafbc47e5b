"""Texts as sequences of symbols: vocabularies, sources, corpora and the streams that training reads."""

from typing import TYPE_CHECKING, Any

from gatework.data.cache import corpora_folder
from gatework.data.config import CorpusConfig
from gatework.data.corpus import Corpus, Split, load_corpus
from gatework.data.decoder import Decoder
from gatework.data.vocabulary import Level, Vocabulary

__all__ = [
    "Corpus",
    "CorpusConfig",
    "Decoder",
    "Level",
    "Split",
    "Streams",
    "Vocabulary",
    "Window",
    "corpora_folder",
    "load_corpus",
]

if TYPE_CHECKING:
    from gatework.data.streams import Streams, Window


def __getattr__(name: str) -> Any:
    # streams give tensors, and importing torch takes seconds that the command line's help does not have
    if name in ("Streams", "Window"):
        from gatework.data import streams

        return getattr(streams, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
