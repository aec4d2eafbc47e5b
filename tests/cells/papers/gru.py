"""Gated recurrent units."""

import numpy as np

from gatework.cells import GRU, GRUResetAfter
from papers.numpy_words import affine, logistic


def cho_2014(p, x, h):
    """Equations 5 to 8: z scales the old state."""
    r = logistic(affine(p, "r", x, h))
    z = logistic(affine(p, "z", x, h))
    candidate = np.tanh(affine(p, "n", x, r * h))
    return (z * h + (1 - z) * candidate,)


def chung_2014(p, x, h):
    """Equations 4 to 7: z scales the candidate."""
    z = logistic(affine(p, "z", x, h))
    r = logistic(affine(p, "r", x, h))
    candidate = np.tanh(affine(p, "n", x, r * h))
    return ((1 - z) * h + z * candidate,)


def cudnn_gru(p, x, h):
    """NVIDIA's documentation of CUDNN_GRU with its second bias of the candidate."""
    i = logistic(affine(p, "z", x, h))
    r = logistic(affine(p, "r", x, h))
    candidate = np.tanh(x @ p["n.W"].T + r * (h @ p["m.U"].T + p["m.b"]) + p["n.b"])
    return ((1 - i) * candidate + i * h,)


PAPERS = [
    (GRU, {"z_scales": "old"}, cho_2014),
    (GRU, {}, chung_2014),
    (GRUResetAfter, {}, cudnn_gru),
]
