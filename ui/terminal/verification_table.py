"""What verifying a run found, as the command line prints it."""

from __future__ import annotations

from engine.language.speech import mark, tr
from engine.verification.verified_figures import Verification
from ui.terminal.named_rows_table import NamedRowsTable
from ui.verification_lines import shown_groups

HEADS = {
    "probabilities": mark("proba-\nbilities"),
    "agreement": mark("agree-\nment"),
    "threshold": mark("thres-\nhold"),
}

OUTCOMES = (mark("holds"), mark("does not hold"), mark("not verified"))
"""What `FigureGroup.outcome` may be."""


def verification_table(found: Verification) -> NamedRowsTable:
    """One row per variant, one column per group of figures."""
    groups = shown_groups(found)
    table = NamedRowsTable(tr("Run {name}, computed again", name=found.run), tr("chain"))
    for name in groups:
        table.add_column(tr(HEADS.get(name, name)), no_wrap=True)
    for variant in found.variants:
        outcomes = {group.group: tr(group.outcome) for group in variant.groups}
        table.add_row(variant.variant, *(outcomes.get(name, "–") for name in groups))
    return table
