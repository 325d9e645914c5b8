"""The sentences of the sources: what is marked, what the engine says, and what looks like a sentence and is neither.

The window and the terminal mark each text where it stands: `tr`, `tr_count`, `mark`, `counted`. The engine writes
English; all of its texts that look like sentences are taken, f-strings as templates, as they are recognised when they
are shown (`engine/language/sentence_recognition.py`).
"""

from __future__ import annotations

import ast
import itertools
import keyword
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.language.sentence_recognition import FIELD

MARKS = {"tr": 1, "mark": 1, "tr_count": 2}
"""Function → how many of its first arguments are texts."""
RECOGNISED_ROOMS = ("engine", "workers")
"""Whose texts are found again by their templates."""
NOT_SHOWN = "# not shown"
"""A comment at the end of a line whose texts no user sees, or which are English in every language, as names are."""
ENGLISH_PAGES = (
    "engine/report/",
    "ui/guide/key_table.py",
    "ui/guide/matrix_sizes.py",
    "ui/guide/step_page.py",
    "ui/terminal/inspection_figures.py",
    "ui/terminal/reference_page.py",
)
"""Sources of what is English in every language: pages of the documentation, and reports and figures for papers."""
REFUSALS_OF_REPORTS = (
    "engine/report/pdf_document.py",
    "engine/report/report_files.py",
    "engine/report/reported_run.py",
)
"""Why a report could not be made; a user reads it, not the reader of a paper."""
MOST_VARIANTS = 8
"""Of an f-string with conditions in it."""
WORD = re.compile(r"[A-Za-z]{2,}")
SENTENCE = re.compile(r"[A-Za-z]{2,}\S*\s+\W*[A-Za-z0-9\x00]|\x00\W*\s\W*[A-Za-z]{2,}|^\W*[A-Z][a-z]+\W*$")
"""Words beside each other or beside a value (which stands as a NUL here), or one with a capital letter."""
NO_SENTENCE = re.compile(
    r"^Nutshell$|::|^[\w.-]+/|^\.|%[YmdHS]|\(\?|\\b|^[a-z_]+\.[a-z_.]+$|^[A-Z][a-z]+[A-Z]\w*$|^Q\w+ ?\{|^\{ |px;"
    r"|^\S+\.\w{2,5}$"
)
"""Paths, patterns, names of classes, style sheets, names of files."""
TAG = re.compile(r"</?\w[^>]*>|&\w+;")
KEYS = frozenset(
    {
        "setObjectName", "setProperty", "findChild", "findChildren", "property", "value", "setValue", "compile",
        "sub", "getattr", "setattr", "act_on_key", "startswith", "endswith", "removeprefix", "removesuffix",
        "replace", "split", "TypeVar", "ConfigDict", "Registry", "fromTheme", "setStyleSheet", "setShortcut",
        "QKeySequence", "strftime", "import_module", "open", "getLogger", "encode", "decode",
        "NotImplementedError", "AssertionError", "strptime",
    }
)  # fmt: skip
"""Functions whose texts are keys or patterns."""
SHOWN_PARTS = frozenset({"Fact", "PathNeed"})
"""What is made of texts that are shown: also single small words are texts there."""
KEY_ARGUMENTS = frozenset(
    {"objectName", "shortcut", "encoding", "name_prefix", "mode", "alias", "discriminator", "unit"}
)
KEYS_OF_SCHEMA = frozenset({"shown_for", "default", "may_repeat", "advanced"})
TITLES = frozenset({"title", "description", "summary", "assumes", "unit", "zero", "empty", "names", "axis", "plain"})
"""What the engine declares for a form or table: also single small words are texts there."""
HEADS = ("header",)
"""Of tables: also single small words are texts there."""
PRESETS = ("presets.toml", "training_presets.toml", "augmentation_presets.toml")
"""In `resources`."""
TEXTS_OF_PRESETS = frozenset({"title", "does", "costs", "expect", "source", "assumes"})


@dataclass(frozen=True)
class Sentence:
    """One text of the sources."""

    english: str
    """A text, or a template with named fields."""
    several: str = ""
    """Of plural forms, the template for more than one."""
    context: str = ""
    file: str = ""
    """From the checkout."""
    line: int = 0


