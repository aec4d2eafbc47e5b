"""Cells against those of other packages, with weights transplanted: Keras, ONNX Runtime and torchrecurrent.

The packages are the ``test`` extra; without one its tests are skipped.
"""

from __future__ import annotations

import copy
import importlib
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from holding import randomized
from torch import Tensor

from gatework.cells import (
    ATR,
    BRC,
    CFN,
    DSGU,
    GRU,
    JANET,
    LSTM,
    MGU,
    MUT1,
    MUT2,
    MUT3,
    NBRC,
    RAN,
    SGRN,
    SGU,
    STAR,
    TGRU,
    TLSTM,
    UGRNN,
    WMCLSTM,
    AntisymmetricRNN,
    Cell,
    CoRNN,
    CoupledLSTM,
    Elman,
    FastGRNN,
    FastRNN,
    GatedAntisymmetricRNN,
    GRUResetAfter,
    IndRNN,
    IntersectionRNN,
    LightRU,
    LiGRU,
    MemoryControllerLSTM,
    MinimalRNN,
    MiRU1,
    MiRU2,
    MultiplicativeLSTM,
    OriginalLSTM,
    PeepholeLSTM,
    ResidualLSTM,
    TauGRU,
    UnICORNN,
)
from gatework.cells.exchange import from_keras, from_onnx, to_keras, to_onnx
from gatework.engine import run

B, T, I, H = 2, 5, 3, 7
pytestmark = pytest.mark.usefixtures("exact")


def package(name: str) -> Any:
    """Import an oracle, or skip the test."""
    pytest.importorskip(name.partition(".")[0], reason=f"{name} is not installed: pip install 'gatework[test]'")
    return importlib.import_module(name)


def stacked(cell: Cell, gates: str, part: str) -> Tensor:
    """The W, U or b of some gates one below the other; a bias that a gate has not is zero."""
    values = [getattr(getattr(cell, gate), part) for gate in gates]
    assert part == "b" or all(value is not None for value in values)
    return torch.cat([torch.zeros(H) if value is None else value.detach() for value in values])


def start(cell: Cell) -> tuple[Tensor, tuple[Tensor, ...]]:
    return torch.randn(T, B, cell.input_size), tuple(torch.randn(B, size) for size in cell.state_sizes)


# ours, its options, the package's options, the gates in the order of weight_ih and of weight_hh
TORCHRECURRENT = {
    "ATRCell": (ATR, {}, {}, "p", "q"),
    "BRCell": (BRC, {}, {}, "acn", "ac"),
    "NBRCell": (NBRC, {}, {}, "acn", "ac"),
    "CFNCell": (CFN, {}, {}, "fin", "fi"),  # its bias of the candidate is not in the paper
    "DSGUCell": (DSGU, {}, {}, "xz", "gz"),
    "SGUCell": (SGU, {}, {}, "xz", "gz"),
    "LiGRUCell": (LiGRU, {}, {}, "zn", "zn"),
    "LightRUCell": (LightRU, {}, {}, "nf", "f"),  # as CFN
    "MGUCell": (MGU, {}, {}, "fn", "fn"),
    "MiRU1Cell": (MiRU1, {"update": 0.3}, {"update_coefficient": 0.3}, "rn", "rn"),
    "MiRU2Cell": (
        MiRU2,
        {"update": 0.3, "reset": 0.8},
        {"update_coefficient": 0.3, "reset_coefficient": 0.8},
        "n",
        "n",
    ),
    "MUT1Cell": (MUT1, {}, {}, "zrx", "rn"),  # its W x in place of the paper's x is our map of unequal sizes
    "MUT2Cell": (MUT2, {}, {}, "zxn", "zrn"),  # likewise
    "MUT3Cell": (MUT3, {}, {}, "zrn", "zrn"),
    "RANCell": (RAN, {}, {}, "gif", "if"),
    "STARCell": (STAR, {}, {}, "nk", "k"),
    "TGRUCell": (TGRU, {}, {}, "zfo", "zfo"),
    "tauGRUCell": (TauGRU, {"delay": 2}, {}, "uzga", "uzga"),
}


