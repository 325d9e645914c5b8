"""Compared variants as CSV: the columns of a run's table, with the run, and against the chosen baseline."""

from __future__ import annotations

import csv
import io

from engine.comparison.comparison import Comparison
from engine.figures.variants_csv import flat_row

OF_ONE_FILE = {"file", "ranges_file", "predictions", "split", "seed", "fold", "evidence", "pruning_rounds"}
NOT_TIMED = ("latency_ratio", "latency_ratio_ci95")


def comparison_csv(comparison: Comparison) -> str:
    """One line per row below a line of names, which are those of `--json` and carry the units.

    Agreement, paired figures and the latency ratio are against the comparison's baseline, and empty where they do not
    compare; the notes of a run's own table are left out.
    """
    rows = []
    for row in comparison.rows:
        left_out = {"note", "control", *(() if row.timed_together else NOT_TIMED)}
        left_out |= set() if row.same_images else {"agreement"}
        shown = row.shown
        if row.source.is_mean:
            # What is of the first repetition alone, and how many images there are over all, are no figures of a mean.
            left_out |= OF_ONE_FILE
            shown = shown.model_copy(update={"paired": None})
        own = {"run": row.source.run.title, "variant": row.source.variant.name, "baseline": comparison.baseline.name}
        same = {"same_test_images": row.same_images, "unpaired": row.unpaired}
        rows.append(own | flat_row(shown.model_dump(exclude=left_out)) | same)
    names = dict.fromkeys(name for row in rows for name in row)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(names), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
