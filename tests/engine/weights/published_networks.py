"""Networks as torchvision, timm and image-classifiers publish them, computed in NumPy from their lists of layers.

Nothing of the program is used. Each makes its random weights as it goes, under the names that the library gives them,
so that one pass gives both the state dict and the features.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Network = Callable[["Pass", Array], Array]


class Pass:
    """One pass through a network of PyTorch: images (n, channels, height, width), weights by their names."""

    def __init__(self, epsilon: float = 1e-5, seed: int = 0) -> None:
        self.weights: dict[str, Array] = {}
        self._epsilon = epsilon
        self._random = np.random.default_rng(seed)

    def conv(
        self, x: Array, name: str, filters: int, kernel: int, stride: int = 1, groups: int = 1, bias: bool = False
    ) -> Array:
        """With zeros on all sides that keep the size at stride 1."""
        seen = x.shape[1] // groups
        weight = self._random.standard_normal((filters, seen, kernel, kernel)) / np.sqrt(seen * kernel**2 / 2)
        weight = self.weights[f"{name}.weight"] = weight.astype(np.float32)
        windows = _windows(x, kernel, stride, kernel // 2, 0.0)
        if groups == 1:
            y = np.einsum("nchwij,ocij->nohw", windows, weight, optimize=True)
        else:
            y = np.einsum("nchwij,cij->nchw", windows, weight[:, 0], optimize=True)
        return y + self._values(f"{name}.bias", filters, -0.5)[:, None, None] if bias else y

    def norm(self, x: Array, name: str) -> Array:
        scale, shift, mean, variance = (
            self._values(f"{name}.{part}", x.shape[1], least)[:, None, None]
            for part, least in (("weight", 0.5), ("bias", -0.5), ("running_mean", -0.5), ("running_var", 0.5))
        )
        self.weights[f"{name}.num_batches_tracked"] = np.asarray(7, np.int64)
        return (x - mean) / np.sqrt(variance + self._epsilon) * scale + shift

    def linear(self, name: str, seen: int, units: int) -> None:
        """A layer of the head, whose result nobody asks for."""
        self.weights[f"{name}.weight"] = self._random.standard_normal((units, seen)).astype(np.float32)
        self._values(f"{name}.bias", units, 0.0)

    def _values(self, name: str, count: int, least: float) -> Array:
        self.weights[name] = self._random.uniform(least, least + 1, count).astype(np.float32)
        return self.weights[name]


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def relu6(x: Array) -> Array:
    return np.clip(x, 0, 6)


def hard_sigmoid(x: Array) -> Array:
    return np.clip(x + 3, 0, 6) / 6


def hard_swish(x: Array) -> Array:
    return x * hard_sigmoid(x)


def max_pool(x: Array, size: int, stride: int, padding: int = 0, ceil: bool = False) -> Array:
    """`ceil`: windows may reach beyond the end, if they begin before it."""
    sides = x.shape[2:]
    after = [(-(side + 2 * padding - size) % stride if ceil else 0) for side in sides]
    x = np.pad(x, ((0, 0), (0, 0), (0, after[0]), (0, after[1])), constant_values=-np.inf)
    return _windows(x, size, stride, padding, -np.inf).max(axis=(4, 5))


def _windows(x: Array, kernel: int, stride: int, padding: int, value: float) -> Array:
    sides = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(x, sides, constant_values=value), (kernel, kernel), (2, 3)
    )
    return windows[:, :, ::stride, ::stride]


def resnet(blocks: tuple[int, ...], bottleneck: bool = False, wide: int = 1) -> Network:
    """torchvision/models/resnet.py; the stride is in the 3×3 convolution."""

    def network(p: Pass, x: Array) -> Array:
        x = relu(p.norm(p.conv(x, "conv1", 64, 7, 2), "bn1"))
        x = max_pool(x, 3, 2, 1)
        for stage, count in enumerate(blocks, start=1):
            filters = 64 << (stage - 1)
            for block in range(count):
                stride = 2 if stage > 1 and block == 0 else 1
                x = residual(p, x, f"layer{stage}.{block}", filters, stride, "downsample", bottleneck, wide)
        p.linear("fc", x.shape[1], 1000)
        return x

    return network


def residual(
    p: Pass, x: Array, at: str, filters: int, stride: int, shortcut: str, bottleneck: bool = False, wide: int = 1
) -> Array:
    out = filters * (4 if bottleneck else 1)
    if bottleneck:
        y = relu(p.norm(p.conv(x, f"{at}.conv1", filters * wide, 1), f"{at}.bn1"))
        y = relu(p.norm(p.conv(y, f"{at}.conv2", filters * wide, 3, stride), f"{at}.bn2"))
        y = p.norm(p.conv(y, f"{at}.conv3", out, 1), f"{at}.bn3")
    else:
        y = relu(p.norm(p.conv(x, f"{at}.conv1", filters, 3, stride), f"{at}.bn1"))
        y = p.norm(p.conv(y, f"{at}.conv2", filters, 3), f"{at}.bn2")
    if stride != 1 or x.shape[1] != out:
        x = p.norm(p.conv(x, f"{at}.{shortcut}.0", out, 1, stride), f"{at}.{shortcut}.1")
    return relu(x + y)


def cifar_resnet(p: Pass, x: Array) -> Array:
    """ResNet18 of kuangliu/pytorch-cifar."""
    x = relu(p.norm(p.conv(x, "conv1", 64, 3), "bn1"))
    for stage in range(1, 5):
        for block in range(2):
            stride = 2 if stage > 1 and block == 0 else 1
            x = residual(p, x, f"layer{stage}.{block}", 32 << stage, stride, "shortcut")
    p.linear("linear", 512, 10)
    return x


def wide_resnet(p: Pass, x: Array) -> Array:
    """WRN-16-2 of xternalz/WideResNet-pytorch."""
    x = p.conv(x, "conv1", 16, 3)
    for group, filters in enumerate((32, 64, 128), start=1):
        for block in range(2):
            at, stride = f"block{group}.layer.{block}", 2 if group > 1 and block == 0 else 1
            y = relu(p.norm(x, f"{at}.bn1"))
            if x.shape[1] != filters:
                x = p.conv(y, f"{at}.convShortcut", filters, 1, stride)
            y = relu(p.norm(p.conv(y, f"{at}.conv1", filters, 3, stride), f"{at}.bn2"))
            x = x + p.conv(y, f"{at}.conv2", filters, 3)
    p.linear("fc", 128, 10)
    return relu(p.norm(x, "bn1"))


def vgg16(normalised: bool) -> Network:
    """torchvision/models/vgg.py, configuration D."""

    def network(p: Pass, x: Array) -> Array:
        place = 0
        for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            for _ in range(count):
                x = p.conv(x, f"features.{place}", filters, 3, bias=True)
                x = relu(p.norm(x, f"features.{place + 1}") if normalised else x)
                place += 3 if normalised else 2
            x, place = max_pool(x, 2, 2), place + 1
        p.linear("classifier.6", 4096, 1000)
        return x

    return network


def googlenet(p: Pass, x: Array) -> Array:
    """torchvision/models/googlenet.py (epsilon 0.001), with its auxiliary classifiers."""

    def unit(x: Array, at: str, filters: int, kernel: int = 1, stride: int = 1) -> Array:
        return relu(p.norm(p.conv(x, f"{at}.conv", filters, kernel, stride), f"{at}.bn"))

    def inception(x: Array, at: str, a: int, b: int, c: int, d: int, e: int, f: int) -> Array:
        branches = (
            unit(x, f"{at}.branch1", a),
            unit(unit(x, f"{at}.branch2.0", b), f"{at}.branch2.1", c, 3),
            unit(unit(x, f"{at}.branch3.0", d), f"{at}.branch3.1", e, 3),
            unit(max_pool(x, 3, 1, 1), f"{at}.branch4.1", f),
        )
        return np.concatenate(branches, axis=1)

    x = max_pool(unit(x, "conv1", 64, 7, 2), 3, 2, ceil=True)
    x = max_pool(unit(unit(x, "conv2", 64), "conv3", 192, 3), 3, 2, ceil=True)
    x = inception(x, "inception3a", 64, 96, 128, 16, 32, 32)
    x = max_pool(inception(x, "inception3b", 128, 128, 192, 32, 96, 64), 3, 2, ceil=True)
    x = inception(x, "inception4a", 192, 96, 208, 16, 48, 64)
    x = inception(x, "inception4b", 160, 112, 224, 24, 64, 64)
    x = inception(x, "inception4c", 128, 128, 256, 24, 64, 64)
    x = inception(x, "inception4d", 112, 144, 288, 32, 64, 64)
    x = max_pool(inception(x, "inception4e", 256, 160, 320, 32, 128, 128), 2, 2, ceil=True)
    x = inception(x, "inception5a", 256, 160, 320, 32, 128, 128)
    x = inception(x, "inception5b", 384, 192, 384, 48, 128, 128)
    unit(np.zeros((1, 512, 4, 4)), "aux1.conv", 128)
    p.linear("aux1.fc1", 2048, 1024)
    p.linear("fc", 1024, 1000)
    return x


V2_ROWS = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip


def mobilenet_v2(p: Pass, x: Array) -> Array:
    """torchvision/models/mobilenetv2.py."""
    x = relu6(p.norm(p.conv(x, "features.0.0", 32, 3, 2), "features.0.1"))
    place = 1
    for expansion, filters, count, first_stride in V2_ROWS:
        for block in range(count):
            at, stride = f"features.{place}.conv", first_stride if block == 0 else 1
            y, part, wide = x, 0, expansion * x.shape[1]
            if expansion != 1:
                y, part = relu6(p.norm(p.conv(y, f"{at}.0.0", wide, 1), f"{at}.0.1")), 1
            y = relu6(p.norm(p.conv(y, f"{at}.{part}.0", wide, 3, stride, wide), f"{at}.{part}.1"))
            y = p.norm(p.conv(y, f"{at}.{part + 1}", filters, 1), f"{at}.{part + 2}")
            x = x + y if stride == 1 and x.shape[1] == filters else y
            place += 1
    p.linear("classifier.1", 1280, 1000)
    return relu6(p.norm(p.conv(x, "features.18.0", 1280, 1), "features.18.1"))


def timm_mobilenet_v2(p: Pass, x: Array) -> Array:
    """mobilenetv2_100 of timm/models/efficientnet.py."""
    x = relu6(p.norm(p.conv(x, "conv_stem", 32, 3, 2), "bn1"))
    for stage, (expansion, filters, count, first_stride) in enumerate(V2_ROWS):
        for block in range(count):
            at, stride, wide = f"blocks.{stage}.{block}", first_stride if block == 0 else 1, expansion * x.shape[1]
            if expansion == 1:
                y = relu6(p.norm(p.conv(x, f"{at}.conv_dw", wide, 3, stride, wide), f"{at}.bn1"))
                y = p.norm(p.conv(y, f"{at}.conv_pw", filters, 1), f"{at}.bn2")
            else:
                y = relu6(p.norm(p.conv(x, f"{at}.conv_pw", wide, 1), f"{at}.bn1"))
                y = relu6(p.norm(p.conv(y, f"{at}.conv_dw", wide, 3, stride, wide), f"{at}.bn2"))
                y = p.norm(p.conv(y, f"{at}.conv_pwl", filters, 1), f"{at}.bn3")
            x = x + y if stride == 1 and x.shape[1] == filters else y
    p.linear("classifier", 1280, 1000)
    return relu6(p.norm(p.conv(x, "conv_head", 1280, 1), "bn2"))


V3_SMALL = (
    (3, 16, 16, True, relu, 2), (3, 72, 24, False, relu, 2), (3, 88, 24, False, relu, 1),
    (5, 96, 40, True, hard_swish, 2), (5, 240, 40, True, hard_swish, 1), (5, 240, 40, True, hard_swish, 1),
    (5, 120, 48, True, hard_swish, 1), (5, 144, 48, True, hard_swish, 1),
    (5, 288, 96, True, hard_swish, 2), (5, 576, 96, True, hard_swish, 1), (5, 576, 96, True, hard_swish, 1),
)  # fmt: skip
V3_LARGE = (
    (3, 16, 16, False, relu, 1), (3, 64, 24, False, relu, 2), (3, 72, 24, False, relu, 1),
    (5, 72, 40, True, relu, 2), (5, 120, 40, True, relu, 1), (5, 120, 40, True, relu, 1),
    (3, 240, 80, False, hard_swish, 2), (3, 200, 80, False, hard_swish, 1),
    (3, 184, 80, False, hard_swish, 1), (3, 184, 80, False, hard_swish, 1),
    (3, 480, 112, True, hard_swish, 1), (3, 672, 112, True, hard_swish, 1),
    (5, 672, 160, True, hard_swish, 2), (5, 960, 160, True, hard_swish, 1), (5, 960, 160, True, hard_swish, 1),
)  # fmt: skip
"""(kernel, expanded, filters, squeeze, activation, stride) of each block."""
V3_SQUEEZED = {16: 8, 72: 24, 96: 24, 120: 32, 144: 40, 240: 64, 288: 72, 480: 120, 576: 144, 672: 168, 960: 240}


def mobilenet_v3(rows: tuple[tuple[int, int, int, bool, Callable[[Array], Array], int], ...]) -> Network:
    """torchvision/models/mobilenetv3.py (epsilon 0.001)."""

    def network(p: Pass, x: Array) -> Array:
        x = hard_swish(p.norm(p.conv(x, "features.0.0", 16, 3, 2), "features.0.1"))
        for place, (kernel, wide, filters, squeeze, activate, stride) in enumerate(rows, start=1):
            y, part, at = x, 0, f"features.{place}.block"
            if wide != x.shape[1]:
                y, part = activate(p.norm(p.conv(y, f"{at}.0.0", wide, 1), f"{at}.0.1")), 1
            y = activate(p.norm(p.conv(y, f"{at}.{part}.0", wide, kernel, stride, wide), f"{at}.{part}.1"))
            if squeeze:
                part += 1
                y = _squeezed(p, y, f"{at}.{part}.fc1", f"{at}.{part}.fc2")
            y = p.norm(p.conv(y, f"{at}.{part + 1}.0", filters, 1), f"{at}.{part + 1}.1")
            x = x + y if stride == 1 and x.shape[1] == filters else y
        last = f"features.{len(rows) + 1}"
        p.linear("classifier.0", 6 * x.shape[1], 1024)
        return hard_swish(p.norm(p.conv(x, f"{last}.0", 6 * x.shape[1], 1), f"{last}.1"))

    return network


def timm_mobilenet_v3(
    rows: tuple[tuple[int, int, int, bool, Callable[[Array], Array], int], ...], stages: tuple[int, ...]
) -> Network:
    """timm/models/mobilenetv3.py; its head begins after the pooling."""

    def network(p: Pass, x: Array) -> Array:
        x = hard_swish(p.norm(p.conv(x, "conv_stem", 16, 3, 2), "bn1"))
        waiting = list(rows)
        for stage, count in enumerate(stages):
            for block in range(count):
                kernel, wide, filters, squeeze, activate, stride = waiting.pop(0)
                at = f"blocks.{stage}.{block}"
                separable = wide == x.shape[1]
                y = x if separable else activate(p.norm(p.conv(x, f"{at}.conv_pw", wide, 1), f"{at}.bn1"))
                norm = f"{at}.bn1" if separable else f"{at}.bn2"
                y = activate(p.norm(p.conv(y, f"{at}.conv_dw", wide, kernel, stride, wide), norm))
                if squeeze:
                    y = _squeezed(p, y, f"{at}.se.conv_reduce", f"{at}.se.conv_expand")
                last, norm = ("conv_pw", "bn2") if separable else ("conv_pwl", "bn3")
                y = p.norm(p.conv(y, f"{at}.{last}", filters, 1), f"{at}.{norm}")
                x = x + y if stride == 1 and x.shape[1] == filters else y
        end = f"blocks.{len(stages)}.0"
        x = hard_swish(p.norm(p.conv(x, f"{end}.conv", 6 * x.shape[1], 1), f"{end}.bn1"))
        p.linear("classifier", 1280, 1000)
        return x

    return network


def _squeezed(p: Pass, x: Array, first: str, second: str) -> Array:
    weights = x.mean(axis=(2, 3), keepdims=True)
    weights = relu(p.conv(weights, first, V3_SQUEEZED[x.shape[1]], 1, bias=True))
    return x * hard_sigmoid(p.conv(weights, second, x.shape[1], 1, bias=True))
