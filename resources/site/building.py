"""Builds the site: the pages as Sphinx wants them, and then Sphinx, for which every doubt is an error."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import SphinxError

from resources.site.sphinx_pages import write_sphinx_pages

SETTINGS = Path(__file__).parent
ESCAPE = re.compile(r"\x1b\[[\d;]*m")


class SiteFault(Exception):
    """Sphinx's own lines: which page, which line, and what is wrong there, such as a link that leads nowhere."""


def build_site(out: Path, source: Path, made: Mapping[str, str]) -> None:
    """Write the site into `out`.

    Args:
        source: the documentation's folder.
        made: path below it → text, of pages that are made from declarations now.

    Raises:
        SiteFault: a link, an anchor or a picture leads nowhere, or a page is in no list.
    """
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        pages, doctrees = Path(folder) / "pages", Path(folder) / "doctrees"
        write_sphinx_pages(pages, source, made)
        try:
            site = Sphinx(
                pages, SETTINGS, out, doctrees, "html", status=None, warning=said, freshenv=True, warningiserror=True
            )
            site.build(force_all=True)
        except SphinxError as fault:
            raise SiteFault(_lines(f"{said.getvalue()}{fault}", pages)) from None
        if site.statuscode:
            raise SiteFault(_lines(said.getvalue(), pages))


def _lines(said: str, pages: Path) -> str:
    """Each doubt once, without colours, with the page as it lies in the checkout."""
    plain = ESCAPE.sub("", said).replace(str(pages), "resources/docs")
    return "\n".join(dict.fromkeys(line for line in plain.splitlines() if line.strip()))
