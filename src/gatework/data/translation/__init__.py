"""Pairs of texts, and how good a translation is."""
