"""The texts that commands measure and draw: a run's own, or what the user gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatework.data import Corpus, Split
    from gatework.models import LanguageModel
    from gatework.training import RunFolder


def own_corpus(folder: RunFolder) -> Corpus:
    """The corpus that a run was trained on, read again.

    Raises:
        InputError: its text is gone, or has changed since.
    """
    from gatework.cli.progress import loading
    from gatework.data import load_corpus
    from gatework.errors import InputError
    from gatework.settings import checked_config
    from gatework.training import trained_fingerprint

    config = checked_config(folder.read_config(), str(folder.config)).data
    config = config.model_copy(update={"sources": folder.own_sources(config.sources)})
    with loading("reading the text") as progress:
        corpus = load_corpus(config, progress=progress)
    if trained_fingerprint(folder) not in (None, corpus.fingerprint):
        raise InputError(
            f"the data are not those that {folder.path} was trained on ({corpus.name} has changed since)",
            "restore them, or give a text",
        )
    return corpus


def own_text(run: str, part: str) -> tuple[Split, str]:
    """A part of a run's own text, and what to call it.

    Raises:
        InputError: the part is empty.
    """
    from gatework.errors import InputError
    from gatework.training import RunFolder

    corpus = own_corpus(RunFolder.find(run))
    split: Split = getattr(corpus, part)
    if len(split.tokens) < 2:
        raise InputError(f"the run has no {part} text", "choose another --part, or give a file")
    return split, f"{part} part of {corpus.name}"


def given_text(model: LanguageModel, sources: list[str], encoding: str) -> tuple[Split, str]:
    """A user's text in the model's symbols, and what to call it.

    Raises:
        InputError: it cannot be read.
    """
    from gatework.data import load_corpus
    from gatework.settings import checked_config

    separator = model.vocabulary.separator.replace("\\", "\\\\") or None  # as one would type it
    settings = {"sources": sources, "level": model.vocabulary.level, "encoding": encoding, "separator": separator}
    config = checked_config({"data": {**settings, "validation": 0}}).data
    corpus = load_corpus(config, vocabulary=model.vocabulary)
    return corpus.train, corpus.name


def own_excerpt(model: LanguageModel, folder: RunFolder) -> str:
    """A piece of a run's held-out text.

    Raises:
        InputError: its text is gone, or has changed since.
    """
    from gatework.insight import readable_excerpt

    corpus = own_corpus(folder)
    split = corpus.validation if len(corpus.validation) else corpus.train
    return readable_excerpt(model, split.tokens)
