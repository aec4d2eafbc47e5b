"""Gated recurrent units: the output is the memory, gates decide how much of it is replaced."""
