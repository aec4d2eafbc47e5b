"""gatework generate: what a trained model writes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gatework.cli.runs import DeviceOption, RunArgument, load_language_model


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("generate")(generate)


def generate(
    run: RunArgument,
    prompt: Annotated[str, typer.Option(help="What the text goes on from.")] = "",
    length: Annotated[int, typer.Option(help="Symbols to write.")] = 500,
    temperature: Annotated[float, typer.Option(help="Below 1 more cautious, above more daring; 0: greedy.")] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="Consider only the K likeliest symbols.")] = None,
    top_p: Annotated[
        float, typer.Option(help="Consider only the likeliest symbols that make up this probability.")
    ] = 1.0,
    repetition_penalty: Annotated[float, typer.Option(help="Above 1: avoid symbols written lately.")] = 1.0,
    samples: Annotated[int, typer.Option(help="Texts to write, at once as one batch.")] = 1,
    seed: Annotated[int | None, typer.Option(help="The same seed writes the same text.")] = None,
    device: DeviceOption = "auto",
) -> int:
    """Write text with a trained model, shown as it is drawn.

    [bold]Examples[/]

    gatework generate last --prompt 'ROMEO:' --temperature 0.7

    gatework generate runs/mine --samples 5 --length 100 --seed 1
    """
    from gatework.generation import Sampling, TextWriter, sample_tokens
    from gatework.training.signals import Interrupted, StopSignals

    model = load_language_model(run, device)
    sampling = Sampling(temperature, top_k, top_p, repetition_penalty)
    status = 0
    with StopSignals() as stop:
        rows = sample_tokens(
            model, prompt, length=length, seed=seed, samples=samples, sampling=sampling, poll=stop.poll
        )
        writers = [TextWriter(model.vocabulary) for _ in range(samples)]
        texts = [prompt] * samples
        try:
            _write(prompt if samples == 1 else "")
            for row in rows:
                pieces = [writer.feed(symbol) for writer, symbol in zip(writers, row.tolist(), strict=True)]
                texts = [text + piece for text, piece in zip(texts, pieces, strict=True)]
                _write(pieces[0] if samples == 1 else "")
        except Interrupted as stopped:
            status = stopped.status
    endings = [writer.flush() for writer in writers]
    if samples == 1:
        _write(endings[0] + "\n")
    else:
        for number, (text, ending) in enumerate(zip(texts, endings, strict=True), 1):
            _write(f"--- sample {number}\n{text}{ending}\n")
    return status


def _write(text: str) -> None:
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()
