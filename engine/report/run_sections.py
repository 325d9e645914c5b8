"""The sections of one run, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from engine.contract.progress import UNWATCHED, Progress
from engine.contract.recipe import Recipe
from engine.contract.runtime import RUNTIMES
from engine.figures.figure_text import listed
from engine.report.content import Block, BulletList, Prose, ReportFigure, ReportPart, ReportSection, ReportTable
from engine.report.data_section import data_section
from engine.report.device_section import device_section
from engine.report.drawing.overview import draw_overview
from engine.report.drawing.per_class import MAX_CLASSES, MAX_LINES, draw_confusions, draw_recall
from engine.report.drawing.trade_off import draw_trade_off
from engine.report.drawing.training_curves import draw_training_curves, stage_letter
from engine.report.gallery import gallery_section
from engine.report.limits import limits_section, unhelpful_section
from engine.report.methods import methods_section
from engine.report.recipe_words import chain_sentence, chosen_settings
from engine.report.reference_list import Library
from engine.report.repetition_words import repeats_sentence
from engine.report.reported_run import ReportedRun
from engine.report.reproduction import reproduction_section
from engine.report.result_tables import class_table, numbered_names, repetition_table, result_tables, search_table

MAX_MATRICES = 6
MAX_OVERVIEW, MAX_OVERVIEWS = 32, 2
"""Rows that fit on a page, and such pages."""


def run_part(
    run: ReportedRun, known: Library, stem: str, with_pictures: bool, progress: Progress = UNWATCHED
) -> ReportPart:
    """All that is told of a run.

    Args:
        stem: what names of its tables and figures begin with; empty where the report is of one run.
        with_pictures: whether images of the dataset are shown.

    Raises:
        Cancelled: out of `progress`.
    """
    sections = [_asked(run, stem), data_section(run, stem), methods_section(run, known)]
    if run.variants:
        sections += [_results(run, stem)]
    if elsewhere := device_section(run, stem):
        sections.append(elsewhere)
    if run.epochs:
        sections.append(_training(run, stem))
    sections += _per_class(run, stem)
    if with_pictures and (pictures := gallery_section(run, stem, progress)):
        sections.append(pictures)
    sections += [unhelpful_section(run), limits_section(run, with_pictures), reproduction_section(run, stem)]
    return ReportPart(run.title, run.unfinished, tuple(sections))


def _asked(run: ReportedRun, stem: str) -> ReportSection:
    recipe = run.recipe
    chains = len(recipe.chains)
    trained = "trained" if recipe.training.train else "taken from its file"
    begin = "chain of compression starts" if chains == 1 else "chains of compression start"
    text = (
        f"A {recipe.backbone.label()} is {trained} on images from the source {recipe.dataset.kind}, and "
        f"{chains} {begin} from it."
    )
    if chains == 0:
        text = f"A {recipe.backbone.label()} is {trained} on images from the source {recipe.dataset.kind}."
    blocks: list[Block] = [Prose(text)]
    if recipe.chains:
        blocks.append(BulletList(tuple(chain_sentence(chain) for chain in recipe.chains)))
    if repeated := repeats_sentence(recipe):
        blocks.append(Prose(repeated))
    if recipe.search is not None:
        places, wanted = ", ".join(recipe.search.vary), " and ".join(recipe.search.objectives)
        blocks.append(Prose(f"A search varied {places}, and looked for the best {wanted}."))
    blocks += [Prose(f"Each file may lose at most {said}.") for said in _allowed(recipe)]
    blocks += [Prose(f"Each file is to {said}.") for said in _limits(recipe)]
    chosen = chosen_settings(recipe)
    if chosen:
        rows = tuple((one.where, one.title, one.value, one.default) for one in chosen)
        words = frozenset(range(4))
        heads = ("setting", "what it is", "here", "default")
        caption = "Settings that differ from the program's defaults; all others are at them."
        blocks.append(ReportTable(f"{stem}settings", caption, heads, rows, left=words, wraps=frozenset({0, 2})))
    return ReportSection("What was asked", tuple(blocks))


def _allowed(recipe: Recipe) -> Iterator[str]:
    """What the target lets files lose."""
    if drop := recipe.target.max_accuracy_drop:
        yield f"{100 * drop:g} points of accuracy"
    for name, drop in recipe.target.max_recall_drop.items():
        yield f'{100 * drop:g} points of the recall of the class "{name}"'


def _limits(recipe: Recipe) -> Iterator[str]:
    """What the target asks of what runs the files."""
    target = recipe.target
    if target.runs_on:
        yield f"run on {listed([RUNTIMES[key].name for key in target.runs_on])}"
    if target.arena_bytes:
        yield f"need an arena of at most {target.arena_bytes:,} bytes"
    if target.model_bytes:
        yield f"take at most {target.model_bytes:,} bytes"


def _results(run: ReportedRun, stem: str) -> ReportSection:
    numbers = numbered_names(run)
    same_images = tuple(one for one in run.variants if not one.dataset)
    seen = run.variants[: MAX_OVERVIEWS * MAX_OVERVIEW]
    which = "All variants."
    if len(seen) < len(run.variants):
        which = f"The first {len(seen)} of {len(run.variants)} variants; the tables have all."
    overviews = [
        ReportFigure(
            f"{stem}overview{f'-{place // MAX_OVERVIEW + 1}' if len(run.variants) > MAX_OVERVIEW else ''}",
            f"{which} Accuracy and latency have their 95 % intervals; dashed: the first baseline.",
            "Rows of variants with their accuracy, file size and relative latency; the tables say the same.",
            partial(draw_overview, seen[place : place + MAX_OVERVIEW], numbers),
        )
        for place in range(0, len(seen), MAX_OVERVIEW)
    ]
    accuracy, *further = result_tables(run, stem)
    summed = [table for table in (repetition_table(run, stem), search_table(run, stem)) if table is not None]
    blocks: list[Block] = [*summed, accuracy, *overviews, *further]
    if len(same_images) > 1:
        named = "; ".join(f"{numbers[one.name]} {one.name}" for one in same_images)
        blocks.append(
            ReportFigure(
                f"{stem}trade-off",
                "Accuracy against what a file costs, numbered as in the tables. Filled: no other variant is at least "
                "as accurate at the same or lower cost (Pareto front). Thin lines are 95 % intervals: small "
                f"differences in height may be chance. {named}.",
                "Scatter plots of accuracy against file size, zipped size and latency; the tables say the same.",
                lambda: draw_trade_off(same_images, numbers),
            )
        )
    others = [one.name for one in run.variants if one.dataset]
    if others:
        blocks.append(Prose(f"Measured on other test images, so not in the plots of cost: {', '.join(others)}."))
    return ReportSection("Results", tuple(blocks))


def _training(run: ReportedRun, stem: str) -> ReportSection:
    trained = [stage for stage in run.stages if run.epochs.get(stage.key)]
    named = "; ".join(f"{stage_letter(place)}: {stage.title}" for place, stage in enumerate(trained))
    figure = ReportFigure(
        f"{stem}training",
        f"Loss and accuracy by epoch on training and validation images. {named}.",
        "Curves of loss and accuracy by epoch.",
        lambda: draw_training_curves([run.epochs[stage.key] for stage in trained]),
    )
    took = [
        f"{stage.title} {run.stage_seconds[stage.key]:,.0f} s" for stage in trained if run.stage_seconds.get(stage.key)
    ]
    reused = sum(1 for seconds in run.stage_seconds.values() if seconds == 0)
    if not trained:
        epochs = sum(map(len, run.epochs.values()))
        text = f"The trials of the search trained for {epochs:,} epochs in all; their curves are not drawn here."
        return ReportSection("Training", (Prose(text),))
    blocks: list[Block] = [figure]
    if took:
        blocks.append(Prose(f"Time of training stages: {', '.join(took)}."))
    if reused:
        blocks.append(Prose(f"{reused:,} of {len(run.stages):,} stages had been computed by an earlier run."))
    return ReportSection("Training", tuple(blocks))


def _per_class(run: ReportedRun, stem: str) -> Iterator[ReportSection]:
    numbers = numbered_names(run)
    told = tuple(one for one in run.variants if one.per_class and not one.dataset)
    table = class_table(run, stem)
    if not told or table is None:
        return
    cut = f" The first {MAX_LINES} of {len(told)} variants; the table has all." if len(told) > MAX_LINES else ""
    cut += f" The {MAX_CLASSES} classes that are found least." if len(run.classes) > MAX_CLASSES else ""
    baseline, *others = told
    farthest = sorted(others, key=lambda one: 1.0 if one.agreement is None else one.agreement)[: MAX_MATRICES - 1]
    matrices = (baseline, *(one for one in others if one in farthest))
    left = len(told) - len(matrices)
    which = f" The baseline, and those {len(farthest)} of {len(others)} that agree with it least." if left else ""
    blocks: tuple[Block, ...] = (
        ReportFigure(
            f"{stem}recall",
            f"Recall of each class.{cut}",
            "Recall of each class by variant; the table says the same.",
            lambda: draw_recall(told, numbers),
        ),
        table,
    )
    if all(one.confusion for one in matrices):
        drawn = ReportFigure(
            f"{stem}confusion",
            f"Confusion on the test images: true classes in rows, predicted classes in columns; shades are shares of a "
            f"row.{which}",
            "Confusion matrices.",
            lambda: draw_confusions(matrices, run.classes, numbers),
        )
        blocks = (*blocks, drawn)
    yield ReportSection("Classes", blocks)
