"""The variants as CSV: every figure, under the names of the command line's JSON, which carry the units."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from engine.contract.document import Document
from engine.contract.measurements import VariantMeasurement


def variants_csv(variants: Sequence[VariantMeasurement]) -> str:
    """One line per variant below a line of names; an interval becomes two columns, `…_low` and `…_high`, the figures of
    its images one each, `images_…`, and pruning rounds one of JSON."""
    text = io.StringIO()
    rows = [
        flat_row(
            variant.model_dump(exclude=None if variant.is_timed_in_turn else {"latency_ratio", "latency_ratio_ci95"})
        )
        for variant in variants
    ]
    # Not those of the first row only: a figure that has no meaning for one image setting has one for another.
    names = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, list(names), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def flat_row(figures: Document) -> Document:
    """Figures of one variant as columns."""
    row: Document = {}
    for name, value in figures.items():
        if value is None:
            continue
        if isinstance(value, dict):
            row |= {f"{name}_{part}": figure for part, figure in flat_row(value).items()}
        elif name.endswith("_ci95"):
            row[f"{name}_low"], row[f"{name}_high"] = value
        elif name == "evidence":
            # Its kinds alone: `--json` has what they found, which can be longer than a cell may be.
            row[name] = " ".join(dict.fromkeys(one["kind"] for one in value))
        elif isinstance(value, tuple | list) and any(isinstance(part, dict | tuple | list) for part in value):
            row[name] = json.dumps(value)
        elif isinstance(value, tuple | list):
            row[name] = " > ".join(map(str, value)) if name == "steps" else " ".join(map(str, value))
        else:
            row[name] = value
    return row
