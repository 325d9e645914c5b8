"""How one kernel is stored in a file for TensorFlow Lite Micro."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class KernelTable(BaseModel):
    """One kernel, as indices into look-up tables or as it was."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kernel: str
    """The name of its tensor in the file."""
    values: int
    """The most distinct values in one channel; in the whole kernel where it has one scale."""
    index_bits: int
    """Per value; 0: it stays as it is, because a table would be no smaller."""
    tables: int
    """0, 1, or one per channel."""
    plain_bytes: int
    stored_bytes: int
    """Of indices, tables and their header; without the operator in the graph."""

    @property
    def is_table(self) -> bool:
        return self.index_bits > 0