@pytest.mark.parametrize("name", TORCHRECURRENT)
def test_equals_torchrecurrent(name):
    kind, options, theirs_options, input_gates, recurrent_gates = TORCHRECURRENT[name]
    theirs = getattr(package("torchrecurrent"), name)(I, H, **theirs_options)
    cell = randomized(kind(I, H, **options))
    with torch.no_grad():
        theirs.weight_ih.copy_(stacked(cell, input_gates, "W"))
        theirs.weight_hh.copy_(stacked(cell, recurrent_gates, "U"))
        theirs.bias_ih.copy_(stacked(cell, input_gates, "b")[-len(theirs.bias_ih) :])  # RAN's content has none
        of_state = [gate for gate in recurrent_gates if gate not in input_gates]
        for gate, bias in zip(recurrent_gates, theirs.bias_hh.split(H), strict=True):
            bias.copy_(stacked(cell, gate, "b") if gate in of_state else torch.zeros(H))
        if kind is DSGU:
            theirs.weight_ho.copy_(cell.o.U)
    x, state = start(cell)
    ours = run(cell, x, state, engine="loop")

    outputs = []
    if kind is TauGRU:
        h = state[0]
        line = deque([*state[1].split(H, dim=1), h], maxlen=cell.delay + 1)
        for x_t in x:
            h = theirs(x_t, h, line[0])
            line.append(h)
            outputs.append(h)
    else:
        theirs_state = state if len(state) > 1 else state[0]
        for x_t in x:
            theirs_state = theirs(x_t, theirs_state)
            outputs.append(theirs_state[0] if isinstance(theirs_state, tuple) else theirs_state)
    torch.testing.assert_close(ours.outputs, torch.stack(outputs), rtol=1e-10, atol=1e-10)


# ours, its options, the package's options, the package's parameter -> our parameters one below the other, else zero
BY_PARAMETER = {
    "AntisymmetricRNNCell": (
        AntisymmetricRNN,
        {"epsilon": 0.3, "gamma": 0.7},
        {"epsilon": 0.3, "gamma": 0.7},
        {"weight_ih": "h.W", "weight_hh": "h.U", "bias_ih": "h.b"},
    ),
    "GatedAntisymmetricRNNCell": (
        GatedAntisymmetricRNN,
        {"epsilon": 0.3, "gamma": 0.7},
        {"epsilon": 0.3, "gamma": 0.7},
        {"weight_ih": "z.W h.W", "weight_hh": "a.U", "bias_ih": "z.b h.b"},
    ),
    "FastGRNNCell": (
        FastGRNN,
        {"gate_activation": "tanh"},
        {},
        {"weight_ih": "a.W", "weight_hh": "a.U", "bias_ih": "b_z b_n", "zeta": "zeta", "nu": "nu"},
    ),
    "FastRNNCell": (
        FastRNN,
        {},
        {},
        {"weight_ih": "n.W", "weight_hh": "n.U", "bias_ih": "n.b", "alpha": "alpha", "beta": "beta"},
    ),
    "IndRNNCell": (IndRNN, {"activation": "tanh"}, {}, {"weight_ih": "h.W", "vector_u": "h.U", "bias_ih": "h.b"}),
    "IntersectionRNNCell": (
        IntersectionRNN,
        {},
        {},
        {"weight_ih": "p.W n.W r.W g.W", "weight_hh": "p.U n.U r.U g.U", "bias_ih": "p.b n.b r.b g.b"},
    ),
    "MinimalRNNCell": (
        MinimalRNN,
        {},
        {},
        {"weight_ih": "z.W", "bias_ih": "z.b", "weight_mm": "u.W", "weight_hh": "u.U", "bias_hh": "u.b"},
    ),
    "SGRNCell": (SGRN, {}, {}, {"weight_ih": "x.W", "weight_hh": "f.U", "bias_hh": "f.b"}),
    "UGRNNCell": (UGRNN, {}, {}, {"weight_ih": "c.W g.W", "weight_hh": "c.U g.U", "bias_ih": "c.b g.b"}),
    "UnICORNNCell": (
        UnICORNN,
        {"dt": 0.3, "alpha": 0.7},
        {"dt": 0.3, "alpha": 0.7},
        {"weight_ih": "z.W", "weight_hh": "z.U", "weight_ch": "c", "bias_ih": "z.b"},
    ),
    "coRNNCell": (
        CoRNN,
        {"dt": 0.3, "gamma": 1.7, "epsilon": 0.7},
        {"dt": 0.3, "gamma": 1.7, "epsilon": 0.7},
        {"weight_ih": "h.W", "weight_hh": "h.U", "weight_ch": "z.U", "bias_ih": "h.b"},
    ),
}


