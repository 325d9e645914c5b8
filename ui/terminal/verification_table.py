"""What verifying a run found, as the command line prints it."""

from __future__ import annotations

from rich.table import Table

from engine.verification.verified_figures import Verification
from ui.verification_lines import shown_groups

HEADS = {"probabilities": "proba-\nbilities", "agreement": "agree-\nment", "threshold": "thres-\nhold"}


def verification_table(found: Verification) -> Table:
    """One row per variant, one column per group of figures."""
    groups = shown_groups(found)
    table = Table(title=f"Run {found.run}, computed again", title_justify="left")
    table.add_column("chain", overflow="fold", min_width=9)
    for name in groups:
        table.add_column(HEADS.get(name, name))
    for variant in found.variants:
        outcomes = {group.group: group.outcome for group in variant.groups}
        table.add_row(variant.variant, *(outcomes.get(name, "–") for name in groups))
    return table
