"""gatework evaluate: how well a model predicts a text."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from gatework.cli.runs import DeviceOption, RunArgument, is_saved_model, load_model
from gatework.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate)


def evaluate(
    run: RunArgument,
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Text files or folders, or -; the run's own held-out text unless given.", show_default=False
        ),
    ] = None,
    part: Annotated[
        Literal["train", "validation", "test"] | None,
        typer.Option(help="Which part of the run's own text; validation unless given.", show_default=False),
    ] = None,
    encoding: Annotated[str, typer.Option(help="How DATA are encoded.")] = "utf-8",
    device: DeviceOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> int:
    """Measure a trained model on a text: nats, bits and perplexity per symbol.

    [bold]Examples[/]

    gatework evaluate last

    gatework evaluate last another.txt --json
    """
    from gatework.cli.console import out, print_note
    from gatework.cli.progress import loading
    from gatework.cli.texts import given_text, own_text
    from gatework.training import evaluate as score_of

    if data and part:
        raise InputError("--part chooses from the run's own text", "leave out --part or DATA")
    if not data and is_saved_model(run):
        raise InputError(f"{run} is a saved model, which has no text of its own", "give a text: evaluate RUN DATA")
    model = load_model(run, device)
    split, name = given_text(model, data, encoding) if data else own_text(run, part or "validation")
    with loading("measuring") as progress:
        score = score_of(model, split, name=name, progress=progress)
    unknown = 0 if model.vocabulary.unknown is None else int((split.tokens == model.vocabulary.unknown).sum())
    if unknown:
        print_note(f"{unknown:,} of {len(split.tokens):,} symbols are unknown to the model")
    level = model.vocabulary.level
    if as_json:
        numbers = {"nats": score.nats, "bits": score.bits, "perplexity": score.perplexity}
        out.print(
            json.dumps({"text": name, "level": level, "symbols": score.count, "unknown": unknown, **numbers}),
            markup=False,
        )
    else:
        out.print(f"{name}: {score.count:,} {level}s predicted", markup=False)
        out.print(
            f"[bold]{score.nats:.4f}[/] nats   [bold]{score.bits:.4f}[/] bits per {level}   "
            f"perplexity [bold]{score.perplexity:.3f}[/]"
        )
    return 0
