"""What a finished training prints: its best loss, advice, a sample, its pictures, and what to type next."""

from __future__ import annotations

import math
import shlex

from gatework.cli.console import out, program
from gatework.generation import generate
from gatework.insight import readable_excerpt
from gatework.training import Outcome, Trainer, advise

SAMPLE = 600


def print_report(trainer: Trainer, outcome: Outcome) -> None:
    """Print all of it."""
    if outcome.validation is not None:
        score, level = outcome.validation, trainer.model.vocabulary.level
        out.print(
            f"\n[bold]best validation loss {score.nats:.4f} nats = {score.bits:.4f} bits per {level}[/] "
            f"(update {outcome.step:,} of {outcome.steps:,}, {outcome.seconds:.0f} s)"
        )
    for text in advise(outcome.rows):
        out.print(f"[yellow]advice:[/] {text}")
    if trainer.config.sample_length:
        prompt = trainer.config.sample_prompt
        out.print("\n[bold]it writes:[/]")
        out.print(prompt + generate(trainer.model, prompt, length=SAMPLE, seed=trainer.config.seed), markup=False)
    if trainer.folder is not None:
        for picture in sorted(trainer.folder.plots.glob("*.png")):
            out.print(f"picture: {picture}", markup=False)
        out.print("\n[bold]next:[/]")
        for line in next_commands(trainer, outcome):
            out.print(f"  {line}", markup=False)


def next_commands(trainer: Trainer, outcome: Outcome) -> list[str]:
    """Commands to go on with, with words that the model knows."""
    assert trainer.folder is not None
    run = shlex.quote(str(trainer.folder.path))
    lines = readable_excerpt(trainer.model, trainer.corpus.train.tokens).splitlines()
    phrase = max(lines, key=len).strip()[:40] if lines else ""
    word = phrase.split()[0] if phrase.split() else phrase
    gatework = program()
    return [
        f"{gatework} generate {run} --prompt {shlex.quote(word)} --temperature 0.7",
        f"{gatework} evaluate {run}" + ("" if len(trainer.corpus.validation) > 1 else " --part train"),
        f"{gatework} plot {run} --text {shlex.quote(phrase)}",
        f"{gatework} train --resume {run} --epochs {max(1, math.ceil(2 * outcome.epochs))}",
    ]
