"""Sentences of the engine as the window says them: fields by their titles, where a recipe has keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pydantic import BaseModel

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_options import DATASET_OPTIONS
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import DwtSettings, ImageGrid
from engine.contract.step_parameters import STEP_PARAMETERS
from engine.contract.target_settings import TargetSettings
from engine.contract.training_settings import TrainingSettings
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr

TABLES: dict[str, type[BaseModel]] = {
    "dataset": DatasetSettings,
    "images.dwt": DwtSettings,
    "images": ImageGrid,
    "backbone": BackboneSettings,
    "training": TrainingSettings,
    "target": TargetSettings,
}
IN_TABLE = re.compile(rf"\b({'|'.join(map(re.escape, TABLES))})\.([a-z_]+)\b")
IN_STEP = re.compile(r"\bchains\[(\d+)\](?:\.steps\[(\d+)\])?(?:\.([a-z_]+))?")
BARE_KEY = re.compile(r"(?<![\w/.\\\"'-])[A-Za-z]+(?:_[a-z]+)+(?![\w/.=\"'-]\w)(?! =)")
"""A key that stands alone; not within a path or a quotation."""
ASSIGNED = re.compile(r"(\bset )?\b([a-z_]+) = (\"[^\"]*\"|[\w./+-]+[\w/+-]|\w|\[[^\]]*\]|\{[^}]*\})")


def in_window_words(text: str) -> str:
    """The sentence in the window's language, with titles for keys: 'dataset.path is empty' → '"Images" is empty'."""
    text = recognised(text)
    text = IN_TABLE.sub(_titled, text)
    text = IN_STEP.sub(_place, text)
    text = ASSIGNED.sub(_assigned, text)
    return BARE_KEY.sub(_bare, text)


def _titled(found: re.Match[str]) -> str:
    own = _source_settings() if found[1] == "dataset" else []
    fields = (model.model_fields.get(found[2]) for model in (TABLES[found[1]], *own))
    return next((f'"{tr(field.title)}"' for field in fields if field is not None and field.title), found[0])


def _place(found: re.Match[str]) -> str:
    place = tr("chain {number}", number=int(found[1]) + 1)
    if found[2]:
        place += tr(", step {number}", number=int(found[2]) + 1)
    if found[3]:
        place += f', "{tr(_titles().get(found[3], found[3]))}"'
    return place


def _assigned(found: re.Match[str]) -> str:
    title = _titles().get(found[2])
    if title is None:
        return found[0]
    value = found[3].strip('"')
    named = _names_of_values().get((found[2], value))
    title = tr(title)
    value = f'"{tr(named)}"' if named else value.replace("_", " ")
    return tr('set "{title}" to {value}', title=title, value=value) if found[1] else f'"{title}" = {value}'


def _bare(found: re.Match[str]) -> str:
    title = _titles().get(found[0].lower())
    return found[0] if title is None else f'"{tr(title)}"'


@lru_cache(maxsize=1)
def _names_of_values() -> dict[tuple[str, str], str]:
    """(key, value) → what the lists of the forms call it, such as those of `duplicates`."""
    names: dict[tuple[str, str], str] = {}
    for model in _forms():
        for key, field in model.model_fields.items():
            extra = field.json_schema_extra
            named = extra.get("names") if isinstance(extra, dict) else None
            if isinstance(named, dict):
                names |= {(key, value): str(name) for value, name in named.items()}
    return names


@lru_cache(maxsize=1)
def _titles() -> dict[str, str]:
    """Every key of a recipe that has a title in some form."""
    return dict(reversed(list(_all_titles())))


def _all_titles() -> Iterator[tuple[str, str]]:
    for model in _forms():
        for name, field in model.model_fields.items():
            if field.title:
                yield name, field.title


def _forms() -> list[type[BaseModel]]:
    """All that a form is made from."""
    return [*TABLES.values(), *_source_settings(), *(STEP_PARAMETERS[key] for key in STEP_PARAMETERS)]


def _source_settings() -> list[type[BaseModel]]:
    return [DATASET_OPTIONS[kind] for kind in DATASET_OPTIONS]