@dataclass(frozen=True)
class FileSentences:
    """What one source file says."""

    translated: tuple[Sentence, ...]
    """What the catalogues must have."""
    unmarked: tuple[Sentence, ...]
    """What a reader would see in English whatever the language."""


def sources(checkout: Path) -> list[Path]:
    """All source files whose texts a user may see."""
    rooms = [path for room in ("engine", "ui", "workers") for path in sorted((checkout / room).rglob("*.py"))]
    spoken = [path for path in rooms if _is_spoken(path.relative_to(checkout).as_posix())]
    return [checkout / "main.py", *spoken, *(checkout / "resources" / name for name in PRESETS)]


def _is_spoken(where: str) -> bool:
    return where in REFUSALS_OF_REPORTS or not where.startswith(ENGLISH_PAGES)


@cache
def sentences_of(file: Path, checkout: Path) -> FileSentences:
    """Read one source file."""
    where = file.relative_to(checkout).as_posix()
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".toml":
        found = [one[key] for one in tomllib.loads(text)["presets"] for key in one if key in TEXTS_OF_PRESETS]
        return FileSentences(tuple(Sentence(one, file=where) for one in found), ())
    reader = _Reader(where, text.splitlines(), where.split("/")[0] in RECOGNISED_ROOMS)
    reader.visit(ast.parse(text))
    return FileSentences(tuple(reader.translated), tuple(reader.unmarked))


def looks_like_a_sentence(template: str) -> bool:
    """Whether a text is for people: some words, or one word with a capital letter."""
    return bool(SENTENCE.search(FIELD.sub("\0", TAG.sub(" ", template).replace("&", "")))) and not NO_SENTENCE.search(
        template
    )


