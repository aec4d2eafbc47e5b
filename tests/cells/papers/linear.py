"""Linear in the state."""

import numpy as np

from gatework.cells import LRU, QRNN, RGLRU, SRU, MinGRU, MinLSTM
from papers.numpy_words import affine, logistic


def g(a):
    """Feng et al. 2024, appendix B.1."""
    return np.where(a >= 0, a + 0.5, logistic(a))


def min_gru(p, x, h, candidate=lambda a: a):
    """Feng et al. 2024, section 3.1."""
    z = logistic(affine(p, "z", x))
    return ((1 - z) * h + z * candidate(affine(p, "h", x)),)


def min_lstm(p, x, h, candidate=lambda a: a):
    """Feng et al. 2024, section 3.2: both gates divided by their sum."""
    f = logistic(affine(p, "f", x))
    i = logistic(affine(p, "i", x))
    return (f / (f + i) * h + i / (f + i) * candidate(affine(p, "h", x)),)


def sru_2017(p, x, h, c):
    """arXiv:1709.02755v1, equations 3 to 7, with the projected highway of its code where sizes differ."""
    transformed = affine(p, "c", x)
    f = logistic(affine(p, "f", x))
    r = logistic(affine(p, "r", x))
    c = f * c + (1 - f) * transformed
    return r * np.tanh(c) + (1 - r) * (x @ p["p.W"].T if "p.W" in p else x), c


def sru_2018(p, x, h, c):
    """EMNLP 2018, section 3, equations 1 to 4 with the scaling of equation 5: alpha = sqrt(1 + 2 exp(b)), b = 0."""
    f = logistic(x @ p["f.W"].T + p["f.U"] * c + p["f.b"])
    r = logistic(x @ p["r.W"].T + p["r.U"] * c + p["r.b"])
    c = f * c + (1 - f) * (x @ p["c.W"].T)
    return r * c + (1 - r) * x * np.sqrt(1 + 2 * np.exp(0.0)), c


def qrnn(p, x, h, c, previous, pooling, window):
    """Bradbury et al. 2017, equations 2 to 5: the filter's last column sees x_t, the one before x_{t-1}."""

    def convolved(gate):
        filters = [p[f"{gate}.W"]] if window == 1 else [p[f"{gate}.U"], p[f"{gate}.W"]]
        inputs = [x] if window == 1 else [previous, x]
        return np.concatenate(inputs, 1) @ np.concatenate(filters, 1).T + p[f"{gate}.b"]

    z, f = np.tanh(convolved("z")), logistic(convolved("f"))
    if pooling == "f":
        c = f * c + (1 - f) * z  # equation 3 of h, which c is but for where it starts
        return c, c, x
    i = logistic(convolved("i")) if pooling == "ifo" else 1 - f
    c = f * c + i * z
    return logistic(convolved("o")) * c, c, x


def lru(p, x, h, re, im):
    """Orvieto et al. 2023, equation 1 with the parametrisation of sections 3.3 and 3.4, in complex numbers."""
    eigenvalues = np.exp(-np.exp(p["nu_log"]) + 1j * np.exp(p["theta_log"]))
    B = p["re.W"] + 1j * p["im.W"]
    C = p["h.U"] - 1j * p["m.U"]
    s = eigenvalues * (re + 1j * im) + np.exp(p["gamma_log"]) * (x @ B.T)
    return (s @ C.T).real + x @ p["h.W"].T + p["h.b"], s.real, s.imag


def rg_lru(p, x, h):
    """De et al. 2024, equations 1 to 4 (and 6, in which a_t is computed in logarithms)."""
    r = logistic(affine(p, "r", x))
    i = logistic(affine(p, "i", x))
    a = logistic(p["Lambda"]) ** (8 * r)
    return (a * h + np.sqrt(1 - a**2) * (i * (x @ p["v.W"].T if "v.W" in p else x)),)


def qrnn_row(pooling, window):
    options = {"pooling": pooling, "window": window}
    return QRNN, options, lambda p, x, *state: qrnn(p, x, *state, **options)


PAPERS = [
    (MinGRU, {}, min_gru),
    (MinGRU, {"activation": "positive"}, lambda p, x, h: min_gru(p, x, h, g)),
    (MinLSTM, {}, min_lstm),
    (MinLSTM, {"activation": "positive"}, lambda p, x, h: min_lstm(p, x, h, g)),
    (SRU, {}, sru_2017),
    (SRU, {}, sru_2017, {"input_size": 7}),
    (
        SRU,
        {"light": True, "activation": "identity", "highway_scale": 3**0.5},
        sru_2018,
        {"input_size": 7},
    ),
    *(qrnn_row(pooling, window) for pooling in ("f", "fo", "ifo") for window in (1, 2)),
    (LRU, {}, lru),
    (RGLRU, {}, rg_lru),
    (RGLRU, {}, rg_lru, {"input_size": 7}),
]
