"""Recurrent networks for Python: write the equations, get the kernel."""

__version__ = "0.1.0"
