"""Leads words of the guide to the glossary, each where a page first has it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

GLOSSARY = "glossary.md"
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
NOT_PROSE = re.compile(
    r"```.*?```|`[^`\n]*`|!?\[[^\]]*\]\([^)]*\)|<[^>\n]*>|\*\*[^*\n]*\*\*|^#[^\n]*|^\|[^\n]*", re.DOTALL | re.MULTILINE
)
"""Code, links, pictures, names of buttons, headings and rows of tables stay as they are."""
EVERYDAY = frozenset(
    {
        "activation",
        "control",
        "grid",
        "group",
        "head",
        "promise",
        "run",
        "seed",
        "sensitivity",
        "split",
        "step",
        "study",
        "teacher",
        "transfer",
    }
)
"""Words that a page also has in their usual sense, or on every line."""


def glossary_terms(glossary: str) -> dict[str, str]:
    """Term in small letters → its anchor."""
    terms = {
        heading.lower(): heading.lower().replace(" ", "-").replace("'", "") for heading in HEADING.findall(glossary)
    }
    return {term: anchor for term, anchor in terms.items() if term not in EVERYDAY}


def with_glossary_links(text: str, page: str, terms: Mapping[str, str]) -> str:
    """The Markdown of a page with a link at the first place of each term in its prose.

    Args:
        page: its path below the documentation's folder.
        terms: as `glossary_terms` gives them.
    """
    if page == GLOSSARY:
        return text
    glossary = posixpath.relpath(GLOSSARY, posixpath.dirname(page) or ".")
    # Longer terms first: "channel pruning" is not "pruning".
    words = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    found = re.compile(rf"\b({words})(s?)\b", re.IGNORECASE)
    linked: set[str] = set()

    def link(one: re.Match[str]) -> str:
        anchor = terms[one[1].lower()]
        if anchor in linked:
            return one[0]
        linked.add(anchor)
        return f"[{one[0]}]({glossary}#{anchor})"

    pieces, end = [], 0
    for other in NOT_PROSE.finditer(text):
        pieces += [found.sub(link, text[end : other.start()]), other[0]]
        end = other.end()
    return "".join([*pieces, found.sub(link, text[end:])])
