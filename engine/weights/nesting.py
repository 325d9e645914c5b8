"""How deep the containers of a foreign file are nested, known while they are built: so nothing recurses in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_DEPTH = 100
"""Containers within containers: more than any checkpoint has."""
MAX_PARTS = 1_000_000
"""Containers and what is in them, each as often as it is met: more than any network has."""
TOO_DEEP = f"its containers are nested more than {MAX_DEPTH} deep"
ENDLESS = "its containers have no end"


@dataclass
class _Extent:
    container: object
    """Kept, so that no other object gets its identity."""
    depth: int = 1
    parts: int = 1
    is_inside: bool = False
    """Whether another container has it: then it has to be complete, or the other's extent would be wrong."""


class Nesting:
    """The containers of one description. Each is complete before another one takes it, as `pickle` writes them."""

    def __init__(self) -> None:
        self._extents: dict[int, _Extent] = {}

    def put(self, container: object, values: Sequence[object]) -> None:
        """Count values that are put into a container.

        Raises:
            ValueError: the container would hold itself, be nested too deep, or have too many parts.
        """
        extent = self._extents.setdefault(id(container), _Extent(container))
        if extent.is_inside and values:
            raise ValueError(ENDLESS)
        extent.parts += len(values)
        for value in values:
            if value is container:
                raise ValueError(ENDLESS)
            inner = self._extent_inside(value)
            if inner is not None:
                extent.depth = max(extent.depth, inner.depth + 1)
                extent.parts += inner.parts
        if extent.depth > MAX_DEPTH:
            raise ValueError(TOO_DEEP)
        if extent.parts > MAX_PARTS:
            raise ValueError(ENDLESS)

    def _extent_inside(self, value: object) -> _Extent | None:
        if not isinstance(value, dict | list | tuple):
            return None
        extent = self._extents.setdefault(id(value), _Extent(value))
        extent.is_inside = True
        return extent
