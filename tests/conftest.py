"""What all tests share: the cells and engines there are, exact arithmetic, poisoned memory, the data folder."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch
from torch.utils import deterministic

from gatework.cells import CELLS, Cell
from gatework.data.sound.audio import write_wav
from gatework.engine import ENGINES, checked_call

# no deadline: tests measure no time; derandomized: a red run on one machine is red on all
hypothesis.settings.register_profile("gatework", deadline=None, derandomize=True, max_examples=40)
hypothesis.settings.load_profile("gatework")

INPUT, HIDDEN = 3, 7
KERNEL_SECONDS = 7 * 24 * 3600  # after which a kept kernel is built again

# the cells that engines, layers and trainings are tested with; each with options worth a test of their own. All
# published cells are tested in tests/cells.
CORE = {
    "Elman": [{"activation": "relu"}, {"activation": "logistic"}],
    "GRU": [{"z_scales": "old"}],
    "GRUResetAfter": [],
    "LSTM": [],
}

MakeCell = Callable[[], Cell]


def _makers() -> dict[str, MakeCell]:
    makers: dict[str, MakeCell] = {}
    for name, variants in CORE.items():
        cls = CELLS[name]
        for options in ({}, {"bias": False}, *variants):
            label = "-".join([name, *(f"{key}={value}" for key, value in options.items())])
            makers[label] = lambda cls=cls, options=options: randomized(cls(INPUT, HIDDEN, **options))
    return makers


def randomized(cell: Cell) -> Cell:
    """The cell in float64 with weights of which no two are alike, however it initializes itself."""
    generator = torch.Generator().manual_seed(17)
    for parameter in cell.double().parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) / 2
    return cell


MAKERS = _makers()
RUNNABLE = {
    f"{engine.name}-{label}": (make, engine.name)
    for label, make in MAKERS.items()
    for engine in ENGINES.values()
    if engine.refuses(checked_call(make(), torch.zeros(2, 2, INPUT, dtype=torch.float64))) is None
}


@pytest.fixture(scope="session", params=MAKERS.values(), ids=MAKERS.keys())
def make_cell(request: pytest.FixtureRequest) -> MakeCell:
    """Makes one of the core cells (3 inputs, 7 hidden), in float64 with random weights."""
    return request.param


@pytest.fixture(scope="session", params=RUNNABLE.values(), ids=RUNNABLE.keys())
def cell_on_engine(request: pytest.FixtureRequest) -> tuple[MakeCell, str]:
    """As ``make_cell``, with the name of each engine that can run the cell."""
    return request.param


@pytest.fixture(scope="session")
def cell_engines() -> dict[str, set[str]]:
    """Engine -> the cells that it runs in these tests, so that none drops out unseen."""
    return {
        engine: {key.removeprefix(f"{engine}-") for key in RUNNABLE if key.startswith(engine)} for engine in ENGINES
    }


@pytest.fixture(scope="module")
def exact() -> Iterator[None]:
    """Float64, and fresh memory full of NaN: reading what nobody wrote fails."""
    torch.set_default_dtype(torch.float64)
    torch.use_deterministic_algorithms(True)
    filled, deterministic.fill_uninitialized_memory = deterministic.fill_uninitialized_memory, True
    yield
    deterministic.fill_uninitialized_memory = filled
    torch.use_deterministic_algorithms(False)
    torch.set_default_dtype(torch.float32)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Each test draws the same numbers, whichever ran before it."""
    torch.manual_seed(5)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[None]:
    """Tests neither read nor write the user's cache; kernels, which their content names, stay for the next run."""
    cache = tmp_path_factory.mktemp("cache")
    kernels, kept = cache / "gatework" / "kernels", pytestconfig.rootpath / ".pytest_cache" / "kernels"
    kept.mkdir(parents=True, exist_ok=True)
    for file in kept.glob("*.so"):
        if file.stat().st_mtime < time.time() - KERNEL_SECONDS:
            file.unlink(missing_ok=True)
    shutil.copytree(kept, kernels)
    for folder in (kernels.parent, kernels):
        folder.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield
    for name in {file.name for file in kernels.glob("*.so")} - {file.name for file in kept.glob("*.so")}:
        Path(shutil.copy(kernels / name, kept / f"{name}.{os.getpid()}")).replace(kept / name)


@pytest.fixture(scope="session")
def gatework_data() -> Path:
    """The folder of real data sets."""
    named = os.environ.get("GATEWORK_DATA")
    if not named:
        pytest.skip("GATEWORK_DATA is not set: no folder of real data sets")
    return Path(named)


LETTER_SECONDS = 0.06
TONE_RATE = 4000


def tones(text: str, rate: int = TONE_RATE) -> np.ndarray:
    """A tone for each letter from a to e and digit from 0 to 9, silence for what is neither."""
    times = np.arange(round(LETTER_SECONDS * rate)) / rate
    pitches = dict(zip("abcde", (300, 500, 800, 1200, 1700), strict=True)) | {str(n): 200 + 170 * n for n in range(10)}
    pieces = [0.4 * np.sin(2 * np.pi * pitches.get(letter, 0) * times) for letter in text]
    noise = np.random.default_rng(len(text)).standard_normal(len(pieces) * len(times))
    return (np.concatenate(pieces) + 1e-3 * noise).astype(np.float32)


@pytest.fixture(scope="session")
def write_spoken() -> Callable[..., Path]:
    """Writes recordings in which each letter is a tone, NUMBER.wav, and the table of their texts into a new folder."""

    def write(folder: Path, texts: list[str], rate: int = TONE_RATE) -> Path:
        folder.mkdir()
        for number, text in enumerate(texts):
            write_wav(folder / f"{number}.wav", tones(text, rate), rate)
        rows = [f"{number}.wav,{text}" for number, text in enumerate(texts)]
        (folder / "text.csv").write_text("\n".join(["path,text", *rows]), encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def spoken_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings of each digit by each of two speakers, DIGIT_SPEAKER_INDEX.wav: a tone, longer and shorter."""
    folder = tmp_path_factory.mktemp("spoken")
    for digit in range(10):
        for take in range(3):
            write_wav(folder / f"{digit}_ann_{take}.wav", tones(str(digit) * (take + 2)), TONE_RATE)
            write_wav(folder / f"{digit}_bob_{take}.wav", tones(str(digit) * (4 - take)) / 2, TONE_RATE)
    return folder
