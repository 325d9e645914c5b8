"""Images of small objects on clutter, drawn from a seed: shapes at any place, turned a little."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

KINDS = ("ring", "cross", "triangle", "square", "bar", "star")
SIDE_PX = 48
DRAWN_LARGER = 4
"""The object is drawn so many times larger, and made smaller with soft edges."""
RADIUS_PX = (11.0, 15.0)
LARGEST_TURN = 0.35
"""Radians, to either side."""
LINES = 4
NOISE = 8.0
Point = tuple[float, float]


def write_small_objects(path: Path, train: int, test: int, seed: int) -> None:
    """Write an `.npz` with `x_train`, `y_train`, `x_test`, `y_test`: uint8 (n, 48, 48, 3), as many of each kind."""
    generator = np.random.default_rng(seed)
    labels = np.arange(train + test) % len(KINDS)
    images = np.stack([_drawn(generator, KINDS[label]) for label in labels])
    np.savez(
        path,
        x_train=images[:train],
        y_train=labels[:train],
        x_test=images[train:],
        y_test=labels[train:],
    )


def _drawn(generator: np.random.Generator, kind: str) -> np.ndarray:
    image = _clutter(generator)
    image.paste(Image.new("RGB", image.size, _colour(generator)), (0, 0), _object(generator, kind))
    noisy = np.asarray(image) + generator.normal(0, NOISE, (SIDE_PX, SIDE_PX, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _clutter(generator: np.random.Generator) -> Image.Image:
    """Blurred blotches, and lines across them."""
    blotches = generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    image = Image.fromarray(blotches).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    for _ in range(LINES):
        pen.line(
            generator.integers(0, SIDE_PX, 4).tolist(), fill=_colour(generator), width=int(generator.integers(1, 3))
        )
    return image


def _colour(generator: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = generator.integers(0, 256, 3).tolist()
    return red, green, blue


def _object(generator: np.random.Generator, kind: str) -> Image.Image:
    """Where the object is, as a mask."""
    side = SIDE_PX * DRAWN_LARGER
    mask = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    radius = float(generator.uniform(*RADIUS_PX)) * DRAWN_LARGER
    x, y = generator.uniform(radius, side - radius, 2)
    angle = float(generator.uniform(-LARGEST_TURN, LARGEST_TURN))
    if kind == "ring":
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=255, width=int(0.35 * radius))
    else:
        pen.polygon([(x + dx, y + dy) for dx, dy in _corners(kind, radius, angle)], fill=255)
    return mask.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)


def _corners(kind: str, radius: float, angle: float) -> list[Point]:
    if kind == "cross":
        arm = 0.3 * radius
        quarter = [(arm, arm), (arm, radius), (-arm, radius)]
        return [_turned(x, y, angle + turn * math.pi / 2) for turn in range(4) for x, y in quarter]
    if kind == "star":
        return [_turned(radius if k % 2 == 0 else 0.4 * radius, 0, angle + math.pi * k / 5) for k in range(10)]
    if kind == "bar":
        return [_turned(radius, 0, angle + turn) for turn in (0.25, -0.25, math.pi + 0.25, math.pi - 0.25)]
    corners = 3 if kind == "triangle" else 4
    return [_turned(radius, 0, angle + 2 * math.pi * k / corners) for k in range(corners)]


def _turned(x: float, y: float, angle: float) -> Point:
    return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
