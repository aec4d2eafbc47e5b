"""Long short-term memory."""

import numpy as np

from gatework.cells import (
    JANET,
    LSTM,
    LSTMP,
    SLSTM,
    TLSTM,
    WMCLSTM,
    BatchNormLSTM,
    CoupledLSTM,
    FullGateRecurrenceLSTM,
    GreffLSTM,
    LayerNormLSTM,
    MemoryControllerLSTM,
    MultiplicativeLSTM,
    NASCell,
    OriginalLSTM,
    PeepholeLSTM,
    ResidualLSTM,
)
from papers.numpy_words import affine, logistic


def gers_2000(p, x, h, c):
    a = {k: affine(p, k, x, h) for k in "ifgo"}
    c = logistic(a["f"]) * c + logistic(a["i"]) * np.tanh(a["g"])
    return logistic(a["o"]) * np.tanh(c), c


def hochreiter_1997(p, x, h, c):
    """Section 4 with the functions of appendix A.1."""
    y_in = logistic(affine(p, "i", x, h))  # f of (3)
    y_out = logistic(affine(p, "o", x, h))  # f of (3)
    g = 4 / (1 + np.exp(-affine(p, "g", x, h))) - 2  # g of (5)
    s = c + y_in * g
    return y_out * (2 / (1 + np.exp(-s)) - 1), s  # h of (4)


def without_forgetting(p, x, h, c):
    c = c + logistic(affine(p, "i", x, h)) * np.tanh(affine(p, "g", x, h))
    return logistic(affine(p, "o", x, h)) * np.tanh(c), c


def gers_2002(p, x, h, c):
    """Section 2.2: input and forget gates see the old state, the output gate the new."""
    see = {k: p.get(f"p_{k}.p", np.zeros(c.shape[1])) for k in "ifo"}
    y_in = logistic(affine(p, "i", x, h) + see["i"] * c)
    y_phi = logistic(affine(p, "f", x, h) + see["f"] * c)
    s = y_phi * c + y_in * np.tanh(affine(p, "g", x, h))
    y_out = logistic(affine(p, "o", x, h) + see["o"] * s)
    return y_out * np.tanh(s), s


def greff_2015(variant):
    """Section III-A for V; what section V-A changes is in the lookup of what is missing."""

    def step(p, x, y, c):
        def gate(k, c):
            if f"{k}.W" not in p:
                return np.ones_like(c)
            peephole = p[f"p_{k}.p"] * c if variant != "NP" else 0
            return logistic(x @ p[f"{k}.W"].T + y @ p[f"{k}.U"].T + peephole + p[f"{k}.b"])

        z = x @ p["z.W"].T + y @ p["z.U"].T + p["z.b"]
        z = z if variant == "NIAF" else np.tanh(z)
        i = gate("i", c)
        f = 1 - i if variant == "CIFG" else gate("f", c)
        c = z * i + c * f
        o = gate("o", c)
        return (c if variant == "NOAF" else np.tanh(c)) * o, c

    return step


def greff_2015_fgr(p, x, y, c, i, f, o):
    """Section V-A, FGR: R_ab leads from gate a to gate b."""

    def recurrent(to):
        return sum(state @ p[f"{to}_from_{of}.U"].T for of, state in zip("ifo", (i, f, o), strict=True))

    z = np.tanh(affine(p, "z", x, y))
    new_i = logistic(affine(p, "i", x, y) + p["p_i.p"] * c + recurrent("i"))
    new_f = logistic(affine(p, "f", x, y) + p["p_f.p"] * c + recurrent("f"))
    c = z * new_i + c * new_f
    new_o = logistic(affine(p, "o", x, y) + p["p_o.p"] * c + recurrent("o"))
    return np.tanh(c) * new_o, c, new_i, new_f, new_o


def coupled(p, x, h, c):
    f = logistic(affine(p, "f", x, h))
    c = f * c + (1 - f) * np.tanh(affine(p, "g", x, h))
    return logistic(affine(p, "o", x, h)) * np.tanh(c), c


