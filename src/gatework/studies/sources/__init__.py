"""Sequences that studies learn from: made here, where what can be learnt is known exactly, or read from given data."""
