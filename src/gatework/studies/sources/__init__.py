"""Sequences that studies make: what is to be learnt from each is known exactly."""
