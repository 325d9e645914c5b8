"""The icon as Windows and macOS want it, drawn from the SVG: python resources/packaging/icons.py OUT"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SVG = Path(__file__).resolve().parents[1] / "icons" / "nutshell.svg"
ICO_PIXELS = (16, 20, 24, 32, 40, 48, 64, 128, 256)
"""As Windows asks for them at 100 to 250 %."""
ICNS_PIXELS = (32, 64, 128, 256, 512, 1024)
"""As macOS keeps them: 16 to 512 points, twice as fine."""


def draw_icons(folder: Path) -> tuple[Path, Path]:
    """Write nutshell.ico and nutshell.icns; each size is drawn, not scaled."""
    folder.mkdir(parents=True, exist_ok=True)
    ico, icns = folder / "nutshell.ico", folder / "nutshell.icns"
    *smaller, largest = (_drawn(pixels) for pixels in ICO_PIXELS)
    largest.save(ico, sizes=[(pixels, pixels) for pixels in ICO_PIXELS], append_images=smaller)
    *smaller, largest = (_drawn(pixels) for pixels in ICNS_PIXELS)
    largest.save(icns, append_images=smaller)
    return ico, icns


def _drawn(pixels: int) -> Image.Image:
    image = QImage(pixels, pixels, QImage.Format.Format_RGBA8888)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(SVG)).render(painter)
    painter.end()
    return Image.frombytes("RGBA", (pixels, pixels), bytes(image.constBits()))


if __name__ == "__main__":
    for written in draw_icons(Path(sys.argv[1])):
        sys.stdout.write(f"{written}\n")
