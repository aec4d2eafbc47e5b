"""Tagged sentences, divided and encoded for a tagger."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatework.data.dataset import Dataset, data_name, divided, make_dataset
from gatework.data.files.lines import Source, kept_input, source_name
from gatework.data.tagging.tag_codec import TaggedExample, TaggerCodec
from gatework.data.tagging.tagged import TaggedSentence, read_tagged
from gatework.data.text.word_vectors import WordVectors, read_word_vectors
from gatework.errors import InputError
from gatework.settings import STANDARD_INPUT
from gatework.settings.tasks.tag import TagData

LONG = 500
"""A sentence of more words is worth a note: a blank line may be missing."""
SHOWN = 5
"""So many tags are named in a note."""


@dataclass(frozen=True, eq=False)
class TaggedDataset(Dataset[TaggedExample, TaggerCodec]):
    """Encoded sentences, and pretrained vectors of their words."""

    config: TagData

    @functools.cached_property
    def vectors(self) -> WordVectors | None:
        """Pretrained vectors of the words that the model knows, if a file was named; read when first needed.

        Raises:
            InputError, DamagedFileError: they cannot be read, or are of no such word.
        """
        path, trained = self.config.word_vectors, self.codec.trained_words
        if path is None:
            return None
        found = read_word_vectors(path, self.codec.words.names)
        if trained.isdisjoint(found.words):
            raise InputError(
                f"{path} has none of the {len(trained):,} training words", "give vectors of the language of the data"
            )
        return found


def load_tagged(config: TagData, *, keep: Path | None = None, codec: TaggerCodec | None = None) -> TaggedDataset:
    """Read, divide and encode tagged sentences.

    Args:
        config: which, and how.
        keep: where to keep what standard input gave.
        codec: that of a trained model; all sentences are then in the part ``train``.

    Raises:
        InputError: nothing is named, they cannot be read, there are none, all words have the same tag, or a
            part has no sentence whose tags the model knows.
    """
    if not config.sources:
        raise InputError("there is nothing to learn from", "name a file of a word and its tag a line")
    name = data_name(config.sources)
    given = [
        read_sentences(files, config, keep) for files in (config.sources, config.validation_data, config.test_data)
    ]
    train, validation, test = divided(given[0], config)
    parts = {"train": train, "validation": validation + given[1], "test": test + given[2]}
    notes = _long_sentences(parts.values())
    if codec is None:
        codec = new_codec(train, config, name)
    for part, sentences in parts.items():
        notes += _unknown_tags(sentences, codec, name if part == "train" else f"the {part} part")
    if config.max_length is not None:
        parts["train"] = [sentence for sentence in train if len(sentence.words) <= config.max_length]
        if left_out := len(train) - len(parts["train"]):
            notes.append(f"{left_out:,} training sentences of more than {config.max_length} words are left out")
    first, second, third = ([codec.encode(*one[:2]) for one in sentences] for sentences in parts.values())
    made = make_dataset((first, second, third), codec, config, name, notes)
    return TaggedDataset(**vars(made))


def read_sentences(sources: Sequence[str], config: TagData, keep: Path | None = None) -> list[TaggedSentence]:
    """Read all sentences of files.

    Raises:
        InputError: a file cannot be read, has too few columns, or holds no sentence.
    """
    found: list[TaggedSentence] = []
    for source in sources:
        stream: Source = kept_input(keep) if source == STANDARD_INPUT else source
        options = {"word": config.word_column, "tag": config.tag_column}
        sentences = list(read_tagged(stream, encoding=config.encoding, **options))  # type: ignore[arg-type]
        if not sentences:
            raise InputError(f"{source_name(source)} holds no sentence", "give a line a word, with its tag")
        found += sentences
    return found


def new_codec(train: Sequence[TaggedSentence], config: TagData, name: str) -> TaggerCodec:
    """Take words, characters and tags from training sentences.

    Raises:
        InputError: there are none, all words have the same tag, or the word vectors cannot be read.
    """
    if not train:
        raise InputError(f"{name} gives no training sentence", "give more data, or hold out less")
    tags = {tag for sentence in train for tag in sentence.tags}
    if len(tags) == 1:
        raise InputError(
            f"all training words of {name} have the tag {min(tags)!r}", "name the column of the tags with --tag-column"
        )
    more: Sequence[str] = ()
    if config.word_vectors is not None and config.vector_words:
        more = read_word_vectors(config.word_vectors, limit=config.vector_words).words
    return TaggerCodec.build(
        [sentence.words for sentence in train],
        [sentence.tags for sentence in train],
        lower=config.lower,
        min_count=config.min_count,
        max_vocabulary=config.max_vocabulary,
        more_words=more,
    )


def _long_sentences(parts: Iterable[Sequence[TaggedSentence]]) -> list[str]:
    longest = max((sentence for part in parts for sentence in part), key=lambda one: len(one.words))
    if len(longest.words) <= LONG:
        return []
    return [
        f"the longest sentence, at line {longest.line}, has {len(longest.words):,} words: "
        "is a blank line missing after each sentence?"
    ]


def _unknown_tags(sentences: Sequence[TaggedSentence], codec: TaggerCodec, name: str) -> list[str]:
    """What is said of tags that the model cannot choose.

    Raises:
        InputError: each sentence has one.
    """
    unknown = Counter(tag for one in sentences for tag in one.tags if codec.tags.find(tag) is None)
    if not unknown:
        return []
    shown = ", ".join(f"{tag!r} ({count:,})" for tag, count in unknown.most_common(SHOWN))
    shown += ", ..." * (len(unknown) > SHOWN)
    if not any(all(codec.tags.find(tag) is not None for tag in one.tags) for one in sentences):
        known = ", ".join(codec.tags.names[: 4 * SHOWN])
        raise InputError(
            f"all sentences of {name} have tags that the model does not know: {shown}", f"it knows {known}"
        )
    return [f"{name} has tags that training did not have, which count as wrong: {shown}"]
