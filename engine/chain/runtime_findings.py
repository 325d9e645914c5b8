"""What a recipe's target asks of runtimes, arena and size, and its chains cannot keep: known before anything is
trained."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from engine.contract.errors import NutshellError
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import Recipe
from engine.contract.runtime import RUNTIMES, FileForm
from engine.contract.step_parameters import StepParameters
from engine.contract.target_settings import TargetSettings
from engine.graph.layer_graph import LayerGraph
from engine.measurement.target_limits import KIB, MICRO
from engine.workbench.step import STEPS, Form, graph_after

PLACE = "target"
FLOAT_BYTES = 4.0


def runtime_findings(recipe: Recipe, class_count: int) -> Iterator[Finding]:
    """A warning for each runtime that will not be tried, and for each chain that a limit will be broken by.

    Args:
        recipe: with one image setting.
        class_count: as found in the images, or as good a guess as there is.
    """
    target = recipe.target
    if not target.asks_limits:
        return
    needed = dict.fromkeys((*target.runs_on, *((MICRO,) if target.arena_bytes else ())))
    for key in needed:
        if why := RUNTIMES[key]().missing():
            asked = "runs_on" if key in target.runs_on else "arena_bytes"
            message = f"{RUNTIMES[key].name} is missing here, so target.{asked} will not be judged: {why}."
            yield _warning(asked, message)
    for chain in recipe.chains:
        try:
            graph = graph_after(recipe, chain.steps, class_count)
        except NutshellError:
            # The pre-flight says elsewhere why there is no network.
            continue
        yield from _chain_findings(target, chain.name, chain.steps, graph)


def _chain_findings(
    target: TargetSettings, name: str, steps: tuple[StepParameters, ...], graph: LayerGraph
) -> Iterator[Finding]:
    form, last = FileForm(), steps[-1] if steps else None
    bytes_per_parameter = FLOAT_BYTES
    if last is not None and STEPS[last.step].gives is Form.TFLITE:
        step = STEPS[last.step]()
        form, bytes_per_parameter = step.file_form(last, graph), step.file_bytes_per_parameter(last)
    for key in target.runs_on:
        if why := RUNTIMES[key]().unsuited(form):
            message = f'The file of "{name}" will not run on {RUNTIMES[key].name}, as target.runs_on asks: {why}'
            yield _warning("runs_on", message)
    size = round(bytes_per_parameter * graph.parameters)
    # Without types, a step chooses them itself, by bounds of its own.
    if target.model_bytes and form.weights and size > target.model_bytes:
        message = (
            f'The weights alone of "{name}" take about {size / KIB:,.1f} KiB, more than the '
            f"{target.model_bytes / KIB:,.1f} KiB of target.model_bytes; the file is larger."
        )
        yield _warning("model_bytes", message)
    arena = least_arena_bytes(graph, form)
    if target.arena_bytes and arena > target.arena_bytes:
        message = (
            f'The arena of "{name}" takes at least {arena / KIB:,.1f} KiB, more than the '
            f"{target.arena_bytes / KIB:,.1f} KiB of target.arena_bytes."
        )
        yield _warning("arena_bytes", message)


def least_arena_bytes(graph: LayerGraph, form: FileForm) -> int:
    """What an arena takes at least: input and output of one operator are there at once, whatever else is."""
    shapes = {layer.name: layer.shape for layer in graph.layers}
    layers = (layer for layer in graph.layers if layer.macs)
    values = max((sum(prod(shapes[one]) for one in (*layer.inputs, layer.name)) for layer in layers), default=0)
    ends = 0 if form.ends_bytes == form.activation_bytes else form.ends_bytes + form.activation_bytes
    return max(values * form.activation_bytes, prod(graph.input_shape) * ends)


def _warning(field: str, message: str) -> Finding:
    return Finding(severity=Severity.WARNING, where=f"{PLACE}.{field}", message=message)
