"""What is known about one layer of a weights file before its values are read."""

from __future__ import annotations

from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True)
class StoredLayer:
    """One layer of the file that has weights."""

    name: str
    """Empty where the file keeps no names."""
    kind: str
    """The class in snake case, such as "conv2d"; empty where the file does not say."""
    places: tuple[str, ...]
    """Of its arrays in the file, in the order in which Keras sets them."""
    shapes: tuple[Shape, ...]