@pytest.mark.parametrize("name", BY_PARAMETER)
def test_equals_torchrecurrent_by_parameter(name):
    kind, options, theirs_options, pairs = BY_PARAMETER[name]
    width = H if kind is IntersectionRNN else I  # a bare x in the paper
    cell = randomized(kind(width, H, **options))
    theirs = getattr(package("torchrecurrent"), name)(width, H, **theirs_options)
    ours_by_name, theirs_by_name = dict(cell.named_parameters()), dict(theirs.named_parameters())
    assert sorted(ours_by_name) == sorted(" ".join(pairs.values()).split())
    with torch.no_grad():
        for parameter in theirs_by_name.values():
            parameter.zero_()
        for target, sources in pairs.items():
            parts = [ours_by_name[source] for source in sources.split()]
            value = torch.cat(parts) if len(parts) > 1 else parts[0]
            theirs_by_name[target].copy_(value.reshape(theirs_by_name[target].shape))
    x, state = start(cell)
    ours = run(cell, x, state, engine="loop")

    outputs, theirs_state = [], state[-1] if kind is IntersectionRNN or len(state) == 1 else state
    for x_t in x:
        following = theirs(x_t, theirs_state)
        outputs.append(following[0] if isinstance(following, tuple) else following)
        theirs_state = following[-1] if kind is IntersectionRNN else following
    torch.testing.assert_close(ours.outputs, torch.stack(outputs), rtol=1e-10, atol=1e-10)


def gates(order: str, part: str) -> str:
    return " ".join(f"{gate}.{part}" for gate in order.split())


# ours, options of both, the gates in the order of the package's weights, and what it has besides
LSTM_LIKE = {
    "JANETCell": (JANET, {"beta": 0.3}, "f g", {}),
    "MCLSTMCell": (MemoryControllerLSTM, {}, "f i o m n", {}),
    "MultiplicativeLSTMCell": (
        MultiplicativeLSTM,
        {},
        "i f g o",
        {
            "weight_ih": f"mx.W {gates('i f g o', 'W')}",
            "weight_hh": "mh.U",
            "weight_mh": gates("i f g o", "U"),
            "bias_mh": gates("i f g o", "b"),
        },
    ),
    "OriginalLSTMCell": (OriginalLSTM, {}, "i g o", {}),
    "PeepholeLSTMCell": (PeepholeLSTM, {}, "i f g o", {"weight_ph": "p_i.p p_f.p p_o.p"}),
    "ResLSTMCell": (
        ResidualLSTM,
        {},
        "i f g o",
        {"weight_ph": "p_i.p p_f.p p_o.p", "weight_proj": "m.U", "weight_res": "s.W"},
    ),
    "TLSTMCell": (TLSTM, {}, "z f o", {}),
    "WMCLSTMCell": (WMCLSTM, {}, "i f g o", {"weight_mh": "ic.U fc.U oc.U"}),  # its biases within tanh are zero
}


