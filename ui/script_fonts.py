"""Whether the system has letters for a language, and what to install where it has none."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from PySide6.QtGui import QFontDatabase

from engine.doctor.system_library import FONT_PACKAGES, PackageNames, install_remedy
from engine.language.languages import Language


@dataclass(frozen=True)
class NeededFont:
    """What a language's letters need."""

    letters: str
    """What they are called in English."""
    system: QFontDatabase.WritingSystem
    packages: PackageNames


CJK_PACKAGES = PackageNames("fonts-noto-cjk", "google-noto-sans-cjk-fonts", "noto-fonts-cjk")
CYRILLIC = NeededFont("Cyrillic", QFontDatabase.WritingSystem.Cyrillic, FONT_PACKAGES)  # not shown
NEEDED = {
    "ko": NeededFont("Korean", QFontDatabase.WritingSystem.Korean, CJK_PACKAGES),  # not shown
    "ru": CYRILLIC,
    "sr": CYRILLIC,
}
"""Language → what it needs beside Latin letters."""


def missing_font(language: Language) -> str:
    """What to install, in one sentence; empty where there are letters.

    It is English whatever is spoken: who has no font for a language could not read it in that.
    """
    needed = NEEDED.get(language.code)
    if needed is None or QFontDatabase.families(needed.system):
        return ""
    remedy = install_remedy((needed.packages,)) if sys.platform.startswith("linux") else "install one"  # not shown
    return f"There is no font with {needed.letters} letters, so the window shows boxes; {remedy}."  # not shown
