"""Finds entries by reading one package: a new entry is one new file that nothing else has to know."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cached_property
from typing import Generic, TypeVar

from engine.contract.errors import RecipeError
from engine.contract.extensions import extend

T = TypeVar("T")

DECLARING = ("parameters", "step", "evidence")


def nearest_name(name: str, known: list[str]) -> str | None:
    """The known name closest to `name`, or None where nothing is close."""
    longer = [one for one in known if name and one.startswith(name.lower())]
    if len(longer) == 1:
        return longer[0]
    matches = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return matches[0] if matches else None


def unknown_name_message(noun: str, name: str, known: list[str]) -> str:
    """The sentence for a name that is not known: what was received, the nearest known one, and all of them."""
    near = nearest_name(name, known)
    suggestion = f' Did you mean "{near}"?' if near else ""
    names = ", ".join(known)
    return f'There is no {noun} "{name}".{suggestion} Known: {names}.'


class Registry(Generic[T]):
    """Every concrete subclass of `base` that `package` declares, by its class attribute `key`.

    A module of the package declares what it defines. Of a folder, the modules `parameters`, `step` and `evidence` do;
    what else is in it, such as its TensorFlow code, is not read. The package is read at the first look-up, so that
    importing a registry costs nothing and ties the importer to none of the entries.

    Raises:
        RecipeError: on an unknown key, naming the nearest known one.
        ValueError: when two classes carry one key.
    """

    def __init__(self, package: str, base: type[T], noun: str) -> None:
        self._package = package
        self._base = base
        self._noun = noun
        extend(package)

    @cached_property
    def _entries(self) -> dict[str, type[T]]:
        entries: dict[str, type[T]] = {}
        for module in map(importlib.import_module, self._declaring_modules()):
            for entry in vars(module).values():
                if (
                    inspect.isclass(entry)
                    and entry.__module__ == module.__name__
                    and issubclass(entry, self._base)
                    and "key" in entry.__dict__
                ):
                    key = entry.__dict__["key"]
                    if key in entries:
                        modules = f"{entries[key].__module__} and {module.__name__}"
                        raise ValueError(f'Both {modules} name the {self._noun} "{key}".')
                    entries[key] = entry
        return entries

    def _declaring_modules(self) -> Iterator[str]:
        package = importlib.import_module(self._package)
        for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
            name = f"{self._package}.{found.name}"
            if not found.ispkg:
                yield name
                continue
            folder = importlib.import_module(name)
            yield from (f"{name}.{one.name}" for one in pkgutil.iter_modules(folder.__path__) if one.name in DECLARING)

    def __getitem__(self, key: str) -> type[T]:
        try:
            return self._entries[key]
        except KeyError:
            raise RecipeError(unknown_name_message(self._noun, key, self.keys())) from None

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> list[str]:
        return sorted(self._entries)
