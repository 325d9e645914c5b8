"""Searches the guide: a few words, or a whole message, whose names and numbers no page has."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ui.guide.contents import page_title

WORD = re.compile(r"\w+")
HEADING = re.compile(r"^#{1,4} +(.*)$")
SHORT_QUERY = 3
"""Words of which a part must have all."""
LEAST_SHARE = 0.55
"""Of a longer query, how much a part must have, rare words counting more."""
HEADING_WEIGHT = 2.0
EXCERPT_LETTERS = 160
FILLED_IN = re.compile(r"\S*[/\\]\S*|\"[^\"]*\"|\d+")
"""Of a message: paths, names in quotes, and numbers."""
WRAPPED = re.compile(r"(?<![\n|`])\n(?![\n|#>*`-]|\d+\.)")
"""The end of a line that the paragraph goes on after."""
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class GuidePart:
    """What stands under one heading."""

    page: str
    title: str
    """Of the page."""
    heading: str
    text: str
    words: frozenset[str]
    heading_words: frozenset[str]


@dataclass(frozen=True)
class FoundPart:
    """A part that has the words."""

    page: str
    title: str
    heading: str
    """Empty: the beginning of the page."""
    excerpt: str


class GuideIndex:
    """The words of all parts."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """
        Args:
            texts: page → Markdown.
        """
        self._parts = [part for page, text in texts.items() for part in _parts(page, text)]
        counts = Counter(word for part in self._parts for word in part.words)
        self._rarity = {word: math.log(1 + len(self._parts) / count) for word, count in counts.items()}

    def find(self, query: str, most: int = 40) -> tuple[FoundPart, ...]:
        """The parts that fit best, best first."""
        asked = list(dict.fromkeys(_words(query)))
        if len(asked) > SHORT_QUERY:
            # A message has names, numbers and paths that no page has.
            said = FILLED_IN.sub(" ", query)
            asked = [word for word in dict.fromkeys(_words(said)) if word in self._rarity] or asked
        if not asked:
            return ()
        # The last word may not be typed to its end.
        known = {word: self._known(word, word == asked[-1]) for word in asked}
        total = sum(self._weight(word) for word in asked)
        scored = []
        for place, part in enumerate(self._parts):
            matched = [word for word in asked if known[word] & part.words]
            share = sum(map(self._weight, matched)) / total
            if len(matched) == len(asked) if len(asked) <= SHORT_QUERY else share >= LEAST_SHARE:
                headed = [word for word in asked if known[word] & part.heading_words]
                score = share + self._best_line(part, matched) / total
                score += HEADING_WEIGHT * sum(map(self._weight, headed)) / total / (1 + len(part.heading_words))
                # Among equals, where the words make up more of the text.
                scored.append((score + len(matched) / (20 + len(part.words)), -place, part, matched))
        scored.sort(key=lambda one: one[:2], reverse=True)
        return tuple(
            FoundPart(part.page, part.title, part.heading, _excerpt(part.text, matched))
            for _, _, part, matched in scored[:most]
        )

    def _best_line(self, part: GuidePart, matched: list[str]) -> float:
        """How much of the query one line has: all of a message that stands there."""
        return max(
            sum(self._weight(word) for word in set(matched) & set(_words(line))) for line in part.text.splitlines()
        )

    def _known(self, word: str, begins: bool) -> frozenset[str]:
        """The words of the guide that a word of the query stands for."""
        if begins and len(word) > 1:
            return frozenset(one for one in self._rarity if one.startswith(word))
        return frozenset({word, f"{word}s", word.removesuffix("s")})

    def _weight(self, word: str) -> float:
        return self._rarity.get(word, 1.0)


def _parts(page: str, text: str) -> list[GuidePart]:
    title, parts, heading, lines = page_title(text), [], "", list[str]()

    def end() -> None:
        body = WRAPPED.sub(" ", "\n".join(lines).strip())
        if body:
            words = frozenset(_words(f"{title} {heading} {body}"))
            parts.append(GuidePart(page, title, heading, body, words, frozenset(_words(heading or title))))
        lines.clear()

    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        found = None if fenced else HEADING.match(line)
        if found is None:
            lines.append(line)
            continue
        end()
        heading = "" if line.startswith("# ") else found[1]
    end()
    return parts


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def _excerpt(text: str, words: list[str]) -> str:
    """The line with most of the words, without markup."""
    lines = [LINK.sub(r"\1", line).strip("|-*#> ") for line in text.splitlines() if not set(line) <= set("|-: ")]
    line = max(lines, key=lambda one: len(set(words) & set(_words(one))), default="")
    plain = re.sub(r"[`*]|\s*\|\s*", lambda one: "" if one[0] in "`*" else " · ", line)
    first = min((plain.casefold().find(word) for word in words if word in plain.casefold()), default=0)
    start = max(0, first - EXCERPT_LETTERS // 2) if len(plain) > EXCERPT_LETTERS else 0
    cut = plain[start : start + EXCERPT_LETTERS]
    return f"{'…' if start else ''}{cut}{'…' if start + EXCERPT_LETTERS < len(plain) else ''}"
