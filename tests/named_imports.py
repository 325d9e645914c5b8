"""A contract for import-linter: what is imported by its name, where no import statement shows it, is listed.

A registry reads a package that it knows by a string. Each pair of such a module and its package stands in the contract,
and no statement of that module imports from the package: what is declared there is found, and never named.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

IMPORTERS = ("import_module", "__import__")


class NamedImportsContract(Contract):
    """`reads`: lines "module -> package"; `importers`: the modules that may import what a variable names."""

    reads = fields.ListField(subfield=fields.StringField())
    importers = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        listed = {tuple(part.strip() for part in line.split("->")) for line in self.reads}  # type: ignore[attr-defined]
        importers: set[str] = self.importers  # type: ignore[assignment]
        found: set[tuple[str, ...]] = set()
        faults: list[str] = []
        for module in sorted(graph.modules):
            if (file := _file(module)) is None:
                continue
            tree = ast.parse(file.read_text(encoding="utf-8"))
            found |= {(module, name) for name in _module_names(tree) if name in graph.modules}
            if module not in importers and any(_imports_by_variable(tree)):
                faults.append(f"{module} imports what a variable names")
        faults += [f"{module} names {package}, which is not listed" for module, package in found - listed]
        faults += [f"{module} names no {package} any more" for module, package in listed - found]
        for module, package in found & listed:
            inside = {package, *graph.find_descendants(package)}
            if inside & graph.find_modules_directly_imported_by(module):
                faults.append(f"{module} both names and imports {package}")
        return ContractCheck(kept=not faults, metadata={"faults": sorted(faults)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for fault in check.metadata["faults"]:
            output.print_error(fault)


def _file(module: str) -> Path | None:
    spec = importlib.util.find_spec(module) if module.split(".")[0] in ("engine", "workers", "ui") else None
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def _module_names(tree: ast.Module) -> Iterator[str]:
    """Every text in the code that could name a module of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            yield node.value


def _imports_by_variable(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if (isinstance(node, ast.Attribute) and node.attr in IMPORTERS) or (
            isinstance(node, ast.Name) and node.id in IMPORTERS
        ):
            yield node
