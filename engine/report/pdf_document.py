"""The report as PDF, typeset by Typst from data: no text of a user's is ever read as markup."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import matplotlib
import typst
from matplotlib.ft2font import FT2Font

from engine.contract.document import Document
from engine.contract.errors import NutshellError
from engine.report.drawing.style import LATIN
from engine.report.reference_list import TEMPLATES

PDF_TEMPLATE = "report.typ"
FONT_FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
"""For letters that Typst's own fonts have not."""


def write_pdf(document: Document, folder: Path, scratch: Path) -> Path:
    """Write `report.pdf` into a folder that holds `figures/*.pdf`.

    Args:
        document: of `numbered_document`.
        scratch: an empty folder beside it, for what is typeset.

    Raises:
        NutshellError: it cannot be typeset.
        OSError: it cannot be written.
    """
    shutil.copy(TEMPLATES / PDF_TEMPLATE, scratch / PDF_TEMPLATE)
    shutil.copytree(folder / "figures", scratch / "figures")
    text = json.dumps(document, ensure_ascii=False)
    (scratch / "report.json").write_text(text, encoding="utf-8")
    fonts = scratch / "fonts"
    fonts.mkdir()
    for font in FONTS:
        shutil.copy(FONT_FOLDER / font, fonts / font)
    target = folder / "report.pdf"
    try:
        typst.compile(
            scratch / PDF_TEMPLATE,
            output=target,
            root=scratch,
            font_paths=[fonts],
            # Searching all of them would hold the window up, and makes the file depend on the machine.
            ignore_system_fonts=not _needs_other_fonts(text),
            timestamp=0,
        )
    except typst.TypstError as error:
        raise NutshellError(f"The PDF could not be typeset: {error.message}") from None
    return target


def _needs_other_fonts(text: str) -> bool:
    """Whether a letter is in none of the fonts, such as one of a class in another script."""
    known = FT2Font(str(FONT_FOLDER / FONTS[0])).get_charmap()
    return any(ord(letter) > LATIN and ord(letter) not in known for letter in set(text))
