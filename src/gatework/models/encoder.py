"""The recurrent part that models share: from a configuration to a stack."""

from __future__ import annotations

from gatework.cells import make_cell
from gatework.errors import InputError
from gatework.layers import Stack
from gatework.settings import EncoderConfig, RecurrentConfig


def make_stack(config: RecurrentConfig, width: int) -> Stack:
    """The recurrent layers of a model; in both directions where the configuration says so.

    Args:
        config: their shape.
        width: of what they read.

    Raises:
        InputError: the cell does not exist, does not take the options, or lacks what is to be regularised.
    """
    try:
        return Stack(
            lambda inputs, hidden: make_cell(config.cell, inputs, hidden, config.cell_options),
            width,
            config.hidden_size,
            layers=config.layers,
            bidirectional=isinstance(config, EncoderConfig) and config.bidirectional,
            dropout=config.dropout,
            variational=config.variational,
            layer_norm=config.layer_norm,
            connection=config.connection,
            regularizers=config.regularizers,
            learn_initial=config.learn_initial,
        )
    except ValueError as error:
        raise InputError(str(error), f"`gatework cells {config.cell}` shows what it has") from error
