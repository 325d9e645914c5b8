"""The program's sources as syntax trees, with what a name in them stands for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("engine", "workers", "ui")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class ReadModule:
    """One file."""

    name: str
    """As it is imported, such as "engine.contract.errors"."""
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    """Names that are assigned in the module."""
    attributes: dict[str, ast.expr] = field(default_factory=dict)
    """The same of the bodies of classes."""
    functions: dict[str, Function] = field(default_factory=dict)
    """Functions and methods."""
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name → module and name there."""
    owner: dict[ast.AST, Function] = field(default_factory=dict)
    """Name or return → the innermost function that it stands in."""
    calls: list[ast.Call] = field(default_factory=list)


def read_modules() -> dict[str, ReadModule]:
    """All modules of the program by their names."""
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    return {module.name: module for module in map(_read, files)}


def read_module(name: str, source: str) -> ReadModule:
    """One module of this name."""
    module = ReadModule(name, ast.parse(source))
    _note(module, module.tree, None)
    module.constants |= dict(_assigned(module.tree.body))
    return module


def _read(file: Path) -> ReadModule:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    return read_module(name, file.read_text(encoding="utf-8"))


def _note(module: ReadModule, node: ast.AST, function: Function | None) -> None:
    """Keep what is asked for of a node and of all below it."""
    match node:
        case ast.Name() | ast.Return() if function is not None:
            module.owner[node] = function
        case ast.Call():
            module.calls.append(node)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            module.functions[node.name] = function = node
        case ast.ClassDef():
            module.classes[node.name] = node
            module.attributes |= dict(_assigned(node.body))
        case ast.ImportFrom(module=str(home), names=names):
            module.imported |= {alias.asname or alias.name: (home, alias.name) for alias in names}
    for inner in ast.iter_child_nodes(node):
        _note(module, inner, function)


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value
