"""Reads and writes recipes as TOML, and says what is wrong with one in sentences."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_args

import tomli_w
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.contract.backbone_options import BACKBONE_OPTIONS
from engine.contract.dataset_options import declared_options
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.document import Document
from engine.contract.errors import RecipeError
from engine.contract.plain_faults import plain_fault, shown_value
from engine.contract.recipe import SCHEMA_VERSION, Recipe
from engine.contract.registry import nearest_name
from engine.contract.step_parameters import STEP_PARAMETERS
from engine.contract.toml_faults import toml_fault


def read_recipe(path: Path) -> Recipe:
    """The recipe in a TOML file.

    Raises:
        RecipeError: the file is missing, is not TOML, or has a key or value that the format does not know.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecipeError(f"There is no recipe at {path}; check the path.") from None
    except IsADirectoryError:
        raise RecipeError(f"{path} is a folder; name the recipe's .toml file inside it.") from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path} is not a text file in UTF-8; a recipe is a TOML text file.") from None
    except OSError as error:
        raise RecipeError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
    return parse_recipe(text, origin=path.name)


def parse_recipe(text: str, origin: str = "The recipe") -> Recipe:
    """The recipe in a TOML text; `origin` names the text in errors.

    Raises:
        RecipeError: as `read_recipe`.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{origin} cannot be read, {toml_fault(error, text)}") from None
    except RecursionError:
        raise RecipeError(f"{origin} is nested too deeply to be a recipe.") from None
    if "schema" not in document:
        raise RecipeError(f"{origin} does not say its format version; add the line: schema = {SCHEMA_VERSION}")
    version = document["schema"]
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise RecipeError(
            f"{origin}: schema = {version} cannot be used: a later version of Nutshell has written the recipe, and "
            f"this one reads schema = {SCHEMA_VERSION}; update the program to open it."
        )
    return build_recipe(document, origin)


def build_recipe(document: Document, origin: str = "The recipe") -> Recipe:
    """The recipe in a nested dictionary with the keys of the TOML format.

    Raises:
        RecipeError: a key or value that the format does not know; all faults are named, one per line.
    """
    try:
        return Recipe.model_validate(document)
    except RecipeError as error:
        raise RecipeError(f"{origin}: {error}") from None
    except ValidationError as error:
        faults = [_sentence(fault, document) for fault in error.errors(include_url=False)]
        raise RecipeError("\n".join(f"{origin}: {fault}" for fault in dict.fromkeys(faults))) from None


def recipe_document(recipe: Recipe) -> Document:
    """The recipe as nested plain values with the keys of the TOML format; what is None is left out."""
    document: Document = _without_none(recipe.model_dump(mode="json", by_alias=True))
    first = {key: document[key] for key in ("schema", "name")}
    return first | document


def _without_none(value: Any) -> Any:
    """Afterwards, and not by `exclude_none`, which would leave out what is "auto" as well."""
    if isinstance(value, dict):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    return [_without_none(one) for one in value] if isinstance(value, list) else value


def recipe_text(recipe: Recipe) -> str:
    """The recipe as TOML text; reading it gives an equal recipe."""
    return tomli_w.dumps(recipe_document(recipe), multiline_strings=False)


def _sentence(fault: ErrorDetails, document: Document) -> str:
    location = _as_written(fault["loc"])
    where = _path(location)
    if fault["type"] == "extra_forbidden":
        near = nearest_name(str(location[-1]), _known_keys(location[:-1], document))
        table = _path(location[:-1])
        place = f"in [{table}]" if table else "at the top level"
        known = ", ".join(_known_keys(location[:-1], document))
        suggestion = f'did you mean "{near}"?' if near else f"known: {known}."
        return f'there is no key "{location[-1]}" {place}; {suggestion}'
    if fault["type"] == "missing":
        return f"{where} is missing; add it."
    message, received = plain_fault(fault), fault.get("input")
    if isinstance(received, str | int | float | bool):
        key_path = where or "recipe"
        return f"{key_path} = {shown_value(received)} cannot be used: {message}."
    return f"{where + ': ' if where else ''}{message}."


def _as_written(location: tuple[Any, ...]) -> list[Any]:
    """The keys and indices of the document that lead to a place.

    Pydantic names the members of unions too, and knows the own settings of a source as a table below the dataset.
    """
    parts = [part for part in location if not _is_type_name(part)]
    return [part for above, part in zip(["", *parts], parts, strict=False) if (above, part) != ("dataset", "options")]


def _is_type_name(part: object) -> bool:
    """Whether pydantic put the name of a union's member, not a key, into the location."""
    return isinstance(part, str) and (
        part.startswith(("constrained-", "tuple[", "function-", "search-")) or part in {"int"}
    )


def _path(location: list[int | str]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


def _known_keys(location: list[int | str], document: Document) -> list[str]:
    """The keys that the table at `location` may have."""
    model: type[BaseModel] = Recipe
    value: Any = document
    for part in location:
        table, value = value, value[part]
        if isinstance(value, dict) and _is_known_step(value):
            model = STEP_PARAMETERS[value["step"]]
        elif location[:2] == ["backbone", "options"] and part == "options" and isinstance(table.get("kind"), str):
            model = BACKBONE_OPTIONS[table["kind"]]
        elif isinstance(part, str) and part in model.model_fields:
            inner = _model_in(model.model_fields[part].annotation)
            model = inner or model
    keys = [field.alias or name for name, field in model.model_fields.items() if not field.exclude]
    if model is DatasetSettings:
        keys += declared_options(str(value.get("kind"))).model_fields
    return keys


def _is_known_step(value: Document) -> bool:
    return isinstance(value.get("step"), str) and value["step"] in STEP_PARAMETERS


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        if (found := _model_in(inner)) is not None:
            return found
    return None
