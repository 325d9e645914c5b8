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
from engine.search.search_space import SearchSpace
from engine.store.locations import Locations
from engine.store.stage_store import StageStore
from ui.byte_sizes import bytes_text
from ui.counts import counted
from ui.durations import duration_text
from ui.search_text import limits_text
from ui.terminal.examined_images import print_images

SPEED = {True: "by this machine's measured speed", False: "roughly: no run has measured this machine's speed yet"}
COLUMNS = ("stage", "chains", "epochs", "estimated time", "disk", "memory")
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


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
    several = ("images",) if len(planned.branches) > 1 else ()
    table = Table(
        *several,
        *COLUMNS,
        title=recipe.name,
        title_justify="left",
    )
    left, whole, disk, memory = 0.0, 0.0, 0, 0
    titles = {stage.key: stage.title for branch in planned.branches for stage in branch.tree.stages}
    for stage in planned.planned_stages():
        done = store.facts(stage.key) is not None
        left += 0.0 if done else stage.estimated_seconds
        whole += stage.estimated_seconds
        after = f" (after {titles[stage.parent]})" if stage.parent else ""
        costs = (
            ("there already", "–", "–")
            if done
            else (
                duration_text(stage.estimated_seconds),
                bytes_text(stage.estimated_disk_bytes),
                bytes_text(stage.estimated_memory_bytes),
            )
        )
        disk += 0 if done else stage.estimated_disk_bytes
        memory = max(memory, 0 if done else stage.estimated_memory_bytes)
        setting = (stage.setting if stage.parent is None else "",) if several else ()
        title = titles[stage.key] + after
        table.add_row(*setting, title, ", ".join(stage.chains), stage.epochs_text, *costs)
    console.print(table)
    of_images = print_images(console, recipe.dataset, planned.index, recipe.images.first, recipe.seed, locations)
    for dataset, index in planned.datasets.others:
        console.print(f"Images of {dataset.label()}, which a chain switches to:")
        of_images += print_images(console, dataset, index, recipe.images.first, recipe.seed, locations)
    findings = (*of_images, *planned.findings)
    _print_findings(console, findings)
    if recipe.search is not None:
        _print_search(console, recipe, whole)
        return EXIT_BAD_INPUT if errors(findings) else EXIT_DONE
    console.print(f"Estimated time: {duration_text(left)}, {SPEED[planned.speed_is_measured]}.")
    if memory:
        console.print(f"Estimated disk space: {bytes_text(disk)}; memory: up to {bytes_text(memory)}.")
    return EXIT_BAD_INPUT if errors(findings) else EXIT_DONE


def _print_search(console: Console, recipe: Recipe, seconds: float) -> None:
    """How large the search is.

    Raises:
        RecipeError: what may vary is not in the recipe.
    """
    assert recipe.search is not None
    space, search = SearchSpace.of(recipe), recipe.search
    points = "any number of combinations" if space.points is None else counted(space.points, "combination")
    for place, value, why in space.refused_alone():
        console.print(Text(f'warning: search.vary."{place}": {value} cannot run here: {why}', style="yellow"))
    console.print(
        f"The search chooses among {points}, for {limits_text(search)}; the table is of the recipe as it "
        f"is written. A trial that shares no stage with another takes about {duration_text(seconds)}.",
        soft_wrap=True,
    )


def _print_findings(console: Console, findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        where = f"{finding.where}: " if finding.where else ""
        console.print(Text(f"{finding.severity}: {where}{finding.message}", style=STYLES[finding.severity]))
        if finding.repair is not None:
            console.print(Text(f"  → {finding.repair.sentence}."))
