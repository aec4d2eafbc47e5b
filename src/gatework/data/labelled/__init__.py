"""Texts, series and recordings with a label each."""
