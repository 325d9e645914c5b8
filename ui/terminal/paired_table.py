"""The variants against their baselines on the same test images, as the command line prints them."""

from __future__ import annotations

from rich.table import Table

from engine.contract.run_result import RunResult
from engine.figures.figure_text import p_text
from engine.figures.verdict_words import VERDICTS
from ui.recall_text import RECALL_HEADS, RECALL_TITLE, recall_rows
from ui.terminal.named_rows_table import NamedRowsTable


def recall_table(result: RunResult) -> Table | None:
    """One row per variant and class that the target names; None: it names none, or nothing was compared."""
    rows = recall_rows(result.variants)
    if not rows:
        return None
    table = NamedRowsTable(RECALL_TITLE, "chain")
    for head in RECALL_HEADS:
        table.add_column(head, justify="left" if head == "class" else "right", no_wrap=head != "class")
    for row in rows:
        table.add_row(*row)
    return table


def paired_table(result: RunResult) -> Table | None:
    """One row per variant that classified its baseline's test images; None: there is none."""
    pairs = [(variant.name, variant.paired) for variant in result.variants if variant.paired]
    if not pairs:
        return None
    groups = next((one.groups for _, one in pairs if one.groups), None)
    of = f" in {groups} groups" if groups else ""
    title = f"Against the baseline, on the same {pairs[0][1].images:,} test images{of}"
    table = NamedRowsTable(title, "chain")
    for head in ("Δ accuracy, points\n(95 % CI)", "became\nwrong", "became\nright", "p", "p, corrected\n(Holm)"):
        table.add_figure(head)
    asked = next((one.max_drop for _, one in pairs if one.max_drop), None)
    if asked:
        table.add_figure(f"loses at most\n{100 * asked:g} points")
    for name, one in pairs:
        low, high = (100 * end for end in one.difference_ci95)
        change = f"{100 * one.difference:+.1f} ({low:+.1f} to {high:+.1f})"
        corrected = "" if one.p_holm is None else p_text(one.p_holm)
        verdict = [VERDICTS[one.verdict]] if one.verdict else []
        table.add_row(name, change, str(one.lost), str(one.won), p_text(one.p_value), corrected, *verdict)
    return table
