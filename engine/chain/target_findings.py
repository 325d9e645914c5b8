"""Whether a study's test images can show what its target asks for, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.contract.findings import Finding, Severity
from engine.contract.target_settings import TargetSettings
from engine.datasets.listing.grouping import group_key
from engine.datasets.source import Sample, Split
from engine.measurement.paired_comparison import smallest_drop

USUAL_CHANGE = 0.05
"""Of the test images, as int8 changes of a small network."""


def target_findings(target: TargetSettings, test_images: int, test_groups: int = 0) -> Iterator[Finding]:
    """A warning where the drop that the recipe allows is finer than these images can tell.

    Args:
        test_groups: such as patients, where images of one are no independent witnesses; 0: each image stands alone.
    """
    asked = target.max_accuracy_drop
    if not asked or not test_images:
        return
    witnesses = test_groups or test_images
    some = f"{test_groups:,} groups of test images" if test_groups else f"{test_images:,} test images"
    more = "test images of more groups" if test_groups else "more test images"
    least, usual = smallest_drop(witnesses, 0.0), smallest_drop(witnesses, USUAL_CHANGE)
    if asked <= least:
        message = (
            f"{some} cannot show that a file loses at most {100 * asked:g} points, even where it classifies all of "
            f"them as its baseline: a drop of {100 * least:.1f} points stays possible. Use {more}, or allow more."
        )
    elif asked <= usual:
        message = (
            f"{some} can hardly show that a file loses at most {100 * asked:g} points: where "
            f"{100 * USUAL_CHANGE:g} % of them change, as many for the better as for the worse, a drop of "
            f"{100 * usual:.1f} points stays possible. Use {more}, or allow more."
        )
    else:
        return
    yield Finding(severity=Severity.WARNING, where="target.max_accuracy_drop", message=message)


def groups_of_test_images(samples: Iterable[Sample]) -> int:
    """Of the test images, those that stand alone included; 0 where no two belong together."""
    keys = [group_key(sample) for sample in samples if sample.split is Split.TEST]
    count = len(set(keys))
    return count if count < len(keys) else 0
