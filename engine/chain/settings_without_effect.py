"""Settings of a step that have no effect beside its other settings, which the wizard hides and a recipe may have."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.contract.findings import Finding
from engine.contract.plain_faults import shown_value
from engine.contract.step_parameters import StepParameters
from engine.workbench.step import StepPlace


def without_effect(parameters: StepParameters, place: StepPlace, told: Collection[str]) -> Iterator[Finding]:
    """A warning for each that is not at its default.

    Args:
        told: places that the step's own findings speak of.
    """
    declared = type(parameters).model_fields
    for name, schema in type(parameters).model_json_schema()["properties"].items():
        default, value = declared[name].get_default(call_default_factory=True), getattr(parameters, name)
        if value == default or place.where(name) in told:
            continue
        for other, allowed in schema.get("shown_for", {}).items():
            if (given := getattr(parameters, other)) not in allowed:
                message = f"{name} has no effect with {other} = {shown_value(given)}; leave it out, or change {other}."
                usable = isinstance(default, bool | int | float | str)
                yield place.warning(message, name, place.set(name, default, f"Set {name} back") if usable else None)
                break
