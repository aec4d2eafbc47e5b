"""The C runtime by itself: accuracy of its functions, the packed product, the layouts."""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np
import pytest

from gatework.engine.build import build
from gatework.engine.emit_c import common, runtime

FUNCTIONS = ("exp", "expm1", "sigmoid", "tanh", "log", "log1p", "sqrt", "sin", "cos", "erf")
TYPES = {32: np.float32, 64: np.float64}
TOLERANCE = {32: 1e-4, 64: 1e-12}


@cache
def library(bits: int) -> ctypes.CDLL:
    exported = [
        f"void map_{name}(REAL *p, int64_t n) "
        f"{{ for (int64_t i = 0; i < n; i += LANES) store(p + i, v_{name}(load(p + i))); }}"
        for name in FUNCTIONS
    ]
    product = (
        "void multiply(REAL *A, REAL *B, REAL *C, int64_t rows, int64_t depth, int64_t vectors, int64_t downwards) "
        "{ const Tile t = {A, depth, B, C, vectors * LANES, depth, .downwards = downwards};"
        " product(t, rows, 0, vectors, vectors, NULL); }"
    )
    loaded = build("\n".join([f"#define REAL_BITS {bits}", runtime(), *exported, product]), common(bits))
    loaded.lanes.restype = ctypes.c_int64
    return loaded


def applied(name: str, x: np.ndarray) -> np.ndarray:
    bits = x.dtype.itemsize * 8
    lanes = library(bits).lanes()
    padded = np.zeros(-(-x.size // lanes) * lanes, x.dtype)
    padded[: x.size] = x
    getattr(library(bits), f"map_{name}")(ctypes.c_void_p(padded.ctypes.data), ctypes.c_int64(padded.size))
    return padded[: x.size]


def exact(name: str, x: np.ndarray) -> np.ndarray:
    x = x.astype(np.longdouble)
    with np.errstate(all="ignore"):
        if name == "sigmoid":
            return 1 / (1 + np.exp(-x))
        if name == "erf":
            import torch

            return torch.erf(torch.from_numpy(x.astype(np.float64))).numpy().astype(np.longdouble)
        return getattr(np, name)(x)


@pytest.mark.parametrize("bits", TYPES)
@pytest.mark.parametrize("name", ["exp", "expm1", "sigmoid", "tanh"])
def test_two_ulp_over_the_whole_range(name: str, bits: int) -> None:
    kind = TYPES[bits]
    generator = np.random.default_rng(0)
    edge = 87.0 if bits == 32 else 707.0
    x = np.concatenate([
        generator.uniform(-edge, edge, 40_000),
        generator.uniform(-3, 3, 40_000),
        generator.choice([-1, 1], 40_000) * np.exp(generator.uniform(-80, 3, 40_000)),
    ]).astype(kind)  # fmt: skip
    found, wanted = applied(name, x), exact(name, x)
    error = np.abs(found - wanted) / np.spacing(np.abs(wanted).astype(kind))
    assert error.max() <= 2.3, (x[error.argmax()], error.max())


@pytest.mark.parametrize("bits", TYPES)
@pytest.mark.parametrize("name", ["log", "sin", "cos"])
def test_two_ulp_over_the_usual_range(name: str, bits: int) -> None:
    """Zeros of sine and cosine far from 0 are met absolutely; wide angles go through the C library."""
    kind, generator = TYPES[bits], np.random.default_rng(0)
    least = 1e-10 if bits == 32 else 1e-25
    x = np.concatenate([generator.uniform(-8000, 8000, 40_000), generator.uniform(-3, 3, 40_000)]).astype(kind)
    if name == "log":
        least, near_one = 0, 1 + generator.standard_normal(40_000) * 1e-3
        x = np.concatenate([np.abs(x), np.exp(generator.uniform(-80, 80, 40_000)), near_one]).astype(kind)
    found, wanted = applied(name, x), exact(name, x)
    error = np.abs(found - wanted) / np.maximum(np.spacing(np.abs(wanted).astype(kind)), least)
    assert error.max() <= 2, (x[error.argmax()], error.max())
    x = np.array([1.0, 9e4, 1e-40, 2.0], kind)
    np.testing.assert_allclose(applied(name, x), exact(name, x).astype(kind), rtol=1e-6)


@pytest.mark.parametrize("bits", TYPES)
def test_log1p_over_the_whole_range(bits: int) -> None:
    kind, generator = TYPES[bits], np.random.default_rng(0)
    size = np.exp(generator.uniform(-80, 80, 40_000))
    x = np.concatenate([size, -np.exp(generator.uniform(-80, -1e-3, 40_000)), generator.uniform(-1, 3, 40_000)])
    x = x.astype(kind)
    found, wanted = applied("log1p", x), exact("log1p", x)
    error = np.abs(found - wanted) / np.spacing(np.abs(wanted).astype(kind))
    assert error.max() <= 3, (x[error.argmax()], error.max())
    edges = np.array([-1, -2, np.inf, -np.inf, np.nan, 0], kind)
    np.testing.assert_array_equal(applied("log1p", edges), exact("log1p", edges).astype(kind))


@pytest.mark.parametrize("bits", TYPES)
def test_the_sine_of_zero_keeps_its_sign(bits: int) -> None:
    assert np.signbit(applied("sin", np.full(64, -0.0, TYPES[bits]))).all()


@pytest.mark.parametrize("bits", TYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_limits_and_nan(name: str, bits: int) -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, 1e30, -1e30], TYPES[bits])
    found, wanted = applied(name, x), exact(name, x).astype(TYPES[bits])
    if name in ("sin", "cos"):
        x, found, wanted = x[:6], found[:6], wanted[:6]  # numpy's own long double differs for huge arguments
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=0)
    assert (np.signbit(found) == np.signbit(wanted))[~np.isnan(wanted)].all()


