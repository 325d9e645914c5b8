"""What there is, as text: steps, backbones, datasets, augmentations, and the recipe's schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic import BaseModel

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.augmentation import AUGMENTATIONS, usual_order
from engine.contract.automatic import AUTO, is_automatic
from engine.contract.backbone_options import BACKBONE_OPTIONS
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.document import Document
from engine.contract.recipe import Recipe
from engine.contract.step_parameters import STEP_PARAMETERS
from engine.datasets.source import DATASETS
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from engine.workbench.step import STEPS
from ui.allowed_values import allowed_values

CIFAR_INPUT = (32, 32, 3)
CIFAR_CLASSES = 10


def list_steps() -> str:
    """Each step with its parameters, their defaults and ranges."""
    parts = []
    for key in STEPS:
        step = STEPS[key]
        lines = [f"{key}: {tr(step.title)}", f"  {tr(step.summary)}", "  " + tr("Papers: {papers}", papers=step.paper)]
        lines += _declared(step.Parameters, leave_out="step")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def list_backbones() -> str:
    """Each backbone with parameters and multiply-accumulates at 32×32 with ten classes, full width."""
    lines = []
    for key in BACKBONES:
        backbone = BACKBONES[key]
        graph = layer_graph(BackboneSettings(kind=key), CIFAR_INPUT, CIFAR_CLASSES)
        lines.append(
            "\n  ".join(
                (
                    f"{key}: {tr(backbone.title)} ({backbone.paper})",
                    tr(
                        "{parameters:,} parameters, {macs:,} multiply-accumulates per image at 32×32, 10 classes, "
                        "width 1",
                        parameters=graph.parameters,
                        macs=graph.macs,
                    ),
                    tr("images of at least {side} pixels", side=backbone.smallest_side),
                )
            )
        )
        if key in BACKBONE_OPTIONS:
            lines[-1] += f"\n  {tr('options:')}\n  " + "\n  ".join(_declared(BACKBONE_OPTIONS[key]))
    return "\n\n".join(lines) + "\n"


def list_datasets() -> str:
    """Each dataset source with what its path leads to and the keys that it understands beside the common ones."""
    lines = []
    for key in DATASETS:
        source = DATASETS[key]
        path = tr("path: {need}", need=recognised(source.path_need.in_full()) or tr("none"))
        lines.append(f"{key}: {tr(source.title)}\n  {tr(source.summary)}\n  {path}")
        if keys := source.more_keys():
            lines[-1] += "\n  " + tr("more keys: {keys}", keys=", ".join(keys))
    return "\n\n".join(lines) + "\n"


def list_augmentations() -> str:
    """Each augmentation with what it does and what it assumes of the images, in the usual order."""
    kinds = [(key, AUGMENTATIONS[key]) for key in usual_order(AUGMENTATIONS)]
    return (
        "\n\n".join(
            f"{key}: {tr(kind.title)} ({kind.paper})\n  {tr(kind.summary)}\n  "
            + tr("Assumes: {assumes}", assumes=tr(kind.assumes))
            for key, kind in kinds
        )
        + "\n"
    )


def recipe_schema() -> str:
    """The JSON Schema of a recipe, the steps' parameters included."""
    schema = Recipe.model_json_schema(by_alias=True)
    steps = {key: STEP_PARAMETERS[key].model_json_schema() for key in STEP_PARAMETERS}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    options = {key: BACKBONE_OPTIONS[key].model_json_schema() for key in BACKBONE_OPTIONS}
    schema["$defs"] |= {f"step_{key}": step for key, step in steps.items()}
    schema["$defs"] |= {f"options_{key}": one for key, one in options.items()}
    backbone = schema["$defs"]["BackboneSettings"]["properties"]["options"]
    backbone["anyOf"] = [*({"$ref": f"#/$defs/options_{key}"} for key in options), {"type": "null"}]
    chain = schema["$defs"]["ChainSettings"]["properties"]["steps"]
    chain["items"] = {"oneOf": [{"$ref": f"#/$defs/step_{key}"} for key in steps]}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _plain(value: BaseModel | tuple[object, ...]) -> Document | list[object]:
    """A default that JSON has no form for: a table of which every key has its default, or a tuple."""
    return {} if isinstance(value, BaseModel) else list(value)


def _declared(model: type[BaseModel], leave_out: str = "") -> list[str]:
    """Lines on each field: its default, what it may be, and what it means."""
    lines = []
    for name, field in model.model_fields.items():
        if name != leave_out:
            schema = model.model_json_schema()["properties"][name]
            value = AUTO if is_automatic(schema) else field.get_default(call_default_factory=True)
            default = json.dumps(value, default=_plain)
            lines.append(f"  {name} = {default}  {allowed_values(schema, tr)}".rstrip())
            if field.description:
                lines.append(f"      {tr(field.description)}")
    return lines


def _reference() -> str:
    from ui.terminal.reference_page import reference_page

    return reference_page()


LISTINGS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "steps": list_steps,
        "backbones": list_backbones,
        "datasets": list_datasets,
        "augmentations": list_augmentations,
        "schema": recipe_schema,
        "reference": _reference,
    }
)
