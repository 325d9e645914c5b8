"""Whether a study's test images can show what its target asks for, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.findings import Finding, Severity
from engine.contract.target_settings import TargetSettings
from engine.measurement.paired_comparison import smallest_drop

USUAL_CHANGE = 0.05
"""Of the test images, as int8 changes of a small network."""


def target_findings(target: TargetSettings, test_images: int) -> Iterator[Finding]:
    """A warning where the drop that the recipe allows is finer than these images can tell."""
    asked = target.max_accuracy_drop
    if not asked or not test_images:
        return
    least, usual = smallest_drop(test_images, 0.0), smallest_drop(test_images, USUAL_CHANGE)
    if asked <= least:
        message = (
            f"{test_images:,} test images cannot show that a file loses at most {100 * asked:g} points, even where it "
            f"classifies all of them as its baseline: a drop of {100 * least:.1f} points stays possible. Use more test "
            "images, or allow more."
        )
    elif asked <= usual:
        message = (
            f"{test_images:,} test images can hardly show that a file loses at most {100 * asked:g} points: where "
            f"{100 * USUAL_CHANGE:g} % of its decisions differ, as many for the better as for the worse, a drop of "
            f"{100 * usual:.1f} points stays possible. Use more test images, or allow more."
        )
    else:
        return
    yield Finding(severity=Severity.WARNING, where="target.max_accuracy_drop", message=message)
