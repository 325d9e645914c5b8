"""The report as one HTML file that loads nothing: pictures are inside of it, and there is no script."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from engine.contract.document import Document
from engine.report.reference_list import TEMPLATES

PAGE_TEMPLATE = "report.html.jinja"


def html_page(document: Document, figures: Mapping[str, bytes]) -> str:
    """The page as text.

    Args:
        document: of `numbered_document`.
        figures: key → the figure as SVG.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default_for_string=True, default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    images = {key: f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}" for key, svg in figures.items()}
    return environment.get_template(PAGE_TEMPLATE).render(document, images=images)
