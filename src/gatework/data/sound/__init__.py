"""Recordings: their spectra, what is said in them, and how words are pronounced."""
