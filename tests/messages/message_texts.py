"""What a message can say, from the expression that makes it: literal text, with a mark where something is filled in."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Mapping

from tests.messages.read_modules import Function, ReadModule

FILLED = "…"
"""Stands for a name, a number or a path, which differ from time to time."""
MAX_FORMS = 8
"""Of one expression: with more, its changing part is a mark."""
SHORT_PART = 18
"""Letters of a part that has several forms, such as "image" and "images": a mark stands for it."""
MAX_DEPTH = 6
HOLE = re.compile(r"\{[^{}]*\}")


class MessageTexts:
    """Follows names to what they were given, and calls to what they return."""

    def __init__(self, modules: Mapping[str, ReadModule]) -> None:
        self._modules = modules

    def of(self, module: ReadModule, expression: ast.expr, depth: int = 0) -> tuple[str, ...]:
        """All forms that the expression may have; a form of a mark alone: it is not known here."""
        if depth > MAX_DEPTH:
            return (FILLED,)
        match expression:
            case ast.Constant(value=str(text)):
                return (text,)
            case ast.JoinedStr(values=parts):
                return _joined(self.of(module, part, depth) for part in parts)
            case ast.FormattedValue(value=value):
                return self.of(module, value, depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined((self.of(module, left, depth), self.of(module, right, depth)))
            case ast.IfExp(body=first, orelse=second):
                return _once((*self.of(module, first, depth), *self.of(module, second, depth)))
            case ast.BoolOp(values=values):
                return _once(form for value in values for form in self.of(module, value, depth))
            case ast.NamedExpr(value=value):
                return self.of(module, value, depth)
            case ast.Name(id=name):
                return self._of_name(module, expression, name, depth)
            case ast.Tuple(elts=[first, *_]):
                return self.of(module, first, depth)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) if name in module.attributes:
                return self.of(module, module.attributes[name], depth + 1)
            case ast.Call(func=ast.Name(id="tr" | "mark"), args=[ast.Constant(value=str(text)), *_]):
                return (HOLE.sub(FILLED, text),)
            case ast.Call():
                return self._of_call(module, expression, depth)
            case ast.Subscript(value=ast.Dict(values=values)):
                return _once(form for value in values for form in self.of(module, value, depth + 1))
            case ast.Subscript(value=ast.Name(id=name)):
                return self._of_table(module, name, depth)
        return (FILLED,)

    def _of_name(self, module: ReadModule, node: ast.AST, name: str, depth: int) -> tuple[str, ...]:
        function = module.owner.get(node)
        values = _given(function, name) if function else []
        if values:
            return _once(form for value in values for form in self.of(module, value, depth + 1))
        if name in module.constants:
            return self.of(module, module.constants[name], depth + 1)
        home, there = module.imported.get(name, ("", ""))
        if home in self._modules and there in self._modules[home].constants:
            return self.of(self._modules[home], self._modules[home].constants[there], depth + 1)
        return (FILLED,)

    def _of_table(self, module: ReadModule, name: str, depth: int) -> tuple[str, ...]:
        """A constant that is a mapping, also a frozen one."""
        home, there = module.imported.get(name, (module.name, name))
        found = self._modules[home].constants.get(there) if home in self._modules else None
        if isinstance(found, ast.Call) and found.args:
            found = found.args[0]
        if not isinstance(found, ast.Dict):
            return (FILLED,)
        return _once(form for value in found.values for form in self.of(self._modules[home], value, depth + 1))

    def _of_call(self, module: ReadModule, call: ast.Call, depth: int) -> tuple[str, ...]:
        match call.func:
            case ast.Attribute(value=said, attr="format"):
                return _once(HOLE.sub(FILLED, form) for form in self.of(module, said, depth))
            case ast.Attribute(value=said, attr="replace" | "strip" | "capitalize" | "removeprefix" | "rstrip"):
                return self.of(module, said, depth)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) if name in module.functions:
                return self.returned(module, module.functions[name], depth)
            case ast.Name(id=name) if name in module.functions:
                return self.returned(module, module.functions[name], depth)
            case ast.Name(id=name) if name in module.imported:
                home, there = module.imported[name]
                if home in self._modules and there in self._modules[home].functions:
                    return self.returned(self._modules[home], self._modules[home].functions[there], depth)
        return (FILLED,)

    def returned(self, module: ReadModule, function: Function, depth: int = 0) -> tuple[str, ...]:
        """All forms of what a function returns, of the first part where it returns several."""
        values = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Return) and node.value is not None and module.owner.get(node) is function
        ]
        return _once(form for value in values for form in self.of(module, value, depth + 1)) or (FILLED,)


def _given(function: Function, name: str) -> list[ast.expr]:
    """Every value that a local name is given."""
    values = []
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                values.append(value)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=parts)):
                values += [
                    part
                    for one, part in zip(names, parts, strict=False)
                    if isinstance(one, ast.Name) and one.id == name
                ]
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                values.append(value)
            case ast.AugAssign(target=ast.Name(id=target), value=value) if target == name:
                values.append(value)
            case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                values.append(value)
    return values


def _joined(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    forms: tuple[str, ...] = ("",)
    for part in parts:
        told = len(part) == 1 or (max(map(len, part)) >= SHORT_PART and len(part) * len(forms) <= MAX_FORMS)
        known = part if told else (FILLED,)
        forms = tuple(first + second for first, second in itertools.product(forms, known))
    return _once(forms)


def _once(forms: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.sub(f"{FILLED}+", FILLED, form) for form in forms))
