"""From an encoder's states to a decoder's, by the equation of the docstring."""

from __future__ import annotations

import pytest
import torch

from gatework.cells import make_cell
from gatework.layers import Stack
from gatework.models.bridge import Bridge

pytestmark = pytest.mark.usefixtures("exact")


def stack(cell, hidden, **options):
    return Stack(lambda inputs, width: make_cell(cell, inputs, width, {}), 3, hidden, **options)


def test_states_are_mapped_layer_by_layer():
    encoder, decoder = stack("lstm", 5, layers=2, bidirectional=True), stack("gru", 7, layers=3)
    bridge = Bridge(encoder, decoder)
    last = encoder(torch.randn(4, 2, 3)).state
    found = bridge(last, decoder.initial_state(2))
    by_layer = [torch.cat([*last[0], *last[1]], dim=-1), torch.cat([*last[2], *last[3]], dim=-1)]
    for depth, source in enumerate((0, 1, 1)):  # the deepest that there is
        one = bridge.maps[depth]["h"]
        assert one.weight.shape == (7, 20)
        torch.testing.assert_close(found[depth].h, torch.tanh(by_layer[source] @ one.weight.T + one.bias))


def test_what_normalises_or_counts_starts_as_the_cell_says():
    encoder, decoder = stack("gru", 5), stack("slstm", 7)
    first = decoder.initial_state(2)
    found = Bridge(encoder, decoder)(encoder(torch.randn(4, 2, 3)).state, first)
    assert type(found[0]) is type(first[0])
    assert torch.equal(found[0].n, first[0].n)
    assert torch.equal(found[0].m, first[0].m)
    assert not torch.equal(found[0].h, first[0].h)
    assert not torch.equal(found[0].c, first[0].c)


def test_a_shared_layer_has_maps_of_its_own_at_each_depth():
    encoder, decoder = stack("gru", 5), Stack(lambda i, h: make_cell("gru", i, h, {}), 7, 7, layers=3, shared=True)
    bridge = Bridge(encoder, decoder)
    assert len(bridge.maps) == 3
    states = bridge(encoder(torch.randn(4, 2, 3)).state, decoder.initial_state(2))
    assert not torch.equal(states[1].h, states[2].h)
