"""Simple recurrent networks."""

import numpy as np

from gatework.cells import (
    IRNN,
    RHN,
    SCRN,
    SGRN,
    TRNN,
    UGRNN,
    AntisymmetricRNN,
    Elman,
    FastGRNN,
    FastRNN,
    GatedAntisymmetricRNN,
    IndRNN,
    IntersectionRNN,
    Jordan,
    MinimalRNN,
)
from papers.numpy_words import affine, logistic


def relu(a):
    return np.maximum(a, 0)


def elman_1990(p, x, h, activation=np.tanh):
    return (activation(affine(p, "h", x, h)),)


def jordan_1986(p, x, h, s, decay=0.0):
    """The state units are mu times themselves plus the last output; the output is a layer over the hidden units."""
    s = decay * s + h
    hidden = np.tanh(affine(p, "a", x, s))
    return np.tanh(hidden @ p["h.U"].T + p["h.b"]), s


def le_2015(p, x, h):
    return (relu(x @ p["h.W"].T + h @ p["h.U"].T + p["h.b"]),)


def li_2018(p, x, h, activation=relu):
    """h_t = sigma(W x_t + u o h_{t-1} + b)."""
    return (activation(x @ p["h.W"].T + h @ np.diag(p["h.U"]) + p["h.b"]),)


def chang_2019(p, x, h, epsilon=0.01, gamma=0.01):
    """h_t = h_{t-1} + epsilon tanh((W_h - W_h^T - gamma I) h_{t-1} + V_h x_t + b_h)."""
    A = p["h.U"] - p["h.U"].T - gamma * np.eye(len(p["h.U"]))
    return (h + epsilon * np.tanh(np.einsum("ij,bj->bi", A, h) + x @ p["h.W"].T + p["h.b"]),)


def chang_2019_gated(p, x, h, epsilon=0.01, gamma=0.01):
    """z_t sees the same matrix with a V_z and b_z of its own."""
    A = p["a.U"] - p["a.U"].T - gamma * np.eye(len(p["a.U"]))
    flow = np.einsum("ij,bj->bi", A, h)
    z = logistic(flow + x @ p["z.W"].T + p["z.b"])
    return (h + epsilon * z * np.tanh(flow + x @ p["h.W"].T + p["h.b"]),)


def chen_2017(p, x, h):
    """z = Phi(x); u = sigmoid(U_h h + U_z z + b_u); h = u o h + (1 - u) o z."""
    z = np.tanh(x @ p["z.W"].T + p["z.b"])
    u = logistic(h @ p["u.U"].T + z @ p["u.W"].T + p["u.b"])
    return (u * h + (1 - u) * z,)


def mikolov_2014(p, x, h, s, alpha=0.95):
    """Section 3.2: s = (1 - alpha) B x + alpha s; h = sigmoid(P s + A x + R h)."""
    s = (1 - alpha) * (x @ p["s.W"].T) + alpha * s
    return logistic(s @ p["p.U"].T + affine(p, "h", x, h)), s


def mikolov_2014_learned(p, x, h, s):
    """Section 3.3: alpha becomes the diagonal matrix Q = diag(sigmoid(beta))."""
    Q = np.diag(logistic(p["beta"]))
    s = x @ p["s.W"].T @ (np.eye(len(Q)) - Q) + s @ Q
    return logistic(s @ p["p.U"].T + affine(p, "h", x, h)), s


def kusupati_2018(p, x, h):
    """h = alpha h~ + beta h, alpha and beta kept between 0 and 1 by a sigmoid."""
    return (logistic(p["alpha"]) * np.tanh(affine(p, "n", x, h)) + logistic(p["beta"]) * h,)


def kusupati_2018_gated(p, x, h):
    """h = (zeta (1 - z) + nu) o h~ + z o h."""
    z = logistic(x @ p["a.W"].T + h @ p["a.U"].T + p["b_z"])
    candidate = np.tanh(x @ p["a.W"].T + h @ p["a.U"].T + p["b_n"])
    return ((logistic(p["zeta"]) * (1 - z) + logistic(p["nu"])) * candidate + z * h,)


