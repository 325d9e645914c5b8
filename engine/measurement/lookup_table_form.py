"""Reads what TensorFlow Lite Micro's operator DECODE makes of indices and a look-up table.

A kernel of few values is stored as an index of 1 to 7 bits per value, and the values as a table: one for all, or one
per channel. The format: https://github.com/tensorflow/tflite-micro, tensorflow/lite/micro/kernels/decode.cc.
"""

from __future__ import annotations

from math import prod

import numpy as np

DECODE_OPERATOR = b"TFLM_DECODE"
"""The custom code of the operator; its inputs are pairs of indices and table, an output for each."""
HEADER_BYTES = 16
"""Of a table: kind, version, two reserved; then version, axis and bits, table length, nine reserved."""
MAX_INDEX_BITS = 7
LOOK_UP_TABLE, VERSION = 0, 1
ONE_TABLE = 15
"""The axis of a kernel with one table for all channels."""


def from_lookup_table(indices: bytes, table: bytes, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """The kernel that DECODE makes.

    Args:
        indices: packed, the highest bit of a byte first.
        table: with its header.

    Returns:
        In `shape` and `dtype`.

    Raises:
        ValueError: another kind or version of DECODE, or too few bytes.
    """
    if len(table) < HEADER_BYTES or (table[0], table[1], table[4]) != (LOOK_UP_TABLE, VERSION, VERSION):
        raise ValueError("not a look-up table of the known version")
    axis, bits, length = table[5] >> 4, table[5] & MAX_INDEX_BITS, table[6]
    count = prod(shape)
    chosen = np.zeros(count, np.intp)
    for column in np.unpackbits(np.frombuffer(indices, np.uint8), count=count * bits).reshape(count, bits).T:
        chosen = 2 * chosen + column
    chosen = chosen.reshape(shape)
    values = np.frombuffer(table, dtype, offset=HEADER_BYTES)
    if axis == ONE_TABLE:
        return values[chosen]
    first = length * np.arange(shape[axis])
    sides = [1] * len(shape)
    sides[axis] = -1
    return values[chosen + first.reshape(sides)]