def sak_2014(p, x, r, c):
    see = {k: p.get(f"p_{k}.p", np.zeros(c.shape[1])) for k in "ifo"}
    i = logistic(affine(p, "i", x, r) + see["i"] * c)  # (7)
    f = logistic(affine(p, "f", x, r) + see["f"] * c)  # (8)
    c = f * c + i * np.tanh(affine(p, "g", x, r))  # (9)
    o = logistic(affine(p, "o", x, r) + see["o"] * c)  # (10)
    m = o * np.tanh(c)  # (11)
    return m @ p["r.U"].T, c  # (12)


def ba_2016(p, x, h, c):
    def normal(z):
        mean = z.mean(1, keepdims=True)
        return (z - mean) / np.sqrt(((z - mean) ** 2).mean(1, keepdims=True) + 1e-5)  # (15), and torch's epsilon

    W = np.concatenate([p[f"x{k}.W"] for k in "ifgo"])
    U = np.concatenate([p[f"h{k}.U"] for k in "ifgo"])
    alpha_1, alpha_2 = p["norm_h.gain"].ravel(), p["norm_x.gain"].ravel()
    stacked = normal(h @ U.T) * alpha_1 + normal(x @ W.T) * alpha_2 + p["norm_x.b"].ravel()  # (20)
    i, f, g, o = np.split(stacked, 4, axis=1)
    c = logistic(f) * c + logistic(i) * np.tanh(g)  # (21)
    return logistic(o) * np.tanh(normal(c) * p["norm_c.weight"] + p["norm_c.bias"]), c  # (22)


def cooijmans_2017(p, x, h, c, s):
    """In training: statistics of the batch."""

    def normal(z):
        return (z - z.mean(0)) / np.sqrt(z.var(0) + 1e-5)  # (3)

    def gate(k):  # (6)
        from_h = p[f"norm_{k}.h.gain"] * normal(h @ p[f"{k}.U"].T)
        return from_h + p[f"norm_{k}.x.gain"] * normal(x @ p[f"{k}.W"].T) + p[f"norm_{k}.x.b"]

    c = logistic(gate("f")) * c + logistic(gate("i")) * np.tanh(gate("g"))  # (7)
    return logistic(gate("o")) * np.tanh(p["norm_c.gain"] * normal(c) + p["norm_c.b"]), c, s + 1  # (8)


def krause_2016(p, x, h, c):
    m = (x @ p["mx.W"].T) * (h @ p["mh.U"].T)  # (18)
    candidate = affine(p, "g", x, m)  # (19)
    i, o, f = (logistic(affine(p, k, x, m)) for k in "iof")  # (20) to (22)
    c = f * c + i * np.tanh(candidate)
    return np.tanh(c) * o, c


def westhuizen_2018(beta):
    def step(p, x, c):
        s = affine(p, "f", x, c)
        candidate = np.tanh(affine(p, "g", x, c))
        return (logistic(s) * c + (1 - logistic(s - beta)) * candidate,)

    return step


def beck_2024(forget):
    def step(p, x, h, c, n, m):
        z = np.tanh(affine(p, "z", x, h))  # (11)
        log_i = affine(p, "i", x, h)  # (12)
        log_f = affine(p, "f", x, h) if forget == "exp" else np.log(logistic(affine(p, "f", x, h)))  # (13)
        o = logistic(affine(p, "o", x, h))  # (14)
        new_m = np.maximum(log_f + m, log_i)  # (15)
        i = np.exp(log_i - new_m)  # (16)
        f = np.exp(log_f + m - new_m)  # (17)
        c = f * c + i * z  # (8)
        n = f * n + i  # (9)
        return o * (c / n), c, n, new_m  # (10)

    return step


def landi_2021(p, x, h, c):
    i = logistic(affine(p, "i", x, h) + np.tanh(c @ p["ic.U"].T))
    f = logistic(affine(p, "f", x, h) + np.tanh(c @ p["fc.U"].T))
    c = f * c + i * np.tanh(affine(p, "g", x, h))
    o = logistic(affine(p, "o", x, h) + np.tanh(c @ p["oc.U"].T))
    return o * np.tanh(c), c


