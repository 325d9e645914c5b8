"""Sizes are read in one kind of unit."""

from __future__ import annotations

import pytest

from ui.byte_sizes import bytes_text


@pytest.mark.parametrize(
    ("count", "text"),
    [(640, "640 bytes"), (2_840_000, "2.7 MiB"), (999_700, "976 KiB"), (1_048_200, "1.0 MiB"), (34e9, "32 GiB")],
)
def test_sizes_are_readable(count: float, text: str) -> None:
    assert bytes_text(count) == text
