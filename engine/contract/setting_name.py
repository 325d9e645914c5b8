"""What one image setting of a grid is called: by what tells it from the others."""

from __future__ import annotations

from engine.contract.recipe import DwtSettings, ImageGrid, ImageSettings


def setting_name(grid: ImageGrid, setting: ImageSettings) -> str:
    """Such as "64 px, JPEG 75, haar LL": only what the grid varies, so empty where it is one setting."""
    parts = []
    if len(grid.sizes) > 1:
        height, width = setting.height_width
        parts.append(f"{height} px" if height == width else f"{height}×{width} px")
    if len(grid.jpeg_qualities) > 1:
        parts.append(f"JPEG {setting.jpeg_quality}" if setting.jpeg_quality else "no JPEG")
    if len(grid.transforms) > 1:
        parts.append(transform_name(setting.dwt))
    return ", ".join(parts)


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
