"""The C runtime by itself: accuracy of its functions, the packed product, the layouts."""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np
import pytest

from gatework.engine.build import build
from gatework.engine.emit_c import runtime

FUNCTIONS = ("exp", "expm1", "sigmoid", "tanh", "log", "log1p", "sqrt", "sin", "cos", "erf")
TYPES = {32: np.float32, 64: np.float64}


@cache
def library(bits: int) -> ctypes.CDLL:
    exported = [
        f"void map_{name}(REAL *p, int64_t n) "
        f"{{ for (int64_t i = 0; i < n; i += LANES) store(p + i, v_{name}(load(p + i))); }}"
        for name in FUNCTIONS
    ]
    products = [
        f"DEFINE_PRODUCT({width}, product_{width})\n"
        f"void multiply_{width}(REAL *A, REAL *B, REAL *C, int64_t rows, int64_t depth, int64_t vectors) "
        f"{{ product_{width}((Tile){{A, depth, B, C, vectors * LANES, depth}}, rows, 0, vectors, vectors, NULL); }}"
        for width in (3, 4, 5, 7)
    ]
    loaded = build("\n".join([f"#define REAL_BITS {bits}", runtime(), *exported, *products]))
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
@pytest.mark.parametrize("width", [3, 4, 5, 7])
def test_product_of_packed_weights(width: int, bits: int) -> None:
    loaded, kind = library(bits), TYPES[bits]
    lanes, generator = loaded.lanes(), np.random.default_rng(0)
    for rows, depth, gates in ((1, 1, width), (2, 5, width), (13, 17, 2 * width), (29, 7, width + 1)):
        units = 2 * lanes - 1
        U = generator.standard_normal((gates, units, depth)).astype(kind)
        A = generator.standard_normal((rows, depth)).astype(kind)
        vectors = 2 * gates
        panels = np.full(vectors * lanes * depth, np.nan, kind)
        C = generator.standard_normal((rows, vectors * lanes)).astype(kind)
        expected = C.copy()
        for g in range(gates):
            for u in range(units):
                expected[:, (u // lanes * gates + g) * lanes + u % lanes] += A @ U[g, u]
        loaded.pack_forward(
            ctypes.c_void_p(panels.ctypes.data), pointers(U), *map(ctypes.c_int64, (gates, units, depth, width, 2))
        )
        getattr(loaded, f"multiply_{width}")(
            *(ctypes.c_void_p(array.ctypes.data) for array in (A, panels, C)),
            *map(ctypes.c_int64, (rows, depth, vectors)),
        )
        np.testing.assert_allclose(C, expected, rtol=0, atol=1e-5 if bits == 32 else 1e-13)


def pointers(gates: np.ndarray) -> ctypes.Array:
    return (ctypes.c_void_p * len(gates))(*(gate.ctypes.data for gate in gates))


def test_separate_undoes_interleave() -> None:
    loaded, generator = library(64), np.random.default_rng(0)
    lanes, units, width = loaded.lanes(), 11, 3
    gates = generator.standard_normal((5, units, width))
    joined = np.full((-(-units // lanes) * lanes * 5, width), np.nan)
    sizes = [ctypes.c_int64(size) for size in (5, units, width, 2)]
    loaded.interleave(ctypes.c_void_p(joined.ctypes.data), pointers(gates), *sizes)
    assert np.isfinite(joined).all()
    assert (joined[lanes] == gates[1, 0]).all()
    found = np.full_like(gates, np.nan)
    loaded.separate(pointers(found), ctypes.c_void_p(joined.ctypes.data), *sizes)
    np.testing.assert_array_equal(found, gates)
