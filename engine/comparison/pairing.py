"""Two variants of any runs against each other on the same test images."""

from __future__ import annotations

import numpy as np

from engine.comparison.run_selection import ComparedVariant
from engine.comparison.variant_images import aligned, are_same_images
from engine.contract.measurements import PairedComparison
from engine.measurement.paired_comparison import paired_comparison


class NotComparable(Exception):
    """Why two variants cannot be tested against each other, as a sentence without its full stop."""


def compared_variants(first: ComparedVariant, second: ComparedVariant) -> PairedComparison:
    """The second against the first, image by image.

    Raises:
        NotComparable: they did not classify the same images, or what they predicted is not kept.
    """
    if second.run is first.run and second.variant.paired and second.variant.paired.against == first.variant.name:
        # As the run measured it, groups included.
        return second.variant.paired
    labels, ours, theirs = _answers(first, second)
    if first.run.has_groups or second.run.has_groups:
        raise NotComparable(
            "their test images belong in groups, such as patients, and no file keeps which: so only a run itself can "
            "test its files against its baseline"
        )
    found = paired_comparison(labels, ours, theirs, against=first.name)
    # The correction and the verdict are those of a whole table.
    return found


def changed_images(first: ComparedVariant, second: ComparedVariant) -> tuple[int, int]:
    """Images that became right and wrong from the first to the second.

    Raises:
        NotComparable: as `compared_variants`, groups aside.
    """
    labels, ours, theirs = _answers(first, second)
    right_before, right_after = ours == labels, theirs == labels
    return int((right_after & ~right_before).sum()), int((right_before & ~right_after).sum())


def share_alike(first: ComparedVariant, second: ComparedVariant) -> float:
    """On which share of the images both predict the same class, 0 to 1.

    Raises:
        NotComparable: as `changed_images`.
    """
    _, ours, theirs = _answers(first, second)
    return float(np.mean(ours == theirs))


def _answers(first: ComparedVariant, second: ComparedVariant) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, and what both predict, int64 (images,) each."""
    for one in (first, second):
        if one.is_mean:
            raise NotComparable(f'"{one.name}" is a mean over repetitions, which no single file gives')
        if one.images is None:
            raise NotComparable(one.fault.rstrip("."))
        if one.images.predicted is None:
            raise NotComparable(f'the run of "{one.name}" did not keep what its files predict; run its recipe again')
    assert first.images is not None
    assert second.images is not None
    if first.images.classes != second.images.classes:
        raise NotComparable("they tell other classes apart")
    if not are_same_images(first.images, second.images):
        raise NotComparable("they were tested on other images")
    ours, theirs = aligned(first.images, second.images)
    assert ours.predicted is not None
    assert theirs.predicted is not None
    return ours.label_places, ours.predicted, theirs.predicted
