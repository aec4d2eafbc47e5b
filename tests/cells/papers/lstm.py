"""Long short-term memory."""

import numpy as np

from gatework.cells import LSTM
from papers.numpy_words import affine, logistic


def gers_2000(p, x, h, c):
    a = {k: affine(p, k, x, h) for k in "ifgo"}
    c = logistic(a["f"]) * c + logistic(a["i"]) * np.tanh(a["g"])
    return logistic(a["o"]) * np.tanh(c), c


PAPERS = [
    (LSTM, {}, gers_2000),
]
