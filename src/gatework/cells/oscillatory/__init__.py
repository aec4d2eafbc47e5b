"""Oscillators and systems with long memory: differential equations, discretised."""