def kim_2017(p, x, h, c):
    i = logistic(affine(p, "i", x, h) + p["p_i.p"] * c)
    f = logistic(affine(p, "f", x, h) + p["p_f.p"] * c)
    c = f * c + i * np.tanh(affine(p, "g", x, h))
    o = logistic(affine(p, "o", x, h) + p["p_o.p"] * c)
    m = np.tanh(c) @ p["m.U"].T
    return o * (m + (x @ p["s.W"].T if "s.W" in p else x)), c


def zoph_2017(p, x, h, c):
    """The authors' NASCell in TensorFlow: leaves 0 to 7 are a b d e p q r s."""
    relu = lambda v: np.maximum(v, 0)  # noqa: E731
    leaf = {k: affine(p, k, x, h) for k in "abdpqrs"}
    layer1 = [
        logistic(leaf["a"]),
        relu(leaf["b"]),
        logistic(leaf["d"]),
        relu((x @ p["ex.W"].T) * (h @ p["eh.U"].T + p["eh.b"])),
        np.tanh(leaf["p"]),
        logistic(leaf["q"]),
        np.tanh(leaf["r"]),
        logistic(leaf["s"]),
    ]
    layer2 = [
        np.tanh(np.tanh(layer1[0] * layer1[1]) + c),
        np.tanh(layer1[2] + layer1[3]),
        np.tanh(layer1[4] * layer1[5]),
        logistic(layer1[6] + layer1[7]),
    ]
    c = layer2[0] * layer2[1]
    return np.tanh(c * np.tanh(layer2[2] + layer2[3])), c


def balduzzi_2016(p, x, h, c, last):
    """Section 4, T-LSTM."""
    z = affine(p, "z", x, last)
    f = logistic(affine(p, "f", x, last))
    o = np.tanh(affine(p, "o", x, last))
    c = f * c + (1 - f) * z
    return c * o, c, x


def memory_controller(p, x, h, v, c):
    f, i, o, m = (logistic(affine(p, k, x, v)) for k in "fiom")
    c = f * c + i * np.tanh(affine(p, "n", x, v))
    return o * np.tanh(c), m * np.tanh(c), c


PAPERS = [
    (LSTM, {}, gers_2000),
    (OriginalLSTM, {"scaled_logistic": True}, hochreiter_1997),
    (OriginalLSTM, {}, without_forgetting),
    (PeepholeLSTM, {}, gers_2002),
    (PeepholeLSTM, {"peepholes": "fo"}, gers_2002),
    (PeepholeLSTM, {"peepholes": "i"}, gers_2002),
    *[
        (GreffLSTM, {"variant": variant}, greff_2015(variant))
        for variant in ("V", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP")
    ],
    (FullGateRecurrenceLSTM, {}, greff_2015_fgr),
    (CoupledLSTM, {}, coupled),
    (LSTMP, {}, sak_2014),
    (LSTMP, {"memory_size": 11, "peepholes": "ifo"}, sak_2014),
    (LayerNormLSTM, {}, ba_2016),
    (BatchNormLSTM, {}, cooijmans_2017),
    (MultiplicativeLSTM, {}, krause_2016),
    (JANET, {}, westhuizen_2018(1.0)),
    (JANET, {"beta": -0.5}, westhuizen_2018(-0.5)),
    (SLSTM, {}, beck_2024("sigmoid")),
    (SLSTM, {"forget": "exp"}, beck_2024("exp")),
    (WMCLSTM, {}, landi_2021),
    (ResidualLSTM, {}, kim_2017),
    (ResidualLSTM, {}, kim_2017, {"input_size": 7}),
    (NASCell, {}, zoph_2017),
    (TLSTM, {}, balduzzi_2016),
    (MemoryControllerLSTM, {}, memory_controller),
]
