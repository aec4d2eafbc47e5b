"""Training through time: the loop, truncated backpropagation, optimizers, schedules, checkpoints."""

from gatework.settings import TrainingConfig
from gatework.training.advice import advise
from gatework.training.bptt import TruncatedBPTT
from gatework.training.callbacks import Callback, TensorBoard
from gatework.training.checkpoint import trained_fingerprint
from gatework.training.device import check_memory, find_device
from gatework.training.evaluation import evaluate
from gatework.training.examples import measure
from gatework.training.fitting import fit
from gatework.training.run_folder import RunFolder
from gatework.training.schedules import Schedule
from gatework.training.score import Score
from gatework.training.signals import Interrupted
from gatework.training.trainer import Outcome, Trainer

__all__ = [
    "Callback",
    "Interrupted",
    "Outcome",
    "RunFolder",
    "Schedule",
    "Score",
    "TensorBoard",
    "Trainer",
    "TrainingConfig",
    "TruncatedBPTT",
    "advise",
    "check_memory",
    "evaluate",
    "find_device",
    "fit",
    "measure",
    "trained_fingerprint",
]
