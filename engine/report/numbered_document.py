"""A report as plain nested values with everything numbered: what both templates, of the page and of the PDF, read."""

from __future__ import annotations

import re

from engine.contract.document import Document
from engine.report.content import Block, BulletList, Listing, Prose, Report, ReportFigure, ReportTable
from engine.report.reference_list import Citations, Library

REFERENCES_TITLE = "References"
MINUS = re.compile(r"(?<![\w–])-(?=\d)")


class _Numbering:
    """Counts figures, tables and citations in the order in which they are read."""

    def __init__(self, known: Library) -> None:
        self.citations = Citations(known)
        self._counts = {"table": 0, "figure": 0}

    def next(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind]

    def runs(self, text: str) -> list[Document]:
        return [{"text": piece, "cited": list(numbers)} for piece, numbers in self.citations.runs(text)]


def numbered_document(report: Report, known: Library, made_with: str) -> tuple[Document, Citations]:
    """The document, and what it cites."""
    numbering = _Numbering(known)
    parts = [
        {
            "title": part.title,
            "lead": part.lead,
            "anchor": f"part-{place}",
            "sections": [
                {
                    "title": section.title,
                    "anchor": f"part-{place}-{number}",
                    "blocks": [_block(block, numbering) for block in section.blocks],
                }
                for number, section in enumerate(part.sections, start=1)
            ],
        }
        for place, part in enumerate(report.parts, start=1)
    ]
    references = [{"text": one.text(), "link": one.link()} for one in numbering.citations.cited]
    document: Document = {
        "title": report.title,
        "made_with": made_with,
        "parts": parts,
        "references": references,
        "references_title": REFERENCES_TITLE,
    }
    return document, numbering.citations


def _cell(text: str, is_words: bool) -> str:
    """Numbers have a real minus."""
    return text if is_words else MINUS.sub("−", text)


def _block(block: Block, numbering: _Numbering) -> Document:
    match block:
        case Prose():
            return {
                "kind": "prose",
                "runs": numbering.runs(block.text),
                "quotable": block.is_quotable,
                "leads": block.text.endswith(":"),
            }
        case BulletList():
            return {"kind": "list", "items": [numbering.runs(item) for item in block.items]}
        case ReportTable():
            return {
                "kind": "table",
                "key": block.key,
                "number": numbering.next("table"),
                "caption": block.caption,
                "heads": [head.split("\n") for head in block.heads],
                "rows": [[_cell(cell, place in block.left) for place, cell in enumerate(row)] for row in block.rows],
                "left": [place in block.left for place in range(len(block.heads))],
                "wraps": [place in block.wraps for place in range(len(block.heads))],
                "code": "SHA-256" in block.heads,
            }
        case ReportFigure():
            return {
                "kind": "figure",
                "key": block.key,
                "number": numbering.next("figure"),
                "caption": block.caption,
                "described": block.described,
            }
        case Listing():
            return {"kind": "listing", "text": block.text}
