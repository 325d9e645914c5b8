"""Settings of a step that have no effect beside its other settings, which the wizard hides and a recipe may have."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.contract.declared_properties import declared_properties
from engine.contract.document import Document
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
    for name, schema in declared_properties(type(parameters)).items():
        default, value = declared[name].get_default(call_default_factory=True), getattr(parameters, name)
        if value == default or place.where(name) in told:
            continue
        if others := _why_unused(schema, parameters):
            given = " and ".join(f"{other} = {shown_value(getattr(parameters, other))}" for other in others)
            message = f"{name} has no effect with {given}; leave it out, or change {others[-1]}."
            usable = isinstance(default, bool | int | float | str)
            yield place.warning(message, name, place.set(name, default, f"Set {name} back") if usable else None)


def _why_unused(schema: Document, parameters: StepParameters) -> list[str]:
    """The other settings that together leave a field without effect; none where it has one.

    By what its schema declares: "shown_for": other field → the values with which it has an effect, each of them needed;
    "unused_for": a list of such tables with values that leave it without one where all of a table are given.
    """
    for other, allowed in schema.get("shown_for", {}).items():
        if getattr(parameters, other) not in allowed:
            return [other]
    for together in schema.get("unused_for", []):
        if all(getattr(parameters, other) in values for other, values in together.items()):
            return list(together)
    return []