@pytest.mark.parametrize("name", LSTM_LIKE)
def test_lstm_equals_torchrecurrent(name):
    kind, options, order, besides = LSTM_LIKE[name]
    cell = randomized(kind(I, H, **options))
    theirs = getattr(package("torchrecurrent"), name)(I, H, **options)
    pairs = {"weight_ih": gates(order, "W"), "weight_hh": gates(order, "U")} | besides
    pairs |= {} if "bias_mh" in pairs else {"bias_ih": gates(order, "b")}
    ours_by_name, theirs_by_name = dict(cell.named_parameters()), dict(theirs.named_parameters())
    assert sorted(ours_by_name) == sorted(" ".join(pairs.values()).split())
    with torch.no_grad():
        for biases in theirs_by_name.keys() - pairs.keys() - {"beta"}:
            theirs_by_name[biases].zero_()
        for target, sources in pairs.items():
            theirs_by_name[target].copy_(torch.cat([ours_by_name[source] for source in sources.split()]))
    x, state = start(cell)
    ours = run(cell, x, state, engine="loop")

    outputs = []
    theirs_state = (state[0], state[0]) if kind is JANET else state[-2:]
    for x_t in x:
        output, following = theirs(x_t, theirs_state)
        theirs_state = following if isinstance(following, tuple) else (output, following)
        outputs.append(output)
    torch.testing.assert_close(ours.outputs, torch.stack(outputs), rtol=1e-10, atol=1e-10)


@pytest.fixture(scope="module")
def keras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Keras on torch, in a home for the files that it writes. Its products on torch are in single precision always."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        yield package("keras")


# ours, its options, Keras' layer and options
KERAS = {
    "tanh": (Elman, {}, "SimpleRNN", {}),
    "relu": (Elman, {"activation": "relu"}, "SimpleRNN", {"activation": "relu"}),
    "lstm": (LSTM, {}, "LSTM", {}),
    "gru reset before": (GRU, {"z_scales": "old"}, "GRU", {"reset_after": False}),
    "gru reset after": (GRUResetAfter, {}, "GRU", {"reset_after": True}),
}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", KERAS)
def test_equals_keras(keras, name, bias):
    kind, options, layer, theirs_options = KERAS[name]
    cell = randomized(kind(I, H, bias=bias, **options))
    theirs = getattr(keras.layers, layer)(H, return_sequences=True, return_state=True, use_bias=bias, **theirs_options)
    x, state = start(cell)
    theirs.build((B, T, I))
    theirs.set_weights(to_keras(cell))
    back = from_keras(cell, [weight.value.detach() for weight in theirs.weights])
    assert all(torch.equal(back[name], parameter.float()) for name, parameter in cell.named_parameters())

    ours_x, theirs_x = x.clone().requires_grad_(), x.float().requires_grad_()
    ours = run(cell, ours_x, state, engine="loop")
    outputs, *last = theirs(theirs_x.transpose(0, 1), initial_state=[part.float() for part in state])
    near(ours.outputs, outputs.transpose(0, 1))
    for mine, other in zip(ours.state, last, strict=True):
        near(mine, other)
    weighting = torch.randn(T, B, H)
    (ours.outputs * weighting).sum().backward()
    (outputs.transpose(0, 1) * weighting).sum().backward()
    near(ours_x.grad, theirs_x.grad)


# ours, its options, the operator of ONNX and its attributes
ONNX = {
    "tanh": (Elman, {}, "RNN", {}),
    "relu": (Elman, {"activation": "relu"}, "RNN", {"activations": ["Relu"]}),
    "lstm": (LSTM, {}, "LSTM", {}),
    "gru, linear_before_reset=0": (GRU, {"z_scales": "old"}, "GRU", {"linear_before_reset": 0}),
    "gru, linear_before_reset=1": (GRUResetAfter, {}, "GRU", {"linear_before_reset": 1}),
}


