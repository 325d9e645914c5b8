"""A run's table as a Markdown page: what was measured, on what, and what is to be said of single variants."""

from __future__ import annotations

from collections.abc import Sequence

from engine.advice.accuracy_floor import AccuracyFloor
from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import Recipe
from engine.contract.repeated_results import ChainSummary
from engine.contract.run_result import RunResult
from engine.figures.summary_text import summary_heads, summary_rows, summary_title
from engine.figures.variant_figures import baselines, figures
from ui.counts import counted
from ui.recall_text import RECALL_HEADS, RECALL_TITLE, recall_rows, repeated_recall_lines
from ui.terminal.image_settings_table import image_settings_lines
from ui.terminal.recommended_files import plain_markdown, recommendation_lines
from ui.terminal.variants_table import said_once

SHOWN = (
    "steps",
    "accuracy",
    "accuracy_change",
    "p_value",
    "agreement",
    "size",
    "size_ratio",
    "zip",
    "sparsity",
    "distinct_weights",
    "latency",
    "latency_ratio",
    "epoch_seconds",
)


def markdown_page(recipe: Recipe, result: RunResult, floor: AccuracyFloor | None = None) -> str:
    """One row per variant; sizes in KiB (1024 bytes), accuracies with their Wilson 95 % interval, latencies of one
    image.

    Latencies are those of the machine that the page names.
    """
    first = result.variants[0]
    of_branch = baselines(result.variants)
    heads = ["chain", *(figure.title.replace("\n", " ") for figure in figures(*SHOWN))]
    threads = f"{first.threads} thread{'s' if first.threads != 1 else ''}"
    sizes = ", ".join(dict.fromkeys("{}×{}".format(*images.height_width) for images in recipe.images.settings))
    lines = [
        f"# {recipe.name}",
        "",
        f"{recipe.backbone.kind} ×{recipe.backbone.width:g} at {sizes}; {result.dataset.train:,} training, "
        f"{result.dataset.validation:,} validation and {result.dataset.test:,} test images of "
        f"{len(result.dataset.classes)} classes; {_epochs(recipe.training.epochs)}, {_seeds(recipe)}. "
        f"Latency on {first.cpu}, {threads}. {result.stages_computed + result.stages_reused} stages, "
        "each computed once.",
        "",
        f"| {' | '.join(heads)} |",
        f"| --- | --- |{' ---: |' * (len(heads) - 2)}",
        *(f"| {' | '.join(_cells(variant, of_branch[variant.branch]))} |" for variant in result.variants),
    ]
    if result.summary:
        lines += ["", *_summary_lines(result.summary)]
    if recalls := recall_rows(result.variants):
        lines += ["", *_table_lines(f"{RECALL_TITLE}:", ("chain", *RECALL_HEADS), recalls)]
    said = [f"- **{plain_markdown(name)}**: {note}" for name, note in said_once(result.variants)]
    said += [f"- Failed: {plain_markdown(why)}" for why in result.failed.values()]
    if said:
        lines += ["", *said]
    if len(result.image_settings) > 1:
        lines += ["", *image_settings_lines(result)]
    if recommended := recommendation_lines(result, floor or AccuracyFloor()):
        lines += ["", *recommended]
    return "\n".join(lines) + "\n"


def _cells(variant: VariantMeasurement, baseline: VariantMeasurement) -> list[str]:
    return [
        plain_markdown(variant.name),
        *(plain_markdown(figure.text(variant, baseline)) for figure in figures(*SHOWN)),
    ]


def _summary_lines(summary: Sequence[ChainSummary]) -> list[str]:
    heads = ("chain", *summary_heads(summary))
    more = [f"- {plain_markdown(line)}" for line in repeated_recall_lines(summary)]
    table = _table_lines(f"{summary_title(summary)}:", heads, summary_rows(summary))
    return [*table, "", *more] if more else table


def _table_lines(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    told = (" | ".join(plain_markdown(cell.replace("\n", " ")) for cell in row) for row in rows)
    return [
        title,
        "",
        f"| {' | '.join(head.replace(chr(10), ' ') for head in heads)} |",
        f"| --- |{' ---: |' * (len(heads) - 1)}",
        *(f"| {row} |" for row in told),
    ]


def _seeds(recipe: Recipe) -> str:
    if len(recipe.seeds) < 2:
        return f"seed {recipe.repeats[0].seed}"
    return f"seeds {', '.join(map(str, recipe.seeds))}"


def _epochs(count: int | None) -> str:
    if count is None:
        return "trained until nothing more was gained"
    return counted(count, "epoch")
