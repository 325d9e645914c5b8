"""What is known about one layer of a weights file before its values are read."""

from __future__ import annotations

from dataclasses import dataclass, replace

Shape = tuple[int, ...]
TORCH_PARTS = ("weight", "bias", "running_mean", "running_var")
"""Of a layer in PyTorch, in the order in which Keras sets them."""


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
    """As Keras has them."""
    axes: tuple[tuple[int, ...], ...] = ()
    """The file's axes of each array, in Keras' order; empty: they are in that order."""

    def lacking(self, count: int) -> str:
        """Which of the layer's `count` arrays are not in the file, as far as it names them; empty if all are."""
        if len(self.places) >= count:
            return ""
        wanted = TORCH_PARTS[:count]
        there = {place.rpartition(".")[2] for place in self.places}
        if self.axes and there <= {*wanted}:
            return " and ".join(part for part in wanted if part not in there)
        return f"{count - len(self.places)} of {count} arrays"

    def of_depth(self) -> StoredLayer:
        """The same as a depthwise convolution, which PyTorch stores as one whose filters see a channel each."""
        if not self.axes or len(self.axes[0]) != 4:
            return self
        (height, width, seen, filters), (*sides, second, first) = self.shapes[0], self.axes[0]
        shapes, axes = (height, width, filters, seen), (*sides, first, second)
        return replace(self, shapes=(shapes, *self.shapes[1:]), axes=(axes, *self.axes[1:]))