class _Reader(ast.NodeVisitor):
    def __init__(self, where: str, lines: list[str], recognised: bool) -> None:
        self._where, self._lines, self._recognised = where, lines, recognised
        self.translated: list[Sentence] = []
        self.unmarked: list[Sentence] = []

    def visit_Expr(self, node: ast.Expr) -> None:
        # A docstring is no value.
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in MARKS and isinstance(node.func, ast.Name):
            self._marked(node, MARKS[name])
        elif name == "counted" and isinstance(node.func, ast.Name) and len(node.args) == 2:
            self._counted(node.args[1].value, node)  # type: ignore[attr-defined]
            self.visit(node.args[0])
        elif name in SHOWN_PARTS and self._recognised:
            self._shown(node)
        elif name in KEYS:
            if isinstance(node.func, ast.Attribute):
                self.visit(node.func)
        else:
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """What is compared, or looked for in a text, is no text of its own."""
        for part in (node.left, *node.comparators):
            if not isinstance(part, ast.Constant):
                self.visit(part)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in KEY_ARGUMENTS:
            self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Call):
                self.visit(key)
            named = key.value if isinstance(key, ast.Constant) else None
            if named in TITLES and self._recognised and isinstance(value, ast.Constant):
                self._word(value)
            elif named not in KEYS_OF_SCHEMA:
                self.visit(value)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if self._recognised and any(isinstance(base, ast.Name) and base.id == "StrEnum" for base in node.bases):
            for part in node.body:
                if isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant):
                    self.translated.append(Sentence(str(part.value.value), file=self._where, line=part.lineno))
        else:
            self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if self._recognised and isinstance(node.target, ast.Name) and node.target.id in HEADS:
            heads = (one for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))
            self.translated += (Sentence(str(one.value), file=self._where, line=one.lineno) for one in heads)
        elif node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for part in (*node.body, *node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self.visit(part)

    def _word(self, node: ast.Constant) -> None:
        """What is shown also where it is one small word."""
        if isinstance(node.value, str) and WORD.search(node.value):
            self.translated.append(Sentence(node.value, file=self._where, line=node.lineno))

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._found(node, [node.value])

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._found(node, list(_templates(node)))
        for part in node.values:
            if isinstance(part, ast.FormattedValue) and not _constant_choice(part.value):
                self.visit(part.value)

    def _found(self, node: ast.expr, templates: list[str]) -> None:
        if NOT_SHOWN in self._lines[(node.end_lineno or node.lineno) - 1]:
            return
        found = [Sentence(one, file=self._where, line=node.lineno) for one in templates if looks_like_a_sentence(one)]
        (self.translated if self._recognised else self.unmarked).extend(found)

    def _marked(self, node: ast.Call, texts: int) -> None:
        written = [
            one.value for one in node.args[:texts] if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        if len(written) == texts:
            context = next(
                (
                    one.value.value
                    for one in node.keywords
                    if one.arg == "context" and isinstance(one.value, ast.Constant)
                ),
                "",
            )
            several = written[1] if texts > 1 else ""
            self.translated.append(Sentence(written[0], several, str(context), self._where, node.lineno))
        else:
            for one in node.args[:texts]:
                # A condition between two texts that are written out, or a constant that is marked elsewhere.
                for choice in (one.body, one.orelse) if isinstance(one, ast.IfExp) else (one,):
                    if isinstance(choice, ast.Constant) and isinstance(choice.value, str):
                        self.translated.append(Sentence(choice.value, file=self._where, line=node.lineno))
                    elif isinstance(choice, ast.JoinedStr):
                        self.visit(choice)
        for argument in node.args[texts:]:
            self.visit(argument)
        for named in node.keywords:
            if named.arg != "context":
                self.visit(named)

    def _shown(self, node: ast.Call) -> None:
        for given in (*node.args, *(one.value for one in node.keywords)):
            if choices := _constant_choice(given):
                self.translated += (Sentence(one, file=self._where, line=given.lineno) for one in choices)
            else:
                self.visit(given)

    def _counted(self, noun: str, node: ast.Call) -> None:
        one, several = f"{{count:,}} {noun}", f"{{count:,}} {noun}s"
        self.translated.append(Sentence(one, several, file=self._where, line=node.lineno))


def _templates(node: ast.JoinedStr) -> Iterator[str]:
    """The f-string with named fields; one for each choice of constants in it."""
    parts: list[list[str]] = []
    names: dict[str, str] = {}
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append([str(part.value)])
        elif isinstance(part, ast.FormattedValue):
            choices = _constant_choice(part.value)
            parts.append(choices or [_field(part, names)])
    variants = list(itertools.islice(itertools.product(*parts), MOST_VARIANTS + 1))
    yield from dict.fromkeys("".join(one) for one in variants[:MOST_VARIANTS])


def _constant_choice(node: ast.expr) -> list[str]:
    """The texts of a condition between constants; empty where it is something else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        choices = [_constant_choice(node.body), _constant_choice(node.orelse)]
        return choices[0] + choices[1] if all(choices) else []
    return []


def _field(part: ast.FormattedValue, names: dict[str, str]) -> str:
    source = ast.unparse(part.value)
    if source not in names:
        wanted = _name_of(part.value)
        taken = set(names.values())
        numbered = (f"{wanted}{number}" for number in itertools.count(2))
        names[source] = wanted if wanted not in taken else next(one for one in numbered if one not in taken)
    conversion = f"!{chr(part.conversion)}" if part.conversion >= 0 else ""
    spec = ""
    if isinstance(part.format_spec, ast.JoinedStr) and all(
        isinstance(one, ast.Constant) for one in part.format_spec.values
    ):
        spec = ":" + "".join(str(one.value) for one in part.format_spec.values if isinstance(one, ast.Constant))
    return f"{{{names[source]}{conversion}{spec}}}"


def _name_of(node: ast.expr) -> str:
    """A name for a field, from what is put there: "path" of `self.path`, "bytes_text" of `bytes_text(…)`."""
    match node:
        case ast.Name(id=name):
            return _plain(name)
        case ast.Attribute(attr=name):
            return _plain(name)
        case ast.Call(
            func=ast.Name(id="len" | "round" | "str" | "abs" | "int" | "sum" | "max" | "min"), args=[first, *_]
        ):
            inner = _name_of(first)
            return "count" if ast.unparse(node).startswith("len(") else inner
        case ast.Call(func=function):
            return _name_of(function)
        case ast.Subscript(value=value):
            return _name_of(value)
        case ast.BinOp(left=left, right=right):
            return _name_of(right if isinstance(left, ast.Constant) else left)
        case _:
            return "value"


def _plain(name: str) -> str:
    name = name.strip("_").lower()
    return f"{name}_" if keyword.iskeyword(name) else name or "value"
