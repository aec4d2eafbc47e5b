"""gatework words: the embedding that a model has learnt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatework.cli.runs import RunArgument, load_model
from gatework.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("words")(words)


def words(
    run: RunArgument,
    word: Annotated[
        str | None, typer.Argument(metavar="WORD", help="A word that the model knows.", show_default=False)
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many of its neighbours are shown.")] = 10,
    coverage: Annotated[
        Path | None,
        typer.Option(
            help="A file of word vectors (GloVe or word2vec): how many of the model's words it has.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Write the model's vectors here, as word2vec's text; gzip for .gz.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Let --output replace a file.")] = False,
) -> int:
    """Show which words lie nearest to one in the embedding that a model has learnt, by cosine.

    Works for every model that reads symbols by an embedding: classifiers and language models of words or characters.

    [bold]Examples[/]

    gatework words last brilliant

    gatework words last --coverage glove.6B.100d.txt

    gatework words last --output vectors.txt
    """
    if word is None and coverage is None and output is None:
        raise InputError(
            "no word is named", "for example `gatework words last good`, or ask for --coverage or --output"
        )
    names, vectors = _embedding(run)
    if word is not None:
        _show_nearest(word, names, vectors, count)
    if coverage is not None:
        _show_coverage(coverage, names)
    if output is not None:
        _write(output, names, vectors, overwrite)
    return 0


def _embedding(run: str) -> tuple[list[str], np.ndarray]:
    """The symbols of a model and their vectors."""
    model = load_model(run)
    found = model.symbol_vectors()
    if found is None:
        raise InputError(f"the model of {run} has no embedding of symbols", "train one with --embedding-size above 0")
    return list(found[0]), found[1].detach().float().numpy()


def _show_nearest(word: str, names: Sequence[str], vectors: np.ndarray, count: int) -> None:
    from gatework.cli.console import out
    from gatework.data.text.neighbours import nearest

    for neighbour in nearest(names, vectors, word, count):
        shown = repr(neighbour.word) if neighbour.word.isspace() else neighbour.word
        out.print(f"{neighbour.cosine:6.3f}  {shown}", markup=False)


def _show_coverage(path: Path, names: Sequence[str]) -> None:
    from gatework.cli.console import out
    from gatework.data.text.word_vectors import coverage, read_word_vectors

    found = coverage(names, read_word_vectors(path, names).words)
    missing = f"; without one: {', '.join(found.missing)}" if found.missing else ""
    out.print(f"{found.found:,} of {found.total:,} symbols ({found.share:.1%}) have vectors{missing}", markup=False)


def _write(path: Path, names: Sequence[str], vectors: np.ndarray, overwrite: bool) -> None:
    """Write the vectors of symbols that the format can hold: white space is none."""
    from gatework.cli.console import out
    from gatework.data.text.write_word_vectors import write_word_vectors

    if path.exists() and not overwrite:
        raise InputError(f"{path} is there already", "name another file, or add --overwrite")
    kept = [place for place, name in enumerate(names) if not any(letter in name for letter in " \t\r\n")]
    write_word_vectors(path, [names[place] for place in kept], vectors[kept])
    out.print(f"{len(kept):,} vectors: {path}", markup=False)