def zilly_2017(p, x, y, depth=3, coupled=True):
    """s_l = h_l * t_l + s_{l-1} * c_l, where W x enters the first layer alone."""
    s = y
    for layer in range(depth):

        def affine_of(gate, s, layer=layer):
            seen = x @ p[f"{gate}.0.W"].T if layer == 0 else 0
            return seen + s @ p[f"{gate}.{layer}.U"].T + p[f"{gate}.{layer}.b"]

        t = logistic(affine_of("t", s))
        c = 1 - t if coupled else logistic(affine_of("c", s))
        s = np.tanh(affine_of("h", s)) * t + s * c
    return (s,)


def collins_2016_ugrnn(p, x, h):
    """c = s(W_ch h + W_cx x + b_c); g = sigmoid(...); h = g h + (1 - g) c."""
    g = logistic(affine(p, "g", x, h))
    return (g * h + (1 - g) * np.tanh(affine(p, "c", x, h)),)


def collins_2016_intersection(p, x, y, h):
    """y = g^y x + (1 - g^y) y^in; h = g^h h + (1 - g^h) h^in, with s1 = relu and s2 = tanh."""
    g_y, g_h = logistic(affine(p, "r", x, h)), logistic(affine(p, "g", x, h))
    through = x @ p["x.W"].T if "x.W" in p else x
    return (
        g_y * through + (1 - g_y) * relu(affine(p, "p", x, h)),
        g_h * h + (1 - g_h) * np.tanh(affine(p, "n", x, h)),
    )


def zu_2021(p, x, h):
    """f = sigmoid(W x + U h + b); h = tanh((1 - f) o W x + f o h)."""
    f = logistic(x @ p["x.W"].T + h @ p["f.U"].T + p["f.b"])
    return (np.tanh((1 - f) * (x @ p["x.W"].T) + f * h),)


def balduzzi_2016_trnn(p, x, h):
    """z = W x; f = sigmoid(V x + b); h = f o h + (1 - f) o z."""
    f = logistic(x @ p["f.W"].T + p["f.b"])
    return (f * h + (1 - f) * (x @ p["z.W"].T),)


PAPERS = [
    (Elman, {}, elman_1990),
    (Elman, {"activation": "relu"}, lambda p, x, h: elman_1990(p, x, h, relu)),
    (Elman, {"activation": "logistic"}, lambda p, x, h: elman_1990(p, x, h, logistic)),
    (Jordan, {}, jordan_1986),
    (Jordan, {"decay": 0.6}, lambda *args: jordan_1986(*args, decay=0.6)),
    (IRNN, {}, le_2015),
    (IndRNN, {}, li_2018),
    (IndRNN, {"activation": "tanh"}, lambda p, x, h: li_2018(p, x, h, np.tanh)),
    (AntisymmetricRNN, {}, chang_2019),
    (AntisymmetricRNN, {"epsilon": 0.3, "gamma": 0.7}, lambda *args: chang_2019(*args, epsilon=0.3, gamma=0.7)),
    (GatedAntisymmetricRNN, {"epsilon": 0.3, "gamma": 0.7}, lambda *args: chang_2019_gated(*args, 0.3, 0.7)),
    (MinimalRNN, {}, chen_2017),
    (SCRN, {}, mikolov_2014),
    (SCRN, {"context_size": 11, "alpha": 0.6}, lambda *args: mikolov_2014(*args, alpha=0.6)),
    (SCRN, {"learn_alpha": True}, mikolov_2014_learned),
    (FastRNN, {}, kusupati_2018),
    (FastGRNN, {}, kusupati_2018_gated),
    (RHN, {}, zilly_2017),
    (RHN, {"depth": 1}, lambda *args: zilly_2017(*args, depth=1)),
    (RHN, {"depth": 2, "coupled": False}, lambda *args: zilly_2017(*args, depth=2, coupled=False)),
    (UGRNN, {}, collins_2016_ugrnn),
    (IntersectionRNN, {}, collins_2016_intersection),
    (IntersectionRNN, {}, collins_2016_intersection, {"input_size": 7}),
    (SGRN, {}, zu_2021),
    (TRNN, {}, balduzzi_2016_trnn),
]
