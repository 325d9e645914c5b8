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
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from ui.counts import counted
from ui.recall_text import RECALL_HEADS, RECALL_TITLE, recall_rows, repeated_recall_lines
from ui.said_figure import said_figure
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
    heads = [tr("chain"), *(tr(figure.title).replace("\n", " ") for figure in figures(*SHOWN))]
    threads = counted(first.threads, "thread")
    sizes = ", ".join(dict.fromkeys("{}×{}".format(*images.height_width) for images in recipe.images.settings))
    lines = [
        f"# {recipe.name}",
        "",
        tr(
            "{backbone} ×{width:g} at {sizes}; {train:,} training, "
            "{validation:,} validation and {test:,} test images of "
            "{classes} classes; {epochs}, {seeds}. "
            "Latency on {cpu_name}, {threads}. {stages} stages, "
            "each computed once.",
            backbone=recipe.backbone.kind,
            width=recipe.backbone.width,
            sizes=sizes,
            train=result.dataset.train,
            validation=result.dataset.validation,
            test=result.dataset.test,
            classes=len(result.dataset.classes),
            epochs=_epochs(recipe.training.epochs),
            seeds=_seeds(recipe),
            cpu_name=first.cpu,
            threads=threads,
            stages=result.stages_computed + result.stages_reused,
        ),
        "",
        f"| {' | '.join(heads)} |",
        f"| --- | --- |{' ---: |' * (len(heads) - 2)}",
        *(f"| {' | '.join(_cells(variant, of_branch[variant.branch]))} |" for variant in result.variants),
    ]
    if result.summary:
        lines += ["", *_summary_lines(result.summary)]
    if recalls := recall_rows(result.variants):
        lines += ["", *_table_lines(f"{tr(RECALL_TITLE)}:", (tr("chain"), *map(tr, RECALL_HEADS)), recalls)]
    said = [f"- **{plain_markdown(name)}**{tr(':')} {recognised(note)}" for name, note in said_once(result.variants)]
    said += ["- " + tr("Failed: {why}", why=plain_markdown(recognised(why))) for why in result.failed.values()]
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
        *(plain_markdown(said_figure(figure.text(variant, baseline))) for figure in figures(*SHOWN)),
    ]


def _summary_lines(summary: Sequence[ChainSummary]) -> list[str]:
    heads = (tr("chain"), *map(recognised, summary_heads(summary)))
    more = [f"- {plain_markdown(line)}" for line in repeated_recall_lines(summary)]
    rows = [(name, *map(said_figure, figures_)) for name, *figures_ in summary_rows(summary)]
    table = _table_lines(f"{recognised(summary_title(summary))}:", heads, rows)
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
        return tr("seed {seed}", seed=str(recipe.repeats[0].seed))
    return tr("seeds {seeds}", seeds=", ".join(map(str, recipe.seeds)))


def _epochs(count: int | None) -> str:
    if count is None:
        return tr("trained until nothing more was gained")
    return counted(count, "epoch")
