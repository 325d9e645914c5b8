"""What PyTorch's networks have in common, and how residual ones name their layers."""

from __future__ import annotations

from engine.graph.layout import Layout

EPSILON = 1e-5
TORCHVISION = Layout(
    "torchvision", pads_evenly=True, epsilon=EPSILON, small_stem=False, scale="imagenet_rgb", head="fc"
)
"""torchvision's, and those of timm that have its names (https://github.com/pytorch/vision)."""
TIMM = Layout("timm", pads_evenly=True, epsilon=EPSILON, small_stem=False, scale="imagenet_rgb", head="classifier")
"""Those that timm names otherwise (https://github.com/huggingface/pytorch-image-models)."""
CIFAR = Layout("pytorch-cifar", pads_evenly=True, epsilon=EPSILON, small_stem=True, head="linear")
"""For images of 32×32 pixels (https://github.com/kuangliu/pytorch-cifar)."""


def torch_residual_name(stage: str, block: str, part: str, number: str, shortcut: str = "") -> str:
    """Such as "layer1.0.conv2".

    Args:
        stage, block: from 1.
        part: "conv" or "bn".
        number: of the convolution in its block; not used of a shortcut.
        shortcut: what the library calls a projected shortcut, if the layer is of one.
    """
    place = f"layer{stage}.{int(block) - 1}"
    return f"{place}.{shortcut}.{int(part == 'bn')}" if shortcut else f"{place}.{part}{number}"
