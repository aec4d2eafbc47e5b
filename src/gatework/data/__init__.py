"""Texts as sequences of symbols: vocabularies, corpora and the streams that training reads; readers of other data."""

from gatework.data.cache import corpora_folder
from gatework.data.corpus import Corpus, Split, load_corpus
from gatework.data.decoder import Decoder
from gatework.data.labelled_files import read_labelled_files
from gatework.data.parallel import read_parallel_files, read_parallel_table
from gatework.data.series import read_series
from gatework.data.streams import Streams, Window
from gatework.data.tables import read_table
from gatework.data.tagged import read_tagged
from gatework.data.ts_files import read_ts
from gatework.data.vocabulary import Vocabulary
from gatework.data.word_vectors import read_word_vectors
from gatework.data.write_word_vectors import write_word_vectors

__all__ = [
    "Corpus",
    "Decoder",
    "Split",
    "Streams",
    "Vocabulary",
    "Window",
    "corpora_folder",
    "load_corpus",
    "read_labelled_files",
    "read_parallel_files",
    "read_parallel_table",
    "read_series",
    "read_table",
    "read_tagged",
    "read_ts",
    "read_word_vectors",
    "write_word_vectors",
]
