"""The file sizes that the page `matrix.md` has of a step, found by the step's label."""

from __future__ import annotations

import re
from itertools import dropwhile, takewhile

from ui.guide.contents import DOCUMENTATION

MATRIX = "matrix.md"
THEN = " → "
UNCOMPRESSED = "from scratch"
"""The column whose step leaves the architecture as it was, so its float32 file has the baseline's size."""


def matrix_sizes(labels: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Title of a column → backbone → size in kB as printed, or "refused (1)"; the float32 file comes first.

    It is empty where the matrix has no such column.

    Args:
        labels: of the step, such as "pruning 80 %"; the matrix may have it with other numbers. A column is the step's
            where it stands there alone, or else as the last of a chain.
    """
    lines = (DOCUMENTATION / MATRIX).read_text(encoding="utf-8").splitlines()
    begun = dropwhile(lambda line: not line.startswith("|"), lines)
    # The first table; another tells of runtimes.
    first = takewhile(lambda line: line.startswith("|"), begun)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in first]
    titles, cells = rows[0][1:], rows[2:]
    wanted = {_kind(label) for label in labels}
    alone = [number for number, title in enumerate(titles) if _kind(title) in wanted and THEN not in title]
    last = [number for number, title in enumerate(titles) if _kind(title.split(THEN)[-1]) in wanted]
    columns = {titles[number]: {row[0].strip("`"): row[number + 1] for row in cells} for number in alone or last}
    if not columns:
        return {}
    float32 = titles.index(UNCOMPRESSED) + 1
    return {"float32": {row[0].strip("`"): row[float32] for row in cells}} | columns


def _kind(label: str) -> str:
    """The first two words of a label, without numbers that are settings: "pruning #" of "pruning 80 %"."""
    return " ".join(re.sub(r"\b\d+(?= |$)", "#", label).split()[:2])
