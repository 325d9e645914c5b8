"""Sentences of the engine in the language that is spoken: found again by the templates that they were made from.

The engine writes English, in its events, files and logs; see `resources/docs/languages.md` for why. The catalogue has
the template of each of its sentences, as the code has it, such as "its baseline reaches {accuracy:.3f}". A text that
fits one is told by the translated template, with the values that stood in it; a value may be a sentence again. A text
can often be read in several ways: as one template or another, with more or fewer words in a field, or as parts that
were joined. Each part is told by the reading that leaves the fewest words in English, whatever stands beside it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property, lru_cache
from itertools import islice

from engine.language.catalogue import Catalogue
from engine.language.speech import SPEECH, mark

FIELD = re.compile(r"\{([a-z_]\w*)(?:![rsa])?(?::([^{}]*))?\}", re.IGNORECASE)
NUMBER_SPEC = re.compile(r",?(\.\d+)?[gfde%]|,|\d*d|\.\d+|[+][.,\d]*[gfde]?")
NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?%?")
SIGNED = re.compile(rf"(?=[-+−]){NUMBER.pattern}")
"""A number whatever its field is called; without a sign it may be a version."""
WORD = re.compile(r"[A-Za-z]{2,}")
PLAIN_WORD = re.compile(r"(?<![^\s(–—-])[A-Za-z]{2,}(?:['’-][A-Za-z]+)*(?=[.,:;?!)…–—]*(?:\s|$))")
"""A word of a sentence: no path, key, number with a unit, or name of a file."""
ASIDE = re.compile(r"\"[^\"\n]*\"|\[[^\[\]\n]*\]")
"""What is named in quotes or square brackets: it is never translated."""
LEAST_OWN = 4
"""A template with fewer characters of its own, blanks aside, takes no value that is not told."""
LEAST_AROUND_WORDS = 12
"""Characters that a template has of its own where a value of several words is no text of the program."""
OF_THE_USER = re.compile(
    r"(?:.*_)?(?:name|names|title|path|paths|file|files|folder|folders|directory|run|typed|known|table|column|paper|option|key)\d*"
)
"""Fields whose values are what users, their files and the keys of a recipe are called: they are shown as they are."""
FIGURE = re.compile(r"(?:.*_)?(?:text|figure|shown_value|accuracy|size|strength|sides|low|high|share|time|ratio)\d*")
"""Fields whose values are numbers already written out; those of others may be versions."""
LINES, LIST = re.compile(r"\n"), re.compile(r", | · ")
CLAUSES = re.compile(r"; ")
SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z\"])")
SIGNS = (mark(":"), mark(";"), mark("?"), mark("!"))
"""As a language writes them behind a word: French puts a space before each."""
SEVERAL = re.compile(r"[.!?] ?[A-Z\"]")
"""In a template whose fields stand as an A: it is of several sentences."""
NO_NAME = re.compile(rf"{SENTENCES.pattern}|[;:] |\n")
"""What no name has in it: it would be a sentence."""
SEVERAL_NAMES = re.compile(r"(?:.*_)?(?:names|known|files|paths|folders)\d*")
SIGNS_AT_END = (".", *SIGNS)
CUTS = (re.compile(r": "), LIST)
"""Between a heading and its sentence, and between the items of a list."""
LED = re.compile(r"\s*([,;:.])\s+")
"""What a text begins with that goes on with a sentence."""
IN_BRACKETS = re.compile(r"(.*\S )\((.+)\)(.*)", re.DOTALL)
MOST_WORDS = 5
"""Of a name or path that stands without quotes."""
MOST_READINGS = 48
"""Of one text by one template."""
MOST_PIECES = 13
"""With what stands between them: of more, no two parts are tried."""
REMEMBERED = 4096
KEY = re.compile(r"[a-z][\w.\[\]]*")
"""Before a colon: the place in a recipe that a sentence is of."""


def _is_name(value: str) -> bool:
    """Whether it may be what one thing is called, and not half a sentence."""
    is_cut = ", " in value or '"' in value or value.endswith((".", ",", ":", ";", "?", "!"))
    return not is_cut and len(PLAIN_WORD.findall(value)) <= MOST_WORDS


class Kind(Enum):
    """What a value is, and so how it is said."""

    NUMBER = auto()
    OF_THE_USER = auto()
    """A name, a path, or what stands in quotes or square brackets: it is shown as it is."""
    FIGURE = auto()
    """A number that is written out, or a text."""
    TEXT = auto()
    """It may be a sentence of the engine itself."""


@dataclass(frozen=True)
class Told:
    """A text as it is told."""

    said: str
    left: int = 0
    """Words that stayed in English."""
    named: int = 0
    """Words that stand where a name is expected."""

    @property
    def cost(self) -> tuple[int, int]:
        return self.left, self.named


@dataclass(frozen=True)
class Field:
    """A field of a template."""

    name: str
    kind: Kind
    after: str
    """What stands between this field and the next, or the end."""
    enclosed: str
    """The sign that ends the quotation or brackets it fills; empty: it fills none."""
    may_be_empty: bool

    def fits(self, value: str) -> bool:
        if self.kind is Kind.NUMBER:
            return NUMBER.fullmatch(value) is not None
        if self.enclosed:
            return self.enclosed not in value
        if self.kind is Kind.OF_THE_USER:
            names = value.split(", ") if SEVERAL_NAMES.fullmatch(self.name) else [value]
            return NO_NAME.search(value) is None and all(map(_is_name, names))
        # A heading is no value: what it heads would stand apart from it. Nor is what begins within quotes.
        return not value.endswith((":", ";", ",")) and value.count("(") == value.count(")") and not value.count('"') % 2

    def is_number(self, value: str) -> bool:
        """Whether a value that fits is said as a number."""
        match self.kind:
            case Kind.NUMBER:
                return True
            case Kind.FIGURE:
                return not WORD.search(value)
            case Kind.TEXT:
                return SIGNED.fullmatch(value) is not None
            case Kind.OF_THE_USER:
                return False


class Template:
    """An English template, and how it is said."""

    def __init__(self, english: str, said: str) -> None:
        self.said = said
        self._english = english
        self.own = len(FIELD.sub("", english).replace(" ", ""))
        """Characters of its own, without values and blanks: the more, the surer is what fits."""
        self.most_left = 2 + 2 * len(WORD.findall(FIELD.sub("", english)))
        """Words in English that it is put around: of more, half a sentence would be told."""
        self.has_lines = "\n" in english
        self.is_several = SEVERAL.search(FIELD.sub("A", english)) is not None, ";" in english
        """Whether it is of several sentences, and of several clauses."""

    def readings(self, text: str) -> Iterator[dict[str, tuple[Field, str]]]:
        """Name → field and text of each value, for each way in which the text fits."""
        begins, fields = self._parts
        if text.startswith(begins) and text.endswith(fields[-1].after):
            at = len(begins)
            for field in fields:
                at = text.find(field.after, at)
                if at < 0:
                    return
                at += len(field.after)
            yield from islice(self._filled(text, len(begins), 0, {}), MOST_READINGS)

    def _filled(
        self, text: str, at: int, number: int, values: dict[str, tuple[Field, str]]
    ) -> Iterator[dict[str, tuple[Field, str]]]:
        _, fields = self._parts
        if number == len(fields):
            yield values
            return
        field = fields[number]
        is_last = number == len(fields) - 1
        for end in self._ends(text, at, field, is_last):
            value = text[at:end]
            same = values.get(field.name)
            if field.fits(value) and (same is None or same[1] == value):
                after = end + len(field.after)
                yield from self._filled(text, after, number + 1, values | {field.name: (field, value)})

    @staticmethod
    def _ends(text: str, at: int, field: Field, is_last: bool) -> Iterator[int]:
        """Where the value of a field that begins at a place may end, the next place first."""
        least = at + (0 if field.may_be_empty else 1)
        if is_last:
            end = len(text) - len(field.after)
            if end >= least:
                yield end
            return
        if not field.after:
            # Where two fields touch, the second is empty, or begins with a sign or a blank.
            yield from (end for end in range(len(text), least - 1, -1) if not text[end : end + 1].isalnum())
            return
        end = text.find(field.after, least)
        while end >= 0:
            yield end
            end = text.find(field.after, end + 1)

    @cached_property
    def _parts(self) -> tuple[str, tuple[Field, ...]]:
        """What it begins with, and its fields."""
        found = list(FIELD.finditer(self._english))
        fields = []
        for place, field in enumerate(found):
            ends = found[place + 1].start() if place + 1 < len(found) else len(self._english)
            before, after = self._english[: field.start()][-1:], self._english[field.end() : ends]
            kind = _kind(field)
            enclosed = after[0] if before + after[:1] in ('""', "[]") else ""
            # Such as "{name}.{suggestion} Known": a blank before it would be one too many.
            joined = before != "" and not before.isspace() and before not in "\"([{'-/=" and not after[:1].isalnum()
            fields.append(Field(field[1], kind, after, enclosed, joined and kind is Kind.TEXT))
        return self._english[: found[0].start()], tuple(fields)


class Recognition:
    """All templates of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._script = catalogue.script
        self._signs = {sign: catalogue.text(sign) for sign in SIGNS}
        self._texts: dict[str, str] = {}
        templates = []
        for english, said in _as_parts(catalogue.known()):
            if FIELD.search(english):
                templates.append((english, said))
            else:
                self._texts.setdefault(english, said)
        self._by_word = _by_rarest_word(templates)
        self._told = lru_cache(maxsize=REMEMBERED)(self._best)

    def said(self, text: str) -> str:
        """A text of the engine in the catalogue's language, as far as it is known there."""
        return self._told(text).said

    def _best(self, text: str) -> Told:
        """The reading that leaves the fewest words; of equal ones the template with the most words of its own."""
        core = text.strip()
        if text in self._signs:
            return Told(self._signs[text])
        if core in self._texts:
            return Told(text.replace(core, self._texts[core], 1) if core else text)
        best = Told(text, _plain_words(text))
        if not best.left and not WORD.search(ASIDE.sub("", text)):
            return best
        lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        found = False
        for told in self._ways(core, best):
            # A text without words of its own, as "a.toml: 3.5", is told where it differs.
            if told.cost < best.cost or (not found and not told.left and told.said != core):
                best, found = replace(told, said=f"{lead}{told.said}{tail}"), True
                if not best.left:
                    break
        return best

    def _ways(self, text: str, plain: Told) -> Iterator[Told]:
        """Readings of a text, the surest first."""
        candidates = self._candidates(text)
        if "\n" in text:
            # Each line is told by itself: what stands beside it does not matter.
            yield from self._by_templates(text, [one for one in candidates if one.has_lines], plain)
            yield self._joined(_pieces(text, LINES))
            return
        for place, cut in enumerate((SENTENCES, CLAUSES)):
            if cut.search(text):
                # A template of one sentence, or clause, is rarely around several.
                yield from self._by_templates(text, [one for one in candidates if one.is_several[place]], plain)
                candidates = [one for one in candidates if not one.is_several[place]]
                yield from self._by_cut(text, cut)
        yield from self._by_templates(text, candidates, plain)
        for cut in CUTS:
            yield from self._by_cut(text, cut)
        if text[-1:] in SIGNS_AT_END and text[:-1]:
            yield _together([self._told(text[:-1]), self._between(text[-1])])
        if (found := IN_BRACKETS.fullmatch(text)) is not None:
            before, inside, after = map(self._told, found.groups())
            yield _together([before, Told("("), inside, Told(")"), after])
        if text[:1].isalpha() and text[1:2].islower():
            # A sentence that was put behind a colon, or made one of its own.
            other = _flipped(text)
            if other in self._texts:
                yield Told(_flipped(self._texts[other]))
            for told in self._by_templates(other, self._candidates(other), plain):
                yield replace(told, said=_flipped(told.said))

    def _by_cut(self, text: str, cut: re.Pattern[str]) -> Iterator[Told]:
        """All pieces by themselves; and, as a piece may hold the same sign, each two parts."""
        pieces = _pieces(text, cut)
        if len(pieces) == 1:
            return
        told = self._joined(pieces)
        # Words between commas may be of one sentence: half of it is not told.
        if cut is not LIST or not told.left:
            yield told
        if 3 < len(pieces) <= MOST_PIECES:
            # What stands before a colon may be the key of a recipe, which is no piece of text.
            for place in range(1, 2 if pieces[1] == ": " else len(pieces), 2):
                told = self._joined(["".join(pieces[:place]), pieces[place], "".join(pieces[place + 1 :])])
                if cut is not LIST or not told.left:
                    yield told

    def _joined(self, pieces: list[str]) -> Told:
        told = [self._between(piece) if place % 2 else self._told(piece) for place, piece in enumerate(pieces)]
        for place in range(0, len(pieces) - 1, 2):
            if pieces[place + 1] == ": " and KEY.fullmatch(pieces[place]):
                told[place] = Told(pieces[place], left=_plain_words(pieces[place]))
        return _together(told)

    def _between(self, sign: str) -> Told:
        known = self._signs.get(sign[:1])
        return Told(sign if known is None else known + sign[1:])

    def _candidates(self, text: str) -> list[Template]:
        """Templates that have a word of the text, the most specific first."""
        found = {id(one): one for word in set(WORD.findall(text)) for one in self._by_word.get(word, ())}
        return sorted(found.values(), key=lambda one: -one.own)

    def _by_templates(self, text: str, templates: list[Template], plain: Told) -> Iterator[Told]:
        """The best reading by each template; none that leaves as much as the text as it is."""
        least = plain.left
        for template in templates:
            best: Told | None = None
            for reading in template.readings(text):
                told = self._filled(template, reading, least)
                if told is not None and (best is None or told.cost < best.cost):
                    best = told
                    if told.cost == (0, 0):
                        break
            if best is not None:
                least = min(least, best.left)
                yield best

    def _filled(self, template: Template, reading: dict[str, tuple[Field, str]], most: int) -> Told | None:
        """The translated template with these values; None where a few words would stand around strange ones.

        Args:
            most: words that may stay in English.
        """
        values, told = {}, Told("")
        for name, (field, value) in reading.items():
            if field.is_number(value):
                one = Told(self._script.number(value))
            elif field.kind is Kind.OF_THE_USER:
                one = Told(value, named=0 if field.enclosed else _plain_words(value))
            else:
                one = self._told(value)
                # As "Train for 60 epochs" fits "{trained} epochs".
                if one.left and template.own < (LEAST_AROUND_WORDS if " " in value else LEAST_OWN):
                    return None
            values[name], told = one.said, _together([told, one])
            if told.left > min(most, template.most_left):
                return None
        return replace(told, said=FIELD.sub(lambda field: values[field[1]], template.said))


