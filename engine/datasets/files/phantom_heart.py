"""Draws one short-axis cardiac MR-like image: chest, lungs, liver, both ventricles, coil shading and Rician noise."""

from __future__ import annotations

import numpy as np

SIDE = 128
"""Pixels of a drawn image."""

_ROWS, _COLUMNS = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
EDGE_PIXELS = 1.1
"""Width of the partial-volume blur at each border."""


def draw_heart(generator: np.random.Generator, sick: bool) -> np.ndarray:
    """One image, uint8 (128, 128).

    A sick heart has a segment of the left ventricle's wall that is thinned or dark, as after an infarction; how much
    is drawn at random, so that the mildest ones are hard to tell from a healthy wall's own unevenness.
    """
    turn = generator.uniform(0, 2 * np.pi)
    centre = SIDE / 2 + generator.uniform(-6, 6, 2)
    image = _chest(generator)
    heart_size = generator.uniform(0.95, 1.3)
    pool_radius = generator.uniform(13, 18) * heart_size
    thickness = generator.uniform(7.0, 9.5) * heart_size
    blood = generator.uniform(0.72, 0.95)
    muscle = generator.uniform(0.28, 0.42)

    down, right = _ROWS - np.float32(centre[0]), _COLUMNS - np.float32(centre[1])
    angle = np.arctan2(down, right)
    stretch = generator.uniform(0.9, 1.1)
    distance = np.hypot(down * np.float32(stretch), right / np.float32(stretch))

    uneven = 1 + 0.05 * np.cos(2 * (angle - turn)) + 0.04 * np.cos(3 * (angle - generator.uniform(0, 2 * np.pi)))
    inner = pool_radius * (1 + 0.05 * np.cos(2 * angle + turn))
    wall = thickness * uneven
    wall_signal = np.full_like(distance, muscle) * (1 + 0.06 * np.cos(angle - generator.uniform(0, 2 * np.pi)))
    if sick:
        inner, wall, wall_signal = _infarct(generator, angle, inner, wall, wall_signal)

    image = _right_ventricle(generator, image, centre, pool_radius + thickness, blood, muscle)
    image = _blend(image, wall_signal, inner + wall - distance)
    image = _blend(image, np.float32(blood), inner - distance)
    image = _papillary_muscles(generator, image, centre, pool_radius, muscle)
    return _acquire(generator, image)


def _infarct(
    generator: np.random.Generator, angle: np.ndarray, inner: np.ndarray, wall: np.ndarray, signal: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thin or darken a segment of the wall; the pool bulges into a thinned one."""
    middle = generator.uniform(-np.pi, np.pi)
    half_width = np.deg2rad(generator.uniform(35, 65))
    apart = np.abs(np.angle(np.exp(1j * (angle - middle))))
    segment = 1 / (1 + np.exp((apart - half_width) / 0.08))
    if generator.random() < 0.5:
        lost = generator.uniform(0.5, 0.85) * segment
        return inner + wall * lost, wall * (1 - lost), signal
    return inner, wall, signal * (1 - generator.uniform(0.55, 0.9) * segment)


def _chest(generator: np.random.Generator) -> np.ndarray:
    """Chest wall, lungs and liver."""
    middle = SIDE / 2 + generator.uniform(-4, 4, 2)
    tall, wide = generator.uniform(50, 58), generator.uniform(56, 63)
    radius = np.hypot((_ROWS - middle[0]) / tall, (_COLUMNS - middle[1]) / wide)
    image = np.full((SIDE, SIDE), 0.02, dtype=np.float32)
    image = _blend(image, generator.uniform(0.55, 0.75), (1.0 - radius) * 55)
    image = _blend(image, generator.uniform(0.3, 0.42), (0.93 - radius) * 55)
    lung = generator.uniform(0.04, 0.1)
    for side in (-1, 1):
        lung_radius = np.hypot(
            (_ROWS - middle[0] + generator.uniform(0, 8)) / generator.uniform(30, 38),
            (_COLUMNS - middle[1] - side * generator.uniform(27, 33)) / generator.uniform(17, 22),
        )
        image = _blend(image, lung, (1 - lung_radius) * 25)
    liver_radius = np.hypot(
        (_ROWS - SIDE * 0.86 - generator.uniform(-4, 6)) / generator.uniform(16, 24),
        (_COLUMNS - SIDE * generator.uniform(0.25, 0.45)) / generator.uniform(28, 40),
    )
    inside = np.minimum((1 - liver_radius) * 25, (0.92 - radius) * 55)
    return _blend(image, generator.uniform(0.4, 0.55), inside)


def _right_ventricle(
    generator: np.random.Generator, image: np.ndarray, centre: np.ndarray, outer: float, blood: float, muscle: float
) -> np.ndarray:
    """A crescent of blood around one side of the left ventricle, in a thin wall."""
    direction = np.pi + generator.uniform(-0.5, 0.5)
    offset = outer * generator.uniform(0.55, 0.75)
    down = _ROWS - np.float32(centre[0] + offset * np.sin(direction))
    right = _COLUMNS - np.float32(centre[1] + offset * np.cos(direction))
    radius = outer * generator.uniform(0.95, 1.15)
    distance = np.hypot(down, right * np.float32(generator.uniform(0.8, 0.95)))
    image = _blend(image, np.float32(muscle * 0.95), radius + 3.0 - distance)
    return _blend(image, np.float32(blood * generator.uniform(0.85, 1.0)), radius - distance)


def _papillary_muscles(
    generator: np.random.Generator, image: np.ndarray, centre: np.ndarray, pool: float, muscle: float
) -> np.ndarray:
    for _ in range(generator.integers(0, 3)):
        direction, away = generator.uniform(0, 2 * np.pi), pool * generator.uniform(0.45, 0.7)
        down = _ROWS - np.float32(centre[0] + away * np.sin(direction))
        right = _COLUMNS - np.float32(centre[1] + away * np.cos(direction))
        image = _blend(image, np.float32(muscle), generator.uniform(1.8, 3.0) - np.hypot(down, right))
    return image


def _acquire(generator: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Coil shading, then Rician noise: the magnitude of a signal with noise in both of its parts."""
    slope = generator.uniform(-0.3, 0.3, 2)
    shading = 1 + slope[0] * (_ROWS / SIDE - 0.5) + slope[1] * (_COLUMNS / SIDE - 0.5)
    signal = image * shading.astype(np.float32)
    noise = np.float32(generator.uniform(0.02, 0.05))
    real = signal + noise * generator.standard_normal(signal.shape, dtype=np.float32)
    imaginary = noise * generator.standard_normal(signal.shape, dtype=np.float32)
    magnitude = np.hypot(real, imaginary) * np.float32(generator.uniform(0.75, 1.0))
    return np.rint(np.clip(magnitude, 0, 1) * 255).astype(np.uint8)


def _blend(image: np.ndarray, value: np.ndarray | np.float32 | float, inside_pixels: np.ndarray) -> np.ndarray:
    """`value` where `inside_pixels` (signed distance to the border) is positive, with a soft edge."""
    share = np.clip(inside_pixels / np.float32(2 * EDGE_PIXELS) + np.float32(0.5), 0, 1).astype(np.float32)
    return (image + (value - image) * share).astype(np.float32)
