"""The variants against their baselines on the same test images, as the command line prints them."""

from __future__ import annotations

from rich.table import Table

from engine.contract.measurements import PairedComparison
from engine.contract.run_result import RunResult
from engine.figures.figure_text import p_text
from engine.figures.verdict_words import VERDICTS
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, number_text, tr
from ui.recall_text import RECALL_HEADS, RECALL_TITLE, recall_rows
from ui.terminal.named_rows_table import NamedRowsTable

PAIRED_HEADS = (
    mark("Δ accuracy, points\n(95 % CI)"),
    mark("became\nwrong"),
    mark("became\nright"),
    "p",
    mark("p, corrected\n(Holm)"),
)


def recall_table(result: RunResult) -> Table | None:
    """One row per variant and class that the target names; None: it names none, or nothing was compared."""
    rows = recall_rows(result.variants)
    if not rows:
        return None
    table = NamedRowsTable(tr(RECALL_TITLE), tr("chain"))
    for head in RECALL_HEADS:
        table.add_column(tr(head), justify="left" if head == "class" else "right", no_wrap=head != "class")
    for row in rows:
        table.add_row(*row)
    return table


def paired_table(result: RunResult) -> Table | None:
    """One row per variant that classified its baseline's test images; None: there is none."""
    pairs = [(variant.name, variant.paired) for variant in result.variants if variant.paired]
    if not pairs:
        return None
    groups = next((one.groups for _, one in pairs if one.groups), None)
    of = tr(" in {groups} groups", groups=groups) if groups else ""
    title = tr("Against the baseline, on the same {images:,} test images{of}", images=pairs[0][1].images, of=of)
    table = NamedRowsTable(title, tr("chain"))
    for head in PAIRED_HEADS:
        table.add_figure(tr(head))
    asked = next((one.max_drop for _, one in pairs if one.max_drop), None)
    if asked:
        table.add_figure(tr("loses at most\n{points:g} points", points=100 * asked))
    for name, one in pairs:
        verdict = [recognised(VERDICTS[one.verdict])] if one.verdict else []
        table.add_row(name, *paired_cells(one, str(one.lost), str(one.won)), *verdict)
    return table


def paired_cells(one: PairedComparison, lost: str, won: str) -> tuple[str, ...]:
    """Below `PAIRED_HEADS`."""
    low, high = (100 * end for end in one.difference_ci95)
    change = tr("{change:+.1f} ({low:+.1f} to {high:+.1f})", change=100 * one.difference, low=low, high=high)
    corrected = "" if one.p_holm is None else number_text(p_text(one.p_holm))
    return (change, lost, won, number_text(p_text(one.p_value)), corrected)
