"""Cells of matrices in MATLAB files of version 5 to 7.2 (MAT-File Format, The MathWorks).

scipy's ``loadmat`` reads more, but its compiled parser ends the whole program on some damaged files.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

HEADER_BYTES = 128
MOST_BYTES = 2**31  # of a variable when unpacked, so that a damaged file does not fill the memory
MATRIX, COMPRESSED = 14, 15
CELL = 1
NUMERIC = range(6, 16)  # double, single, and integers of 1 to 8 bytes
STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}


class _Matrix(NamedTuple):
    kind: int
    shape: tuple[int, ...]
    name: str
    contents: list[tuple[int, bytes]]


def read_cells(content: bytes) -> dict[str, list[np.ndarray]]:
    """Return the variables that are cell arrays of matrices: name to the cells in MATLAB's order.

    Raises:
        ValueError: it is no such file, or damaged.
    """
    if len(content) < HEADER_BYTES or content[126:128] not in (b"IM", b"MI"):
        raise ValueError("it has no header of MATLAB 5")
    order = "<" if content[126:128] == b"IM" else ">"
    if struct.unpack_from(f"{order}H", content, 124)[0] != 0x0100:
        raise ValueError("it is of another version than 5 to 7.2")
    found = {}
    try:
        for kind, data in _elements(content[HEADER_BYTES:], order):
            if kind == COMPRESSED:
                ((kind, data),) = _elements(_unpacked(data), order)
            matrix = _matrix(data, order) if kind == MATRIX else None
            if matrix is not None and matrix.kind == CELL:
                cells = [_matrix(inside, order) for _, inside in matrix.contents]
                found[matrix.name] = [_values(cell, order) for cell in cells]
    except (struct.error, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"it is damaged: {error}") from error
    return found


def _unpacked(data: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    made = unpacking.decompress(data, MOST_BYTES)
    if not unpacking.eof:
        raise ValueError("it is damaged: a variable ends too early or is too large")
    return made


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """The kind and the bytes of each element; small ones share eight bytes with their tag."""
    place = 0
    while place < len(data):
        kind, size = struct.unpack_from(f"{order}II", data, place)
        begin = place + 8
        if kind >> 16:
            kind, size, begin = kind & 0xFFFF, kind >> 16, place + 4
            place += 8
        else:
            place = begin + size + (-size % 8 if kind != COMPRESSED else 0)
        if begin + size > len(data):
            raise ValueError("it is damaged: an element ends too early")
        yield kind, data[begin : begin + size]


def _matrix(data: bytes, order: str) -> _Matrix:
    parts = list(_elements(data, order))
    if len(parts) < 3:
        raise ValueError("it is damaged: a matrix without shape or name")
    (_, flags), (_, shape), (_, name) = parts[:3]
    sizes = struct.unpack(f"{order}{len(shape) // 4}i", shape)
    return _Matrix(struct.unpack_from(f"{order}I", flags)[0] & 0xFF, sizes, name.decode("ascii"), parts[3:])


def _values(cell: _Matrix, order: str) -> np.ndarray:
    if cell.kind not in NUMERIC or not cell.contents:
        raise ValueError("a cell holds something else than numbers")
    kind, data = cell.contents[0]
    if kind not in STORED:
        raise ValueError(f"it is damaged: numbers of kind {kind}")
    values = np.frombuffer(data, f"{order}{STORED[kind]}")
    if min(cell.shape, default=-1) < 0 or math.prod(cell.shape) != len(values):
        raise ValueError(f"it is damaged: {len(values)} numbers in a matrix of {cell.shape}")
    return values.reshape(cell.shape, order="F")
