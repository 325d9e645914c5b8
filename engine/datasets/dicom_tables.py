"""Look-up tables of DICOM files, in the forms that scanners write them (PS3.3 C.11.1, C.11.2 and C.7.6.3.1.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

COLOURS = ("Red", "Green", "Blue")


@dataclass(frozen=True)
class LookUpTable:
    """Entries for whole numbers from `first` on; numbers beyond an end have its entry."""

    entries: np.ndarray
    """int64, (n,)."""
    first: int
    greatest: int
    """What an entry can be at most."""

    @classmethod
    def of(cls, item: Any, least_input: float) -> LookUpTable:
        """The table of a sequence's item.

        Args:
            least_input: the least number that is looked up: where it is below zero, so may the table's first be.

        Raises:
            ValueError: there are not as many entries as the table says.
        """
        count, first, bits = (int(value) for value in item.LUTDescriptor)
        count = count or 65536
        entries, stored_bits = _entries(item.LUTData, count, bits)
        if first >= 2**15 and least_input < 0:
            first -= 2**16
        # Some tables declare 16 bits for entries of a byte each, some 8 bits and have larger entries.
        declared = 2 ** min(bits, stored_bits) - 1
        return cls(entries, first, max(declared, int(entries.max())))

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The entries of whole numbers, int64, in the shape of `values`."""
        return self.entries[np.clip(values.astype(np.int64) - self.first, 0, len(self.entries) - 1)]


def narrow_palette(dataset: Any) -> bool:
    """Whether a palette's entries of eight bits are kept in words of sixteen, as PS3.3 C.7.6.3.1.5 tells of."""
    for colour in COLOURS:
        count, _, bits = (int(value) for value in dataset[f"{colour}PaletteColorLookupTableDescriptor"].value)
        data = dataset.get(f"{colour}PaletteColorLookupTableData")
        if bits != 8 or not isinstance(data, bytes) or len(data) != 2 * (count or 65536):
            return False
        if np.frombuffer(data, "<u2").max() > 255:
            return False
    return True


def _entries(data: Any, count: int, bits: int) -> tuple[np.ndarray, int]:
    """(int64 (count,), bits that one is stored in): bytes, words, or a list of numbers that pydicom made of either."""
    if isinstance(data, bytes):
        in_bytes = len(data) in {count, count + count % 2}
        values, width = np.frombuffer(data, "u1" if in_bytes else "<u2"), 8 if in_bytes else 16
    else:
        values, width = np.atleast_1d(np.asarray(data, np.int64)) & 0xFFFF, 16
        if bits <= 8 and len(values) == -(-count // 2) < count:  # Two entries of a byte each in a word.
            values, width = values.astype("<u2").view("u1"), 8
    if len(values) < count:
        raise ValueError(f"a table of {count} entries has {len(values)}")
    return values[:count].astype(np.int64), width
