"""What one image setting of a grid is called: by what tells it from the others."""

from __future__ import annotations

from engine.contract.image_settings import DwtSettings, ImageGrid, ImageSettings


def setting_name(grid: ImageGrid, setting: ImageSettings) -> str:
    """Such as "64 px, JPEG 75, haar LL": only what the grid varies, so empty where it is one setting."""
    parts = []
    if len(grid.sizes) > 1:
        parts.append(size_name(setting.size))
    if len(grid.jpeg_qualities) > 1:
        parts.append(quality_name(setting.jpeg_quality))
    if len(grid.transforms) > 1:
        parts.append(transform_name(setting.dwt))
    return ", ".join(parts)


def size_name(size: int | tuple[int, int]) -> str:
    """Such as "64 px" or "96×64 px", the height first."""
    height, width = (size, size) if isinstance(size, int) else size
    return f"{height} px" if height == width else f"{height}×{width} px"


def quality_name(quality: int) -> str:
    """Such as "JPEG 75"."""
    return f"JPEG {quality}" if quality else "no JPEG"


def transform_name(dwt: DwtSettings | None) -> str:
    """Such as "haar LL" or "db2 level 2 LL+HH"; whatever else is not as by default is named too."""
    if dwt is None:
        return "no DWT"
    level = f" level {dwt.level}" if dwt.level > 1 else ""
    more = [
        f" {name} {getattr(dwt, name)}"
        for name, field in DwtSettings.model_fields.items()
        if name not in ("wavelet", "level", "subbands") and getattr(dwt, name) != field.default
    ]
    return f"{dwt.wavelet}{level} {'+'.join(dwt.subbands)}{''.join(more)}"
