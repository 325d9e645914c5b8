"""Every message that a user can get, from the sources: errors, findings of the pre-flight and of the doctor."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from tests.messages.message_texts import FILLED, MessageTexts
from tests.messages.read_modules import Function, ReadModule, read_modules

FIRST_ERROR = "NutshellError"
OF_FINDINGS = frozenset({"error", "warning", "note", "finding"})
"""Methods of a step's place."""
TEXT_NAMES = ("message", "sentence", "what", "text", "fault", "reason")
"""Parameters of functions that pass a message on."""
LEAST_LETTERS = 6
"""Less is a part that something else completes."""
OUTCOMES = "workers.process_outcome"
"""Where the window learns how a child ended."""
RETURNED = (
    ("engine.chain.failure_sentence", "failure_sentence"),
    ("engine.contract.plain_faults", "plain_fault"),
    ("engine.contract.recipe_file", "_sentence"),
    ("engine.doctor.import_trouble", "import_sentence"),
    ("engine.training.diverged_training", "divergence"),
)
"""Functions that give a message instead of raising it."""
INTERNAL = ("engine.figures.", "engine.graph.", "engine.datasets.cache.stored_images", "engine.measurement.lookup")
"""Rooms whose ValueErrors tell a programmer that a function was called wrongly."""


@dataclass(frozen=True, order=True)
class CollectedMessage:
    """One message with marks where something is filled in, and where it is made."""

    text: str
    module: str
    line: int


def collect_messages() -> tuple[CollectedMessage, ...]:
    """All, by module and line; a text that several lines make stands once."""
    modules = read_modules()
    texts = MessageTexts(modules)
    errors = _error_classes(modules)
    said = [
        (text, module.name, call.lineno)
        for module in modules.values()
        for call, expression in _said(module, errors, modules)
        for text in texts.of(module, expression)
    ]
    for home, name in RETURNED:
        function = modules[home].functions[name]
        said += [(text, home, function.lineno) for text in texts.returned(modules[home], function)]
    found: dict[str, CollectedMessage] = {}
    for text, home, line in said:
        clean = re.sub(r"\.\.$", ".", " ".join(text.split()))
        if sum(map(str.isalpha, clean.replace(FILLED, ""))) >= LEAST_LETTERS and clean[0] not in ",;":
            found.setdefault(clean, CollectedMessage(clean, home, line))
    return tuple(sorted(found.values(), key=lambda one: (one.module, one.line, one.text)))


def _error_classes(modules: Mapping[str, ReadModule]) -> frozenset[str]:
    """The names of NutshellError and of all that are made from it."""
    known = {FIRST_ERROR}
    while True:
        more = {
            name
            for module in modules.values()
            for name, node in module.classes.items()
            if any(isinstance(base, ast.Name) and base.id in known for base in node.bases)
        }
        if more <= known:
            return frozenset(known)
        known |= more


def _said(
    module: ReadModule, errors: frozenset[str], modules: Mapping[str, ReadModule]
) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Each call that makes a message, with what it is given as its text."""
    in_errors = {node for name, one in module.classes.items() if name in errors for node in ast.walk(one)}
    for node in module.calls:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        said = None
        if name in errors or name == "Trouble" or (name == "ValueError" and not module.name.startswith(INTERNAL)):
            said = node.args[0] if node.args else _keyword(node, TEXT_NAMES)
        elif name == "Finding":
            said = _keyword(node, ("message",))
        elif isinstance(node.func, ast.Attribute) and name in OF_FINDINGS:
            said = node.args[1 if name == "finding" else 0] if node.args else _keyword(node, ("message",))
        elif name == "cls" and module.name == OUTCOMES:
            said = node.args[2] if len(node.args) > 2 else None
        elif name == "__init__" and isinstance(node.func, ast.Attribute) and node in in_errors:
            said = node.args[0] if node.args else None
        elif isinstance(node.func, ast.Name) and (place := _passed_on(module, name, errors, modules)) is not None:
            said = node.args[place] if len(node.args) > place else _keyword(node, TEXT_NAMES)
        if said is not None:
            yield node, said


def _keyword(call: ast.Call, names: tuple[str, ...]) -> ast.expr | None:
    return next((one.value for one in call.keywords if one.arg in names), None)


def _passed_on(module: ReadModule, name: str, errors: frozenset[str], modules: Mapping[str, ReadModule]) -> int | None:
    """Which argument of a function of this program becomes the text of a message."""
    home, there = module.imported.get(name, (module.name, name))
    function = modules[home].functions.get(there) if home in modules else None
    return _place_of_text(function, errors) if function else None


@cache
def _place_of_text(function: Function, errors: frozenset[str]) -> int | None:
    """Which argument becomes the text of an error or a finding that the function makes."""
    names = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {*errors, "Finding", "Trouble", "ValueError"}:
            given = [*node.args, *(one.value for one in node.keywords)]
            for place, argument in enumerate(names):
                if argument in TEXT_NAMES and any(isinstance(one, ast.Name) and one.id == argument for one in given):
                    return place
    return None
