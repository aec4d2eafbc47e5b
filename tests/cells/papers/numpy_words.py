"""Functions that the papers' equations are written with."""

import numpy as np


def logistic(a):
    return 1 / (1 + np.exp(-a))


def affine(p, gate, x=None, e=None):
    """W x + U e + b of a gate, of those parts that the gate has."""
    parts = []
    if x is not None:
        parts.append(x @ p[f"{gate}.W"].T)
    if e is not None:
        parts.append(e @ p[f"{gate}.U"].T)
    if f"{gate}.b" in p:
        parts.append(p[f"{gate}.b"])
    return sum(parts)
