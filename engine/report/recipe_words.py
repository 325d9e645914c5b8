"""A recipe in words: its chains, and the settings in which it differs from the program's defaults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel

from engine.contract.automatic import AUTO
from engine.contract.document import Document
from engine.contract.errors import RecipeError
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import build_recipe, recipe_document
from engine.contract.step_parameters import StepParameters
from engine.report.private_text import LEFT_OUT, PATH_KEYS

TABLES = ("dataset", "images", "backbone", "training", "target")
"""Of a recipe, in the order in which they are told."""


@dataclass(frozen=True)
class ChosenSetting:
    """One setting that is not at its default."""

    where: str
    """The place as keys, such as "training.epochs"; or "chain int8, step 1"."""
    title: str
    """Of the setting; of a step its key."""
    value: str
    default: str


def chain_sentence(chain: ChainSettings) -> str:
    """Such as "pruned + int8: pruning 80 %, then int8"."""
    steps = ", then ".join(step.label() for step in chain.steps)
    if chain.name == steps:
        return steps
    return f"{chain.name}: {steps}" if steps else f"{chain.name}: the trained network as it is"


def short_document(recipe: Recipe) -> Document:
    """The recipe without what is at its default; the whole one where that could not be read back as it is."""
    whole = recipe_document(recipe)
    usual = recipe_document(Recipe())
    short: Document = {key: whole[key] for key in ("schema", "name", "seed")}
    for name in TABLES:
        kind = {"kind": whole[name]["kind"]} if "kind" in whole[name] else {}
        short |= {name: differing} if (differing := kind | _without_usual(whole[name], usual[name])) else {}
    chains = []
    for chain, document in zip(recipe.chains, whole.get("chains", ()), strict=True):
        steps = [
            {"step": step.step} | _without_usual(one, _usual_step(step))
            for step, one in zip(chain.steps, document["steps"], strict=True)
        ]
        chains.append({"name": chain.name, "steps": steps})
    short |= {"chains": chains} if chains else {}
    try:
        return short if build_recipe(short) == recipe else whole
    except RecipeError:
        return whole


def _without_usual(table: Document, usual: Document) -> Document:
    return {key: value for key, value in table.items() if key not in usual or usual[key] != value}


def _usual_step(step: StepParameters) -> Document:
    try:
        return type(step).model_validate({"step": step.step}).model_dump(mode="json")
    except ValueError:  # It has a setting that must be given.
        return {}


def chosen_settings(recipe: Recipe) -> tuple[ChosenSetting, ...]:
    """All that differs from the defaults, in the recipe's order; of paths only that there is one."""
    found = []
    if recipe.seed != type(recipe).model_fields["seed"].default:
        found += [ChosenSetting("seed", "Seed", str(recipe.seed), str(type(recipe).model_fields["seed"].default))]
    for name in TABLES:
        found += _differing(getattr(recipe, name), name)
    for chain in recipe.chains:
        for place, step in enumerate(chain.steps, start=1):
            several = list(_differing(step, ""))
            if several:
                # One line per step: chains often share their settings, and a table of them would be long.
                where = f"chain {chain.name}, step {place}"
                said = ", ".join(f"{one.where.lstrip('.')} {one.value}" for one in several)
                found.append(ChosenSetting(where, step.step, said, ", ".join(one.default for one in several)))
    return tuple(found)


def _differing(table: BaseModel, where: str) -> Iterator[ChosenSetting]:
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        default = field.get_default(call_default_factory=True) if not field.is_required() else value
        if name in {"kind", "step"} or value == default:
            continue
        place, title = f"{where}.{name}", field.title or name
        if isinstance(value, BaseModel) and name != "dataset":
            yield from _inner(value, place, title)
        else:
            yield ChosenSetting(
                place, title, _said(name, value, field.annotation), _default(name, default, field.annotation)
            )


def _inner(table: BaseModel, where: str, title: str) -> Iterator[ChosenSetting]:
    """A table that the defaults do not have, such as a wavelet transform: what it says, in one line."""
    said = ", ".join(f"{name} {_plain(value)}" for name, value in table.model_dump(mode="json").items())
    yield ChosenSetting(where, title, said, "–")


def _default(name: str, default: Any, annotation: Any) -> str:
    return "–" if name in {"class_folders", "dataset"} else _said(name, default, annotation)


def _said(name: str, value: Any, annotation: Any) -> str:
    if name in PATH_KEYS and value:
        return LEFT_OUT
    if name in {"class_folders", "dataset"}:
        return LEFT_OUT if value else "–"
    if value is None:
        return AUTO if _may_be_automatic(annotation) else "–"
    return _plain(value)


def _may_be_automatic(annotation: Any) -> bool:
    """Numbers that may be absent are automatic then; words and tables are not there."""
    members = get_args(annotation) if isinstance(annotation, UnionType) or get_args(annotation) else (annotation,)
    return any(member in {int, float} for member in members)


def _plain(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case BaseModel():
            return ", ".join(f"{name} {_plain(one)}" for name, one in value.model_dump(mode="json").items())
        case dict():
            return ", ".join(f"{name} {_plain(one)}" for name, one in value.items()) or "–"
        case (int() as height, int() as width):
            return f"{height} × {width}"
        case list() | tuple():
            return ", ".join(map(_plain, value)) or "none"
        case "":
            return "–"
    return str(value)
