"""`check`: the stages of a recipe, what each will cost, what cannot work and why."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.chain.planning import plan_run
from engine.chain.preflight import RecipeRefused, errors
from engine.contract.errors import EXIT_BAD_INPUT, EXIT_DONE
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.search.search_space import SearchSpace
from engine.store.locations import Locations
from engine.store.stage_store import StageStore
from ui.byte_sizes import bytes_text
from ui.counts import counted
from ui.durations import duration_text
from ui.said_figure import said_figure
from ui.search_text import limits_text
from ui.terminal.examined_images import print_images

SPEED = {
    True: mark("by this machine's measured speed"),
    False: mark("roughly: no run has measured this machine's speed yet"),
}
COLUMNS = (mark("stage"), mark("chains"), mark("epochs"), mark("estimated time"), mark("disk"), mark("memory"))
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}  # not shown


def check_command(recipe_path: Path, runs_directory: Path) -> int:
    """Print the plan, and what a look at every image finds; returns 2 where the recipe cannot run."""
    recipe = read_recipe(recipe_path)
    console = Console()
    locations = Locations(runs_directory)
    try:
        planned = plan_run(recipe, locations)
    except RecipeRefused as refused:
        _print_findings(console, refused.faults)
        return EXIT_BAD_INPUT
    store = StageStore(locations)
    settings, repeats = ({getattr(stage, of) for stage in planned.planned_stages()} for of in ("setting", "repeat"))
    table = Table(
        *([tr("images")] if len(settings) > 1 else []),
        *([tr("repetition")] if len(repeats) > 1 else []),
        *map(tr, COLUMNS),
        title=recipe.name,
        title_justify="left",
    )
    left, whole, disk, memory = 0.0, 0.0, 0, 0
    titles = {stage.key: recognised(stage.title) for branch in planned.branches for stage in branch.tree.stages}
    for stage in planned.planned_stages():
        done = store.facts(stage.key) is not None
        left += 0.0 if done else stage.estimated_seconds
        whole += stage.estimated_seconds
        after = tr(" (after {stage})", stage=titles[stage.parent]) if stage.parent else ""
        costs = (
            (tr("there already"), "–", "–")
            if done
            else (
                duration_text(stage.estimated_seconds),
                bytes_text(stage.estimated_disk_bytes),
                bytes_text(stage.estimated_memory_bytes),
            )
        )
        disk += 0 if done else stage.estimated_disk_bytes
        memory = max(memory, 0 if done else stage.estimated_memory_bytes)
        # Told once, of the baseline.
        of_branch = [
            name if stage.parent is None else ""
            for name, several in ((stage.setting, settings), (stage.repeat, repeats))
            if len(several) > 1
        ]
        title = titles[stage.key] + after
        table.add_row(*of_branch, title, ", ".join(stage.chains), said_figure(stage.epochs_text), *costs)
    console.print(table)
    of_images = print_images(console, recipe.dataset, planned.index, recipe.images.first, recipe.seed, locations)
    for dataset, index in planned.datasets.others:
        console.print(tr("Images of {name}, which a chain switches to:", name=dataset.label()))
        of_images += print_images(console, dataset, index, recipe.images.first, recipe.seed, locations)
    findings = (*of_images, *planned.findings)
    _print_findings(console, findings)
    if recipe.search is not None:
        _print_search(console, recipe, whole)
        return EXIT_BAD_INPUT if errors(findings) else EXIT_DONE
    speed = tr(SPEED[planned.speed_is_measured])
    console.print(tr("Estimated time: {duration}, {speed}.", duration=duration_text(left), speed=speed))
    if memory:
        console.print(
            tr(
                "Estimated disk space: {disk}; memory: up to {memory}.",
                disk=bytes_text(disk),
                memory=bytes_text(memory),
            )
        )
    return EXIT_BAD_INPUT if errors(findings) else EXIT_DONE


def _print_search(console: Console, recipe: Recipe, seconds: float) -> None:
    """How large the search is.

    Raises:
        RecipeError: what may vary is not in the recipe.
    """
    assert recipe.search is not None
    space, search = SearchSpace.of(recipe), recipe.search
    points = tr("any number of combinations") if space.points is None else counted(space.points, "combination")
    for place, value, why in space.refused_alone():
        said = tr(
            'warning: search.vary."{place}": {value} cannot run here: {why}',
            place=place,
            value=value,
            why=recognised(why),
        )
        console.print(Text(said, style="yellow"))
    console.print(
        tr(
            "The search chooses among {points}, for {limits}; the table is of the recipe as it "
            "is written. A trial that shares no stage with another takes about {duration}.",
            points=points,
            limits=limits_text(search),
            duration=duration_text(seconds),
        ),
        soft_wrap=True,
    )


def _print_findings(console: Console, findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        where = f"{finding.where}{tr(':')} " if finding.where else ""
        said = f"{recognised(finding.severity.value)}{tr(':')} {where}{recognised(finding.message)}"
        console.print(Text(said, style=STYLES[finding.severity]))
        if finding.repair is not None:
            console.print(Text(f"  → {recognised(finding.repair.sentence)}."))