def onnx_session(operator: str, attributes: dict[str, Any], inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Run one recurrent operator of ONNX Runtime in single precision: it has no other."""
    onnx, runtime = package("onnx"), package("onnxruntime")
    outputs = ["Y", "Y_h", "Y_c"] if operator == "LSTM" else ["Y", "Y_h"]
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]
    names = [name if name in inputs else "" for name in order if operator == "LSTM" or name not in ("initial_c", "P")]
    node = onnx.helper.make_node(operator, names, outputs, hidden_size=H, **attributes)
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [node],
        operator,
        [value(name, onnx.TensorProto.FLOAT, tuple(array.shape)) for name, array in inputs.items()],
        [value(name, onnx.TensorProto.FLOAT, [None] * (4 if name == "Y" else 3)) for name in outputs],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(model)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    results = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    return {name: torch.from_numpy(value) for name, value in zip(outputs, results, strict=True)}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", ONNX)
def test_equals_onnx_runtime(name, bias):
    kind, options, operator, attributes = ONNX[name]
    cell = randomized(kind(I, H, bias=bias, **options))
    x, state = start(cell)
    weights = to_onnx(cell)
    back = from_onnx(cell, *weights.values())
    assert all(torch.equal(back[name], parameter) for name, parameter in cell.named_parameters())
    values = {"X": x, **weights}
    values |= {f"initial_{name}": part[None] for name, part in zip(cell.states, state, strict=True)}
    theirs = onnx_session(operator, attributes, {name: value.detach().float() for name, value in values.items()})
    ours = run(cell, x, state, engine="loop")
    near(ours.outputs, theirs["Y"][:, 0])
    for name, part in zip(("Y_h", "Y_c"), ours.state, strict=False):
        near(part, theirs[name][0])


@pytest.mark.parametrize("peepholes", ["ifo", "o", ""])
def test_peepholes_equal_onnx_runtime(peepholes):
    cell = randomized(PeepholeLSTM(I, H, peepholes=peepholes))
    seen = [getattr(cell, f"p_{gate}").p if gate in peepholes else torch.zeros(H) for gate in "iof"]
    equals_onnx_lstm(cell, lstm_weights(cell, "iofg") | {"P": torch.cat(seen)[None]}, {})


def test_coupled_gates_equal_onnx_runtime():
    """Its input_forget couples f = 1 - i, ours i = 1 - f: the same function with the gate negated."""
    cell = randomized(CoupledLSTM(I, H))
    mirror = copy.deepcopy(cell)
    for parameter in mirror.f.parameters():
        parameter.data.neg_()
    equals_onnx_lstm(cell, lstm_weights(mirror, "fofg"), {"input_forget": 1})  # the f of four is not read


def lstm_weights(cell: Cell, gates: str) -> dict[str, Tensor]:
    """ONNX's W, R and B from a cell's gates in an order of them."""
    weights = {name: stacked(cell, gates, part)[None] for name, part in (("W", "W"), ("R", "U"), ("B", "b"))}
    return weights | {"B": torch.cat([weights["B"], torch.zeros(1, len(gates) * H)], dim=1)}


def equals_onnx_lstm(cell: Cell, weights: dict[str, Tensor], attributes: dict[str, Any]) -> None:
    x, (h, c) = start(cell)
    values = {"X": x, **weights, "initial_h": h[None], "initial_c": c[None]}
    theirs = onnx_session("LSTM", attributes, {name: value.detach().float() for name, value in values.items()})
    ours = run(cell, x, (h, c), engine="loop")
    near(ours.outputs, theirs["Y"][:, 0])
    near(ours.state.c, theirs["Y_c"][0])


def near(ours: Tensor, theirs: Tensor) -> None:
    """Equal as far as single precision goes, in which theirs was computed."""
    torch.testing.assert_close(ours, theirs.double(), rtol=2e-5, atol=2e-6)
