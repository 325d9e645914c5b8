"""The figures of a run's variants as tables, read from the one declaration of all figures."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract.measurements import PairedComparison, VariantMeasurement
from engine.figures.figure import Figure
from engine.figures.figure_text import p_text
from engine.figures.search_words import objective_title, settings_text, value_text
from engine.figures.summary_text import summary_heads, summary_rows, summary_title
from engine.figures.variant_figures import FIGURES
from engine.report.content import ReportTable
from engine.report.reported_run import ReportedRun

DASH = "–"
NAME = "variant"
ACCURACY = ("accuracy", "accuracy_change", "p_value", "agreement")
PREDICTIONS = ("balanced_accuracy", "macro_f1", "mcc", "auc", "ece", "log_loss", "sensitivity", "specificity")
COSTS = ("size", "size_ratio", "zip", "zip_ratio", "latency", "latency_p95", "latency_ratio", "peak_memory")
ELSEWHERE = ("chain", "setting", "note", "steps", "test_set", "image_ratio", "image_gain")
"""Told by the name of the variant, by sentences, or with the images."""
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("predictions", "Further figures of the predictions.", PREDICTIONS),
    ("costs", "Size, latency and memory of the files.", COSTS),
)
SHOWN_ELSEWHERE = frozenset({*ACCURACY, *PREDICTIONS, *COSTS, *ELSEWHERE})
WORDS = frozenset({"stored_as", "steps", "runs_on", "limits", "delegates"})


def numbered_names(run: ReportedRun) -> dict[str, int]:
    """Variant → the number by which figures name it, from 1."""
    return {variant.name: place for place, variant in enumerate(run.variants, start=1)}


def result_tables(run: ReportedRun, stem: str) -> tuple[ReportTable, ...]:
    """One per question; a figure that no variant has is left out, and one that is new goes to the last."""
    rest = tuple(figure.name for figure in FIGURES if figure.name not in SHOWN_ELSEWHERE)
    groups = (*GROUPS, ("contents", "What the files hold.", ("steps", *rest)))
    tables = [_table(run, f"{stem}{key}", caption, names) for key, caption, names in groups]
    return (accuracy_table(run, stem), *(table for table in tables if len(table.heads) > 1))


def repetition_table(run: ReportedRun, stem: str) -> ReportTable | None:
    """Each chain over the repetitions of the study; None where nothing was repeated."""
    summary = run.result.summary if run.result else ()
    if not summary:
        return None
    heads = ("chain", *summary_heads(summary))
    # The baseline has nothing to say in the last columns.
    padded = ((*row, *[""] * (len(heads) - len(row))) for row in summary_rows(summary))
    rows = tuple(tuple(cell.replace("\n", " ") or DASH for cell in row) for row in padded)
    caption = f"{summary_title(summary)}. Δ and p compare each chain with its baseline, repetition by repetition."
    return ReportTable(f"{stem}repetitions", caption, heads, rows)


def search_table(run: ReportedRun, stem: str) -> ReportTable | None:
    """What a search found; None where there was none."""
    search = run.result.search if run.result else None
    if search is None or not search.front:
        return None
    heads = ("trial", *map(objective_title, search.objectives), "settings")
    rows = tuple(
        (
            str(point.trial),
            *(value_text(name, point.values[name]) for name in search.objectives),
            settings_text(point.settings, run.recipe),
        )
        for point in search.front
    )
    last = frozenset({len(heads) - 1})
    note = f" {search.note}" if search.note else ""
    caption = (
        f"What a search over {search.trials:,} trials found: in no other trial is an objective better and none worse. "
        f"Stopped early: {search.stopped:,}; failed: {search.failed:,}.{note}"
    )
    return ReportTable(f"{stem}search", caption, heads, rows, left=last, wraps=last)


def shared_table(runs: Sequence[ReportedRun]) -> ReportTable:
    """The variants of several runs below each other, each against the baseline of its own run."""
    chosen = _figures(("accuracy", "accuracy_change", "size", "size_ratio", "zip", "latency", "latency_ratio"))
    rows = [
        (run.title, variant.name, *(figure.text(variant, run.baseline_of(variant)) for figure in chosen))
        for run in runs
        for variant in run.variants
    ]
    heads = ("run", NAME, *(_head(figure) for figure in chosen))
    caption = "All variants. Each is compared with the baseline of its own run; runs may have other test images."
    return ReportTable("all-runs", caption, heads, tuple(rows), left=frozenset({0, 1}))


def accuracy_table(run: ReportedRun, stem: str) -> ReportTable:
    """Accuracy of each variant, and how it compares with its baseline on the same test images."""
    accuracy, agreement, change = _figures(("accuracy", "agreement", "accuracy_change"))
    numbers = numbered_names(run)
    rows = []
    for variant in run.variants:
        baseline, one = run.baseline_of(variant), variant.paired
        rows.append(
            (
                f"({numbers[variant.name]}) {variant.name}",
                accuracy.text(variant, baseline),
                DASH if variant.name == baseline.name else change.text(variant, baseline),
                DASH if one is None else f"{one.lost:,}",
                DASH if one is None else f"{one.won:,}",
                DASH if one is None else p_text(one.p_value),
                DASH if one is None or one.p_holm is None else p_text(one.p_holm),
                agreement.text(variant, baseline),
                _target(one),
            )
        )
    heads = (NAME, accuracy.title, "Δ points\n(95 % CI)", "lost", "won", "p", "p\n(Holm)", agreement.title, "target")
    told = [place for place in range(len(heads)) if place < 2 or any(row[place] != DASH for row in rows)]
    left = frozenset(new for new, place in enumerate(told) if place in {0, len(heads) - 1})
    caption = "Accuracy on the test images, with its Wilson interval; agreement is with the baseline's predictions."
    if (images := _compared_images(run)) != "":
        caption += (
            f" Δ, lost, won and p compare each file with its baseline on the same {images}: lost, those that only the "
            "baseline classifies correctly; won, the other way; p of the paired test, and corrected by Holm."
        )
    drop = run.recipe.target.max_accuracy_drop
    if drop and len(heads) - 1 in told:
        caption += f" Target: whether the interval shows a loss of at most {100 * drop:g} points."
    cells = tuple(tuple(row[place] for place in told) for row in rows)
    return ReportTable(f"{stem}accuracy", caption, tuple(heads[place] for place in told), cells, left=left)


def _compared_images(run: ReportedRun) -> str:
    """Such as "240 test images in 31 groups"; empty where nothing was compared."""
    paired = [one.paired for one in run.variants if one.paired]
    if not paired:
        return ""
    one = paired[0]
    same = all((other.images, other.groups) == (one.images, one.groups) for other in paired)
    if not same:
        return "test images"
    return f"{one.images:,} test images" + (f" in {one.groups:,} groups" if one.groups else "")


def class_table(run: ReportedRun, stem: str) -> ReportTable | None:
    """Recall of each class by each variant; None where no variant tells it."""
    told = [one for one in run.variants if one.per_class and not one.dataset]
    if not told:
        return None
    numbers = numbered_names(run)
    rows = [
        (name, f"{figures.support:,}", *(_fraction(one, name) for one in told))
        for name, figures in told[0].per_class.items()
    ]
    heads = ("class", "test\nimages", *(f"({numbers[one.name]})" for one in told))
    named = "; ".join(f"({numbers[one.name]}) {one.name}" for one in told)
    caption = f"Recall of each class, the share of its test images that is found, by variant: {named}."
    return ReportTable(f"{stem}recall", caption, heads, tuple(rows))


def _fraction(variant: VariantMeasurement, name: str) -> str:
    figures = variant.per_class.get(name)
    return DASH if figures is None or figures.recall is None else f"{figures.recall:.3f}"


def _table(run: ReportedRun, key: str, caption: str, names: tuple[str, ...]) -> ReportTable:
    rows = [[figure.text(one, run.baseline_of(one)) for figure in _figures(names)] for one in run.variants]
    told = [
        (figure, column)
        for figure, column in zip(_figures(names), zip(*rows, strict=True), strict=True)
        if any(cell not in {DASH, ""} for cell in column)
    ]
    numbers = numbered_names(run)
    names_of_rows = [f"({numbers[one.name]}) {one.name}" for one in run.variants]
    heads = (NAME, *(_head(figure) for figure, _ in told))
    cells = zip(names_of_rows, *(column for _, column in told), strict=True)
    words = frozenset(place for place, (figure, _) in enumerate(told, start=1) if figure.name in WORDS)
    return ReportTable(key, caption, heads, tuple(cells), left=words | {0}, wraps=words)


def _figures(names: tuple[str, ...]) -> tuple[Figure, ...]:
    known = {figure.name: figure for figure in FIGURES}
    return tuple(known[name] for name in names if name in known)


def _head(figure: Figure) -> str:
    return figure.title


def _target(one: PairedComparison | None) -> str:
    """Whether the drops that the recipe allows are kept: of accuracy, and of the recall of the classes it names."""
    if one is None:
        return DASH
    of_accuracy = [one.verdict] if one.verdict else []
    return (
        "; ".join([*of_accuracy, *(f"recall of {name}: {found.verdict}" for name, found in one.recall.items())]) or DASH
    )
