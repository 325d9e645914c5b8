"""The settings that one source of images alone has, such as the axis of NIfTI volumes, declared beside the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from engine.contract.registry import Registry
from engine.contract.section import Section


class DatasetOptions(Section):
    """Base of what those sources declare that have settings of their own; a subclass sets `key`, that of its source.

    Every field has a title, a range and a default, as those of a step's parameters. In a recipe they stand in the
    dataset's table, among the settings that all sources have, so none is called as one of these.
    """

    names_classes: ClassVar[frozenset[str]] = frozenset()
    """The fields that decide what the classes are called: a choice of classes does not outlast a change of one."""


DATASET_OPTIONS: Registry[DatasetOptions] = Registry("engine.datasets.sources", DatasetOptions, "source with settings")


def declared_options(kind: str) -> type[DatasetOptions]:
    """What a source declares; `DatasetOptions`, which has no field, of one without settings of its own."""
    if kind in DATASET_OPTIONS:
        return DATASET_OPTIONS[kind]
    return DatasetOptions


def own_options(kind: str, given: Mapping[str, Any]) -> DatasetOptions | None:
    """The own settings of the source `kind`; None where all have their defaults, or it has none.

    Args:
        given: what stands in the dataset's table beside the settings of all sources. That of another source is left out
            where it has its default: earlier versions wrote the settings of all sources into every recipe.

    Raises:
        ValidationError: a key that no source has, one of another source, or a value that cannot be used.
    """
    if not given:
        return None
    declared = declared_options(kind)
    others = {key: _sources_with(key) for key in given if key not in declared.model_fields}
    if faults := [
        _fault_of_foreign(kind, key, given[key], sources)
        for key, sources in others.items()
        if sources and not any(_is_default(source, key, given[key]) for source in sources)
    ]:
        raise ValidationError.from_exception_data(declared.__name__, faults)
    options = declared.model_validate({key: value for key, value in given.items() if not others.get(key)})
    return None if options == declared() else options


def _sources_with(key: str) -> list[str]:
    return [kind for kind in DATASET_OPTIONS if key in DATASET_OPTIONS[kind].model_fields]


def _is_default(source: str, key: str, value: Any) -> bool:
    declared = DATASET_OPTIONS[source]
    try:
        return declared.model_validate({key: value}) == declared()
    except ValidationError:
        return False


def _fault_of_foreign(kind: str, key: str, value: Any, sources: list[str]) -> InitErrorDetails:
    message = f"it is a setting of the source {' or '.join(sources)}, and the source here is {kind}; take it out"
    # The braces of a name would be read as places for values.
    error = PydanticCustomError("setting_of_another_source", "{message}", {"message": message})
    return InitErrorDetails(type=error, loc=(key,), input=value)
