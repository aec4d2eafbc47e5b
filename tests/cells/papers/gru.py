"""Gated recurrent units."""

import numpy as np

from gatework.cells import (
    ATR,
    BRC,
    CFN,
    DSGU,
    GRU,
    MGU,
    MGU1,
    MGU2,
    MGU3,
    MUT1,
    MUT2,
    MUT3,
    NBRC,
    RAN,
    SGU,
    STAR,
    TGRU,
    GRUResetAfter,
    LightRU,
    LiGRU,
    MiRU1,
    MiRU2,
    TauGRU,
    TwoStateGRU,
    TwoStateGRUOneGate,
)
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


def cho_2014_v1_mirrored(p, x, h):
    """As cuDNN's, with the update gate negated: it scales the candidate."""
    negated = p | {name: -value for name, value in p.items() if name.startswith("z.")}
    return cudnn_gru(negated, x, h)


def taught_with_one_gate(p, x, c, h):
    u = logistic(affine(p, "u", x, h))
    h = np.tanh(affine(p, "h", x, h))
    c = (1 - u) * c + u * h
    return c, h


def taught_with_two_gates(p, x, c, h):
    u = logistic(affine(p, "u", x, h))
    r = logistic(affine(p, "r", x, h))
    h = np.tanh(affine(p, "h", x, r * h))
    c = (1 - u) * c + u * h
    return c, h


def zhou_2016(p, x, h):
    """MGU, in the paper's form: weights of h and x side by side."""
    W_f, W_h = (np.concatenate([p[f"{gate}.U"], p[f"{gate}.W"]], axis=1) for gate in "fn")
    f = logistic(np.concatenate([h, x], axis=1) @ W_f.T + p["f.b"])
    short_term = np.tanh(np.concatenate([f * h, x], axis=1) @ W_h.T + p["n.b"])
    return ((1 - f) * h + f * short_term,)


def heck_2017(gate):
    """MGU with the forget gate's equation of MGU1, MGU2 or MGU3."""

    def step(p, x, h):
        f = logistic(gate(p, h))
        return ((1 - f) * h + f * np.tanh(x @ p["n.W"].T + (f * h) @ p["n.U"].T + p["n.b"]),)

    return step


def ravanelli_2018(p, x, h):
    """Light GRU without its batch norm."""
    z = logistic(affine(p, "z", x, h))
    candidate = np.maximum(affine(p, "n", x, h), 0)
    return (z * h + (1 - z) * candidate,)


def bare(p, x):
    return x @ p["x.W"].T if "x.W" in p else x


def jozefowicz_2015_mut1(p, x, h):
    z = logistic(affine(p, "z", x))
    r = logistic(affine(p, "r", x, h))
    return (np.tanh((r * h) @ p["n.U"].T + np.tanh(bare(p, x)) + p["n.b"]) * z + h * (1 - z),)


def jozefowicz_2015_mut2(p, x, h):
    z = logistic(affine(p, "z", x, h))
    r = logistic(bare(p, x) + h @ p["r.U"].T + p["r.b"])
    return (np.tanh((r * h) @ p["n.U"].T + x @ p["n.W"].T + p["n.b"]) * z + h * (1 - z),)


def jozefowicz_2015_mut3(p, x, h):
    z = logistic(x @ p["z.W"].T + np.tanh(h) @ p["z.U"].T + p["z.b"])
    r = logistic(affine(p, "r", x, h))
    return (np.tanh((r * h) @ p["n.U"].T + x @ p["n.W"].T + p["n.b"]) * z + h * (1 - z),)


def lee_2017(p, x, h, c, g=np.tanh):
    content = x @ p["g.W"].T
    i = logistic(affine(p, "i", x, h))
    f = logistic(affine(p, "f", x, h))
    c = i * content + f * c
    return g(c), c


def laurent_2016(p, x, h):
    theta = logistic(affine(p, "f", x, h))
    eta = logistic(affine(p, "i", x, h))
    return (theta * np.tanh(h) + eta * np.tanh(x @ p["n.W"].T),)


def turkoglu_2019(p, x, h):
    z = np.tanh(affine(p, "n", x))
    k = logistic(affine(p, "k", x, h))
    return (np.tanh((1 - k) * h + k * z),)


def vecoven_2020(recurrent):
    """BRC and nBRC: w * h, and W h."""

    def step(p, x, h):
        a = 1 + np.tanh(x @ p["a.W"].T + recurrent(p["a.U"], h) + p["a.b"])
        c = logistic(x @ p["c.W"].T + recurrent(p["c.U"], h) + p["c.b"])
        return (c * h + (1 - c) * np.tanh(x @ p["n.W"].T + a * h + p["n.b"]),)

    return step


