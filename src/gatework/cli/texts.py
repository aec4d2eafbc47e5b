"""The texts that commands measure and draw: a run's own, or what the user gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatework.data import Corpus, Split
    from gatework.models import LanguageModel


def own_corpus(run: str) -> Corpus:
    """The corpus that a run was trained on, read again.

    Raises:
        InputError: it is not a run, or its text is gone.
    """
    from gatework.data import load_corpus
    from gatework.settings import checked_config
    from gatework.training import RunFolder

    folder = RunFolder.find(run)
    return load_corpus(checked_config(folder.read_config(), str(folder.config)).data)


def own_text(run: str, part: str) -> tuple[Split, str]:
    """A part of a run's own text, and what to call it.

    Raises:
        InputError: the part is empty.
    """
    from gatework.errors import InputError

    corpus = own_corpus(run)
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
    from gatework.settings import CorpusConfig

    config = CorpusConfig(
        sources=sources,
        level=model.vocabulary.level,
        encoding=encoding,
        separator=model.vocabulary.separator.replace("\\", "\\\\") or None,  # as one would type it
        validation=0,
    )
    corpus = load_corpus(config, vocabulary=model.vocabulary)
    return corpus.train, corpus.name


def own_excerpt(run: str) -> str:
    """The beginning of a run's held-out text.

    Raises:
        InputError: it is not a run, or its text is gone.
    """
    from gatework.cli.runs import load_model
    from gatework.insight import readable_excerpt

    corpus = own_corpus(run)
    split = corpus.validation if len(corpus.validation) else corpus.train
    return readable_excerpt(load_model(run), split.tokens)
