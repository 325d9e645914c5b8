"""Where libraries build one architecture differently, so that a file's weights compute what they were trained for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """An architecture as one library has it; the defaults are those of `tf_keras.applications`, and of this program."""

    library: str = ""
    """Whose it is, such as "torchvision"; empty for the default."""
    pads_evenly: bool = False
    """Whether a strided layer has as many zeros before an image as after it, as PyTorch does; "same" in TensorFlow puts
    one less before an even side."""
    epsilon: float | None = None
    """Of every batch normalisation; None: as the backbone has it."""
    small_stem: bool | None = None
    """Whether the first layers keep the resolution; None: those of small images do."""
    scale: str = ""
    """The `images.scale` that the library's ImageNet weights expect; empty where it publishes none."""
    named: Callable[[str], str] = str
    """From a layer's default name to the one in the library's files, which the layer then has here too."""
    head: str = ""
    """The last dense layer in the library's files, where pooling is all that stands before it."""
    smallest_side: int = 0
    """Pixels, where smaller images leave nothing and the backbone itself would take them."""
    unneeded: frozenset[str] = frozenset()
    """Layers of its files that serve training only."""


DEFAULT_LAYOUT = Layout()
