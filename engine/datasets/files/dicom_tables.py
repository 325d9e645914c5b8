"""Look-up tables of DICOM files, in the forms that files really have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_ENTRIES = 65536
COLOURS = ("Red", "Green", "Blue")


@dataclass(frozen=True)
class LookupTable:
    """What becomes of whole numbers: `entries[0]` of all up to `first`, the last entry of all beyond the table."""

    entries: np.ndarray
    """(entries,), uint8 or uint16."""
    first: int
    bits: int
    """How many bits an entry can have."""

    @property
    def greatest(self) -> float:
        return 2.0**self.bits - 1

    def of(self, values: np.ndarray) -> np.ndarray:
        """The entries for `values`, which are rounded; of the same shape, with the table's dtype."""
        places = np.rint(values).astype(np.int64) - self.first
        return self.entries[np.clip(places, 0, len(self.entries) - 1)]


def table_of_item(item: Any, signed: bool, little_endian: bool) -> LookupTable:
    """
    Args:
        item: of a modality or VOI LUT sequence.
        signed: whether what is looked up can be negative; it decides how the first value mapped is read.

    Raises:
        ValueError: descriptor and data do not fit each other.
    """
    return _table(item.LUTDescriptor, item.LUTData, signed, little_endian)


def palette_tables(dataset: Any, little_endian: bool) -> tuple[LookupTable, ...]:
    """The tables for red, green and blue, all of the same number of bits.

    Raises:
        ValueError: descriptor and data do not fit each other.
    """
    signed = bool(dataset.PixelRepresentation)
    tables = [
        _table(
            dataset[f"{colour}PaletteColorLookupTableDescriptor"].value,
            dataset[f"{colour}PaletteColorLookupTableData"].value,
            signed,
            little_endian,
        )
        for colour in COLOURS
    ]
    bits = max(table.bits for table in tables)
    return tuple(LookupTable(table.entries, table.first, bits) for table in tables)


def _table(descriptor: Any, data: Any, signed: bool, little_endian: bool) -> LookupTable:
    count, first, bits = (int(number) for number in descriptor)
    # The three numbers are 16 bits each; files write them signed where they should not, and the other way round.
    count = count % MOST_ENTRIES or MOST_ENTRIES
    first %= MOST_ENTRIES
    if signed and first >= MOST_ENTRIES // 2:
        first -= MOST_ENTRIES
    entries = _entries(data, count, bits, little_endian)
    needed = int(entries.max()).bit_length()
    # Entries of 8 bits are kept in words that are declared as 16 bits, and some are larger than was declared.
    return LookupTable(entries, first, 8 if needed <= 8 else max(bits, needed))


def _entries(data: Any, count: int, bits: int, little_endian: bool) -> np.ndarray:
    """PS3.3 C.7.6.3.1.5: entries of 8 bits are two in a word, or one in each; the amount of data tells which."""
    word = np.dtype("<u2" if little_endian else ">u2")
    if not isinstance(data, bytes):
        numbers = [int(number) % MOST_ENTRIES for number in np.atleast_1d(data)]
        data = np.array(numbers, dtype=word).tobytes()
    if len(data) >= 2 * count:
        return np.frombuffer(data, word, count).astype(np.uint16)
    if len(data) < count:
        raise ValueError("a table has fewer entries than it declares")
    if bits > 8 and len(data) > count + count % 2:
        raise ValueError("a table is cut off")
    padded = data + b"\0" * (len(data) % 2)
    # The first of two entries lies in the low byte of its word.
    return np.frombuffer(padded, word).astype("<u2").view(np.uint8)[:count]
