"""From files to numbers: readers of data, codecs, and the examples and streams that training reads.

What all kinds of data share lies here: ``codec``, ``scaling``, ``dataset``, ``batches``, ``padding``. The chapters,
each of which builds on none but those before it: ``files``, ``text``, ``corpora``, ``series``, ``sound``,
``labelled``, ``tagging``, ``translation``, ``music``, ``pictures``.
"""

from gatework.data.corpora.cache import corpora_folder
from gatework.data.corpora.corpus import Corpus, Split, load_corpus
from gatework.data.corpora.streams import Streams, Window
from gatework.data.files.tables import read_table
from gatework.data.labelled.labelled_files import read_labelled_files
from gatework.data.labelled.ts_files import read_ts
from gatework.data.series.series import read_series
from gatework.data.tagging.tagged import read_tagged
from gatework.data.text.decoder import Decoder
from gatework.data.text.vocabulary import Vocabulary
from gatework.data.text.word_vectors import read_word_vectors
from gatework.data.text.write_word_vectors import write_word_vectors
from gatework.data.translation.parallel import read_parallel_files, read_parallel_table

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