@pytest.mark.parametrize("bits", TYPES)
def test_product_of_packed_weights(bits: int) -> None:
    loaded, kind = library(bits), TYPES[bits]
    lanes, generator = loaded.lanes(), np.random.default_rng(0)
    shapes = [(rows, 5, 3) for rows in range(1, 30)] + [(1, 1, 1), (2, 257, 1), (13, 17, 2), (29, 700, 5)]
    for rows, depth, gates in shapes:
        units = 2 * lanes - 1
        U = generator.standard_normal((gates, units, depth)).astype(kind)
        A = generator.standard_normal((rows, depth)).astype(kind)
        vectors = 2 * gates
        panels = np.full(vectors * lanes * depth, np.nan, kind)
        C = generator.standard_normal((rows, vectors * lanes)).astype(kind)
        expected = C + joined(A, U, lanes)
        loaded.pack_forward(address(panels), pointers(U), *numbers(gates, units, depth, 2))
        loaded.multiply(*map(address, (A, panels, C)), *numbers(rows, depth, vectors, rows % 2))
        np.testing.assert_allclose(C, expected, rtol=0, atol=TOLERANCE[bits])


@pytest.mark.parametrize("bits", TYPES)
@pytest.mark.parametrize(("rows", "units", "depth"), [(1, 1, 1), (7, 19, 5), (101, 64, 48), (331, 33, 300)])
def test_products_over_all_steps(bits: int, rows: int, units: int, depth: int) -> None:
    loaded, kind, gates = library(bits), TYPES[bits], 3
    lanes, generator = loaded.lanes(), np.random.default_rng(0)
    W = generator.standard_normal((gates, units, depth)).astype(kind)
    x = generator.standard_normal((rows, depth)).astype(kind)
    columns = -(-units // lanes) * lanes * gates
    bias = generator.standard_normal(columns).astype(kind)
    panels, C = np.full(columns * depth, np.nan, kind), np.full((rows, columns), np.nan, kind)
    loaded.pack_forward(address(panels), pointers(W), *numbers(gates, units, depth, 2))
    loaded.dense(
        address(C), *numbers(columns), address(x), *numbers(rows, depth, depth), address(panels),
        *numbers(columns // lanes), address(bias), *numbers(1, 2),
    )  # fmt: skip
    np.testing.assert_allclose(C, joined(x, W, lanes) + bias, rtol=0, atol=TOLERANCE[bits] * 30)

    padded = -(-depth // lanes) * lanes
    slope = joined(generator.standard_normal((rows, 1)), generator.standard_normal((gates, units, 1)), lanes).astype(
        kind
    )
    panels, back = np.full(columns * padded, np.nan, kind), np.full((rows, padded), np.nan, kind)
    loaded.pack_backward(address(panels), pointers(W), *numbers(gates, units, depth, 2))
    loaded.dense(
        address(back), *numbers(padded), address(slope), *numbers(rows, columns, columns), address(panels),
        *numbers(padded // lanes), None, *numbers(1, 2),
    )  # fmt: skip
    slopes = [slope.reshape(rows, -1, gates, lanes)[:, :, g].reshape(rows, -1)[:, :units] for g in range(gates)]
    expected = sum(slopes[g] @ W[g] for g in range(gates))
    np.testing.assert_allclose(back[:, :depth], expected, rtol=0, atol=TOLERANCE[bits] * 300)

    found, sums = np.full_like(W, np.nan), np.full((gates, units), np.nan, kind)
    found_h = np.full((gates, units, 2), np.nan, kind)
    h, cut = generator.standard_normal((rows, 2)).astype(kind), rows // 3
    tables = [pointers(table) for table in (sums, found, found_h)]
    arguments = [slope.ctypes.data, columns, rows, cut, gates, units, 2, ctypes.addressof(tables[0]), 2]
    for table, wide, factor in ((tables[1], depth, x), (tables[2], 2, h)):
        rest = factor[cut:]
        arguments += [ctypes.addressof(table), wide, factor.ctypes.data, rest.ctypes.data]
    loaded.gradient((ctypes.c_int64 * len(arguments))(*arguments))
    for g in range(gates):
        np.testing.assert_allclose(found[g], slopes[g].T @ x, rtol=0, atol=TOLERANCE[bits] * 300)
        np.testing.assert_allclose(found_h[g], slopes[g].T @ h, rtol=0, atol=TOLERANCE[bits] * 300)
        np.testing.assert_allclose(sums[g], slopes[g].sum(0), rtol=0, atol=TOLERANCE[bits] * 300)


def joined(A: np.ndarray, U: np.ndarray, lanes: int) -> np.ndarray:
    """A times gates (gates, units, depth), their units interleaved, zero in the padding."""
    gates, units, _ = U.shape
    result = np.zeros((len(A), -(-units // lanes) * lanes * gates), A.dtype)
    for g in range(gates):
        for u in range(units):
            result[:, (u // lanes * gates + g) * lanes + u % lanes] = A @ U[g, u]
    return result


def address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def numbers(*values: int) -> list[ctypes.c_int64]:
    return [ctypes.c_int64(value) for value in values]


def pointers(gates: np.ndarray) -> ctypes.Array:
    return (ctypes.c_void_p * len(gates))(*(gate.ctypes.data for gate in gates))


def test_interleave() -> None:
    loaded, generator = library(64), np.random.default_rng(0)
    lanes, units, width = loaded.lanes(), 11, 3
    gates = generator.standard_normal((5, units, width))
    found = np.full((-(-units // lanes) * lanes * 5, width), np.nan)
    loaded.interleave(address(found), pointers(gates), *numbers(5, units, width, 2))
    np.testing.assert_array_equal(found, joined(np.eye(width), gates, lanes).T)