def _together(parts: list[Told]) -> Told:
    said = "".join(part.said for part in parts)
    return Told(said, sum(part.left for part in parts), sum(part.named for part in parts))


def _as_parts(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Texts without the blanks around them, and those that go on after a comma also without it.

    Both belong to the place where a text stands, and a longer text is cut there.
    """
    for english, said in texts.items():
        yield english.strip(), said.strip()
    for english, said in texts.items():
        signs = [LED.match(one.strip()) for one in (english, said)]
        if signs[0] and signs[1] and signs[0][1] == signs[1][1]:
            yield english.strip()[signs[0].end() :], said.strip()[signs[1].end() :]


def _flipped(text: str) -> str:
    """With the other case of its first letter."""
    return text[:1].swapcase() + text[1:]


def _plain_words(text: str) -> int:
    return len(PLAIN_WORD.findall(ASIDE.sub("", text)))


def _pieces(text: str, cut: re.Pattern[str]) -> list[str]:
    """Pieces, with what stands between them at the odd places; nothing is cut within quotes or brackets."""
    pieces, begun = list[str](), 0
    if cut.search(text) is None:
        return [text]
    closed = _closed_places(text)
    for between in cut.finditer(text):
        if between.start() and between.end() < len(text) and closed[between.start()]:
            pieces += [text[begun : between.start()], between[0]]
            begun = between.end()
    return [*pieces, text[begun:]]


@lru_cache(maxsize=REMEMBERED)
def _closed_places(text: str) -> list[bool]:
    """Of each letter, whether it stands outside of quotes and brackets; a line's end closes all of them."""
    closed, quoted, depth = [], False, 0
    for letter in text:
        if letter == "\n":
            quoted, depth = False, 0
        closed.append(not quoted and depth == 0)
        if letter == '"':
            quoted = not quoted
        elif not quoted:
            depth = max(0, depth + (letter in "([{") - (letter in ")]}"))
    return closed


def _by_rarest_word(texts: list[tuple[str, str]]) -> dict[str, list[Template]]:
    """A word that stands in every text of a template, and in as few others as may be → the templates."""
    words = {english: set(_own_words(english)) for english, _ in texts}
    counts = Counter(word for found in words.values() for word in found)
    index = defaultdict(list)
    for english, said in texts:
        if words[english]:
            index[min(words[english], key=lambda word: (counts[word], word))].append(Template(english, said))
    return dict(index)


def _own_words(english: str) -> list[str]:
    """Words that no value touches, so that they stand as words in the text too."""
    return WORD.findall(re.sub(r"[A-Za-z]*\x00[A-Za-z]*", " ", FIELD.sub("\x00", english)))


def _kind(field: re.Match[str]) -> Kind:
    if NUMBER_SPEC.fullmatch(field[2] or ""):
        return Kind.NUMBER
    around = field.string[field.start() - 1 : field.start()] + field.string[field.end() : field.end() + 1]
    if around in ('""', "[]") or OF_THE_USER.fullmatch(field[1]):
        return Kind.OF_THE_USER
    return Kind.FIGURE if FIGURE.fullmatch(field[1]) else Kind.TEXT


@lru_cache(maxsize=1)
def _recognition(catalogue: Catalogue) -> Recognition:
    return Recognition(catalogue)


def recognised(english: str) -> str:
    """A text of the engine in the language that is spoken now; English where the catalogue does not know it.

    Only for texts of the program: what users write, and what their files are called, is shown as it is.
    """
    if SPEECH.catalogue.is_english or not english:
        return english
    return _recognition(SPEECH.catalogue).said(english)