def zhang_2018(p, x, h):
    p_t = x @ p["p.W"].T + p["p.b"]
    q_t = h @ p["q.U"].T + p["q.b"]
    return (logistic(p_t + q_t) * p_t + logistic(p_t - q_t) * h,)


def hard_logistic(a):
    return np.clip(a / 6 + 1 / 2, 0, 1)


def gao_2016(output):
    """SGU and DSGU: softplus(z_g * h), and sigmoid(W_go (z_g * h))."""

    def step(p, x, h):
        x_g = x @ p["x.W"].T + p["x.b"]
        z_g = np.tanh((x_g * h) @ p["g.U"].T)
        z = hard_logistic(affine(p, "z", x, h))
        return ((1 - z) * h + z * output(p, z_g * h),)

    return step


def balduzzi_2016(p, x, h, last):
    """T-GRU: V acts on the last input."""
    z, f, o = (x @ p[f"{k}.W"].T + last @ p[f"{k}.U"].T + p[f"{k}.b"] for k in "zfo")
    return logistic(f) * h + z * np.tanh(o), x


def zyarah_2025(p, x, h, keep, theta=None):
    """MiRU1 with a reset gate, MiRU2 with a coefficient theta."""
    reset = logistic(affine(p, "r", x, h)) if theta is None else theta
    candidate = np.tanh(x @ p["n.W"].T + (reset * h) @ p["n.U"].T + p["n.b"])
    return (keep * h + (1 - keep) * candidate,)


def ye_2024(p, x, h):
    f = logistic(affine(p, "f", x, h))
    return ((1 - f) * h + f * np.tanh(x @ p["n.W"].T),)


def erichson_2022(p, x, h, past):
    line = [*np.split(past, past.shape[1] // h.shape[1], axis=1), h]
    delayed = line.pop(0)
    u = np.tanh(affine(p, "u", x, h))
    z = np.tanh(affine(p, "z", x, delayed))
    g = logistic(affine(p, "g", x, h))
    a = logistic(affine(p, "a", x, h))
    return (1 - g) * h + g * (u + a * z), np.concatenate(line, axis=1)


PAPERS = [
    (GRU, {"z_scales": "old"}, cho_2014),
    (GRU, {}, chung_2014),
    (GRUResetAfter, {}, cudnn_gru),
    (GRUResetAfter, {"z_scales": "new"}, cho_2014_v1_mirrored),
    (TwoStateGRUOneGate, {}, taught_with_one_gate),
    (TwoStateGRU, {}, taught_with_two_gates),
    (MGU, {}, zhou_2016),
    (MGU1, {}, heck_2017(lambda p, h: h @ p["f.U"].T + p["f.b"])),
    (MGU2, {}, heck_2017(lambda p, h: h @ p["f.U"].T)),
    (MGU3, {}, heck_2017(lambda p, h: p["b_f"])),
    (LiGRU, {}, ravanelli_2018),
    (MUT1, {}, jozefowicz_2015_mut1, {"input_size": 7}),
    (MUT1, {}, jozefowicz_2015_mut1),
    (MUT2, {}, jozefowicz_2015_mut2, {"input_size": 7}),
    (MUT2, {}, jozefowicz_2015_mut2),
    (MUT3, {}, jozefowicz_2015_mut3),
    (RAN, {}, lee_2017),
    (RAN, {"activation": "identity"}, lambda p, x, h, c: lee_2017(p, x, h, c, lambda c: c)),
    (CFN, {}, laurent_2016),
    (STAR, {}, turkoglu_2019),
    (BRC, {}, vecoven_2020(lambda w, h: w * h)),
    (NBRC, {}, vecoven_2020(lambda W, h: h @ W.T)),
    (ATR, {}, zhang_2018),
    (SGU, {}, gao_2016(lambda p, a: np.log(1 + np.exp(a)))),
    (DSGU, {}, gao_2016(lambda p, a: logistic(a @ p["o.U"].T))),
    (TGRU, {}, balduzzi_2016),
    (MiRU1, {"update": 0.3}, lambda p, x, h: zyarah_2025(p, x, h, 0.3)),
    (MiRU2, {"update": 0.3, "reset": 0.8}, lambda p, x, h: zyarah_2025(p, x, h, 0.3, 0.8)),
    (LightRU, {}, ye_2024),
    (TauGRU, {}, erichson_2022),
    (TauGRU, {"delay": 1}, erichson_2022),
]
