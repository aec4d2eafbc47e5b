"""Recurrent layers: a cell over a sequence, and stacks of them."""

from gatework.layers.attention import Attention, Memory
from gatework.layers.crf import LinearChainCRF
from gatework.layers.deep_transition import DeepTransition
from gatework.layers.drop_in import GRU, LSTM, RNN
from gatework.layers.layer import Layer
from gatework.layers.pooling import Pooling
from gatework.layers.recurrent import Recurrent
from gatework.layers.stack import Stack
from gatework.layers.stateful import Piece, Stateful, detached, select_rows, truncated
from gatework.settings import Regularizers

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Attention",
    "DeepTransition",
    "Layer",
    "LinearChainCRF",
    "Memory",
    "Piece",
    "Pooling",
    "Recurrent",
    "Regularizers",
    "Stack",
    "Stateful",
    "detached",
    "select_rows",
    "truncated",
]
