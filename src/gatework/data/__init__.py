"""Texts as sequences of symbols: vocabularies, sources, corpora and the streams that training reads."""

from gatework.data.cache import corpora_folder
from gatework.data.corpus import Corpus, Split, load_corpus
from gatework.data.decoder import Decoder
from gatework.data.streams import Streams, Window
from gatework.data.vocabulary import Vocabulary

__all__ = ["Corpus", "Decoder", "Split", "Streams", "Vocabulary", "Window", "corpora_folder", "load_corpus"]
