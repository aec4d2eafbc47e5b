"""Oscillators and systems with long memory."""

import numpy as np

from gatework.cells import LEM, CoRNN, UnICORNN
from papers.numpy_words import affine, logistic


def rusch_2021_cornn(p, x, y, z, *, dt=0.042, gamma=2.7, epsilon=4.7, implicit=False):
    """Equation 3 of arXiv:2010.00951; with n-bar = n, z_n is the solution of a linear equation."""
    force = np.tanh(y @ p["h.U"].T + z @ p["z.U"].T + x @ p["h.W"].T + p["h.b"])
    known = z + dt * force - dt * gamma * y
    z = np.linalg.solve(np.eye(z.shape[1]) * (1 + dt * epsilon), known.T).T if implicit else known - dt * epsilon * z
    return y + dt * z, z


def rusch_2021_unicornn(p, x, y, z, *, dt=0.19, alpha=30.65):
    """The discretisation of section 2 of arXiv:2103.05487; sigma-hat(u) = 0.5 + 0.5 tanh(u / 2)."""
    scale = dt * (0.5 + 0.5 * np.tanh(p["c"] / 2))
    z = z - scale * (np.tanh(p["z.U"] * y + x @ p["z.W"].T + p["z.b"]) + alpha * y)
    return y + scale * z, z


def rusch_2022(p, x, y, z, dt=1.0):
    """Equation 3 of arXiv:2110.04744."""
    dt_n = dt * logistic(affine(p, "d", x, y))
    dt_bar = dt * logistic(affine(p, "e", x, y))
    z = (1 - dt_n) * z + dt_n * np.tanh(affine(p, "z", x, y))
    return (1 - dt_bar) * y + dt_bar * np.tanh(affine(p, "h", x, z)), z


PAPERS = [
    (CoRNN, {}, rusch_2021_cornn),
    (CoRNN, {"damping": "implicit"}, lambda *args: rusch_2021_cornn(*args, implicit=True)),
    (
        CoRNN,
        {"dt": 0.3, "gamma": 1.5, "epsilon": 0.7},
        lambda *args: rusch_2021_cornn(*args, dt=0.3, gamma=1.5, epsilon=0.7),
    ),
    (UnICORNN, {}, rusch_2021_unicornn),
    (UnICORNN, {"dt": 0.4, "alpha": 0.9}, lambda *args: rusch_2021_unicornn(*args, dt=0.4, alpha=0.9)),
    (LEM, {}, rusch_2022),
    (LEM, {"dt": 0.3}, lambda *args: rusch_2022(*args, dt=0.3)),
]
