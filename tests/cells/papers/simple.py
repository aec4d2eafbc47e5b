"""Simple recurrent networks."""

import numpy as np

from gatework.cells import Elman
from papers.numpy_words import affine, logistic


def elman_1990(p, x, h, activation=np.tanh):
    return (activation(affine(p, "h", x, h)),)


PAPERS = [
    (Elman, {}, elman_1990),
    (Elman, {"activation": "relu"}, lambda p, x, h: elman_1990(p, x, h, lambda a: np.maximum(a, 0))),
    (Elman, {"activation": "logistic"}, lambda p, x, h: elman_1990(p, x, h, logistic)),
]
