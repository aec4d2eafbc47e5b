"""The task of a music model: play on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatework.data.codec import Codec
from gatework.data.dataset import Dataset
from gatework.data.music.music import read_rolls
from gatework.data.music.piano_rolls import KEYS, LOWEST, pitches_of
from gatework.data.music.pieces import Piece, RollCodec, load_pieces
from gatework.data.music.roll_files import csv_line
from gatework.errors import InputError
from gatework.generation.tunes import sample_steps
from gatework.insight.expectations import plot_expectations
from gatework.models import MusicModel
from gatework.models.music import step_nats
from gatework.settings import (
    STANDARD_INPUT,
    DataConfig,
    GenerationConfig,
    MusicConfig,
    MusicData,
    MusicGeneration,
    MusicPrediction,
    PredictionConfig,
    RunConfig,
)
from gatework.tasks.example_task import ExampleTask
from gatework.tasks.task import Answer, Progress
from gatework.tasks.tunes import Tune, check_target, write_tune
from gatework.training import Interrupted

SHOWN_STEPS = 4


class MusicTask(ExampleTask[MusicModel]):
    """Piano rolls in, probabilities of notes or new pieces out."""

    name = "music"
    model = MusicModel

    def load(
        self,
        config: DataConfig,
        *,
        progress: Progress | None = None,
        keep: Path | None = None,
        codec: Codec | None = None,
    ) -> Dataset[Piece, RollCodec]:
        """Read pieces of music."""
        assert isinstance(config, MusicData)
        assert codec is None or isinstance(codec, RollCodec)
        return load_pieces(config, codec=codec, progress=progress)

    def activations(self, config: RunConfig, data: Dataset) -> int:
        """States and gates of a batch of the longest pieces."""
        assert isinstance(config.model, MusicConfig)
        longest = max(len(piece.roll) for piece in data.train)
        a_step = config.model.layers * 3 * config.model.hidden_size + 2 * KEYS
        rows = min(config.training.batch, len(data.train))
        return rows * longest * a_step

    def show(self, model: MusicModel, examples: Sequence[Piece]) -> str:
        """The last steps of a few pieces: pitches that were played, and those that were expected."""
        lines = []
        for number, piece in enumerate(examples, 1):
            played = piece.roll[-SHOWN_STEPS:]
            expected = (model.after(piece.roll[:-1])[-len(played) :] > 0).numpy()
            lines += [f"piece {number} ends      {_chords(played)}", f"  was expected to   {_chords(expected)}"]
        return "\n".join(lines)

    def next_commands(self, trainer: Any, outcome: Any) -> list[list[str]]:
        """Write a tune, too."""
        return [["generate", "RUN", "--output", "tune.mid"], *super().next_commands(trainer, outcome)]

    def reading(self, model: MusicModel) -> dict[str, Any]:
        """How long a step is; pieces are measured whole."""
        return {"steps_per_beat": model.codec.steps_per_beat, "max_steps": None}

    def inputs(self, sources: Sequence[str], encoding: str) -> Iterator[str]:
        """The names of the files: how long a step is only the model knows."""
        if not sources or STANDARD_INPUT in sources:
            raise InputError("music is read from files", "name MIDI, .mat, JSON or CSV files, or folders of them")
        return iter(sources)

    def answer(
        self,
        model: MusicModel,
        inputs: Iterable[str],
        options: PredictionConfig,
        note: Callable[[str], None] = lambda text: None,
    ) -> Iterator[Answer]:
        """For each step of each piece but the first, and for the one after the last: how likely each note was."""
        assert isinstance(options, MusicPrediction)
        for source in inputs:
            pieces = read_rolls(source, steps_per_beat=model.codec.steps_per_beat).pieces
            for number, roll in enumerate(pieces, 1):
                for answer in _step_answers(roll, model.after(roll), options.least_probability):
                    yield {"file": source, "piece": number, **answer}

    def as_text(self, answer: Answer) -> str:
        """A line for each step: file, piece, step, nats, notes with their probabilities."""
        notes = " ".join(f"{pitch}:{share:.3f}" for pitch, share in answer["probabilities"].items())
        nats = "" if answer["nll"] is None else f"{answer['nll']:.4f}"
        return "\t".join([answer["file"], str(answer["piece"]), str(answer["step"]), nats, notes])

    def write(
        self,
        model: MusicModel,
        options: GenerationConfig,
        *,
        show: Callable[[str], None],
        note: Callable[[str], None] = lambda text: None,
        poll: Callable[[], None] = lambda: None,
    ) -> None:
        """A piece as a file, or its pitches as lines while they are drawn; stopped, what there is of it."""
        assert isinstance(options, MusicGeneration)
        target = check_target(options)
        steps_per_beat = options.steps_per_beat or model.codec.steps_per_beat
        steps = sample_steps(
            model,
            _primer(options, steps_per_beat, note),
            length=options.length,
            temperature=options.temperature,
            seed=options.seed,
            poll=poll,
        )
        drawn: list[np.ndarray] = []
        stopped: Interrupted | None = None
        try:
            for keys in steps:
                drawn.append(keys)
                if target is None:
                    show(csv_line(keys))
        except Interrupted as interruption:
            stopped = interruption
        if target is not None and drawn:
            show(f"{write_tune(target, Tune(np.stack(drawn), steps_per_beat, options.tempo))}\n")
        if stopped is not None:
            raise stopped

    def pictures(self, model: MusicModel, data: Dataset, folder: Path, *, layer: int = 0) -> list[Path]:
        """What was expected of the first held-out piece, beside what was played."""
        part = "test" if data.test else "validation" if data.validation else "train"
        roll = getattr(data, part)[0].roll
        expected = model.after(roll[:-1]).sigmoid().numpy()
        title = f"{data.name}: first piece of the {part} part"
        return [plot_expectations(roll[1:], expected, folder / "expectations.png", title=title)]


def _chords(roll: np.ndarray) -> str:
    return " | ".join(" ".join(map(str, chord)) or "-" for chord in pitches_of(roll))


def _step_answers(roll: np.ndarray, logits: Tensor, least: float) -> Iterator[Answer]:
    played = pitches_of(roll[1:])
    nats = step_nats(logits[:-1], torch.from_numpy(roll[1:])).tolist()
    for step, probabilities in enumerate(logits.sigmoid().tolist()):
        yield {
            "step": step + 2,
            "nll": nats[step] if step < len(nats) else None,
            "played": played[step] if step < len(played) else None,
            "probabilities": {
                str(pitch): round(share, 6) for pitch, share in enumerate(probabilities, LOWEST) if share >= least
            },
        }


def _primer(options: MusicGeneration, steps_per_beat: int, note: Callable[[str], None]) -> np.ndarray | None:
    """The first piece of the file that is to be continued, or its beginning."""
    if options.primer is None:
        return None
    rolls = read_rolls(options.primer, steps_per_beat=steps_per_beat)
    for text in rolls.notes:
        note(text)
    return rolls.pieces[0][: options.primer_steps]


TASK = MusicTask()
