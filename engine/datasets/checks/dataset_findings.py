"""Says in sentences what a check of the images means for the study's figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.contract.dataset_check import DatasetCheck
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.findings import Finding, Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.repairs import SetValue
from engine.datasets.source import DATASETS, Split

IMBALANCE = 3.0
"""Of the largest class's training images to the smallest's, from which on it is reported."""
FEW_TEST_IMAGES = 30
"""Of one class: its accuracy has an interval of 30 points or more."""
DARK_SHARE = 0.25
"""Of the range of sixteen bits; the brightest pixel of twelve bits is at 0.06."""
MAX_SIZES_NAMED = 3
MAX_CLASSES_NAMED = 5
NOT_IN_A_SPLIT = {
    Split.TEST: "no figure says how well such images are recognised; add some, or leave the class out",
    Split.VALIDATION: "the best epoch is chosen without such images; add some, or leave the class out",
}
"""What it means where a class has no image in a split."""


def dataset_findings(
    check: DatasetCheck, counts: Mapping[str, Mapping[str, int]], dataset: DatasetSettings, images: ImageSettings
) -> tuple[Finding, ...]:
    """All that is worth a sentence, the worst first.

    Args:
        counts: split → class → images.
    """
    return (
        *_leak_findings(check, dataset),
        *_duplicate_findings(check, dataset),
        *_count_findings(counts),
        *_mode_findings(check),
        *_brightness_findings(check, images),
    )


def _leak_findings(check: DatasetCheck, dataset: DatasetSettings) -> Iterator[Finding]:
    if check.exact_leaks:
        many = _images_have(check.exact_leaks)
        if dataset.duplicates == "keep":
            yield _warning(
                "dataset.duplicates",
                f"{many} the same pixels as one in another split, so accuracy is too optimistic; "
                "duplicates = drop_leaks leaves the copies out.",
                SetValue(place="dataset.duplicates", value="drop_leaks", sentence="Leave out copies across splits"),
            )
        else:
            gone = _left_out(check.exact_leaks)
            yield _note("dataset.duplicates", f"{many} the same pixels as one in another split, and {gone}.")
    if check.near_leaks and not DATASETS[dataset.kind].draws_images:
        many = _images_look(check.near_leaks)
        if dataset.duplicates == "keep" or not dataset.drop_near_duplicates:
            yield _warning(
                "dataset.near_duplicate_bits",
                f"{many} nearly identical to one in another split; check whether they are copies, and if so leave "
                f"them out with "
                "duplicates = drop_leaks and drop_near_duplicates.",
            )
        elif dataset.duplicates == "drop_leaks":
            gone = _left_out(check.near_leaks)
            yield _note("dataset.near_duplicate_bits", f"{many} nearly identical to one in another split, and {gone}.")


def _duplicate_findings(check: DatasetCheck, dataset: DatasetSettings) -> Iterator[Finding]:
    if check.conflicts:
        many = _images_have(check.conflicts)
        message = f"{many} the same pixels as one of another class: at least one of the two labels is wrong."
        yield _warning("dataset", message)
    within = check.exact_duplicates - check.exact_leaks
    if within:
        many = _images_have(within)
        drops = dataset.duplicates == "drop"
        end = f", and {_left_out(within)}." if drops else "; duplicates = drop leaves all but one out."
        yield _note("dataset.duplicates", f"{many} the same pixels as another in the same split{end}")
    near = check.left_out - check.exact_duplicates
    if dataset.duplicates == "drop" and near > 0:
        # Of the same split too, as of all copies.
        message = f"{_images_look(near)} nearly like another, and {_left_out(near)}."
        yield _note("dataset.near_duplicate_bits", message)


def _count_findings(counts: Mapping[str, Mapping[str, int]]) -> Iterator[Finding]:
    train = counts[Split.TRAIN]
    largest, smallest = max(train, key=train.__getitem__), min(train, key=train.__getitem__)
    if train[smallest] and train[largest] >= IMBALANCE * train[smallest]:
        share = train[largest] / sum(train.values())
        yield _warning(
            "dataset.classes",
            f'The class "{largest}" has {train[largest] / train[smallest]:.3g} times the training images of '
            f'"{smallest}"; always answering {largest} would be right in {share:.0%} of them, so compare accuracies '
            "with that.",
        )
    for split, means in NOT_IN_A_SPLIT.items():
        missing = [name for name, count in counts[split].items() if not count]
        if missing:
            yield _warning("dataset.classes", f"There is no {split} image of {_named(missing)}: {means}.")
    few = {name: count for name, count in counts[Split.TEST].items() if 0 < count < FEW_TEST_IMAGES}
    if few:
        name = min(few, key=few.__getitem__)
        message = (
            f'There are few test images (of "{name}" {few[name]}), so accuracies have wide intervals; use more, or a '
            "larger test share."
        )
        yield _note("dataset.test_fraction", message)


def _mode_findings(check: DatasetCheck) -> Iterator[Finding]:
    classes = [set(counts) for counts in check.modes.values()]
    if len(classes) > 1:
        listed = ", ".join(f"{sum(counts.values()):,} {mode}" for mode, counts in check.modes.items())
        apart = all(not one & other for place, one in enumerate(classes) for other in classes[:place])
        if apart:
            message = f"The kind of image alone reveals the class ({listed}); a network may learn only that."
            yield _warning("images.color", message)
        else:
            yield _note("images.color", f"The images are of several kinds: {listed}.")
    if len(check.sizes) > 1:
        named = ", ".join(f"{count:,} of {size}" for size, count in list(check.sizes.items())[:MAX_SIZES_NAMED])
        more = ", …" if len(check.sizes) > MAX_SIZES_NAMED else ""
        yield _note(
            "images.size", f"The images have {len(check.sizes):,} sizes ({named}{more}); all are resized to one."
        )


def _brightness_findings(check: DatasetCheck, images: ImageSettings) -> Iterator[Finding]:
    share = check.brightest_of_16_bit / 65535
    if not 0 < share < DARK_SHARE:
        return
    brightest = f"The brightest pixel of all 16-bit images is {check.brightest_of_16_bit:,} of 65,535"
    if images.jpeg_quality:
        levels = max(check.brightest_of_16_bit >> 8, 1)
        message = f"{brightest}, and JPEG keeps eight bits: {levels} levels of gray are left; set jpeg_quality = 0."
        repair = SetValue(place="images.jpeg_quality", value=0, sentence="Save no JPEG")
        yield _warning("images.jpeg_quality", message, repair)
    if images.scale == "unit":
        message = f"{brightest}, so the network is fed values up to {share:.2f} only; set scale = per_image_max."
        repair = SetValue(place="images.scale", value="per_image_max", sentence="Scale by each image's own maximum")
        yield _warning("images.scale", message, repair)


def _images_have(count: int) -> str:
    return "1 image has" if count == 1 else f"{count:,} images have"


def _images_look(count: int) -> str:
    return "1 image looks" if count == 1 else f"{count:,} images look"


def _named(names: Sequence[str]) -> str:
    """Such as "hen", "emu" and 3 more classes."""
    quoted = [f'"{name}"' for name in names[:MAX_CLASSES_NAMED]]
    more = len(names) - len(quoted)
    if more:
        return f"{', '.join(quoted)} and {more:,} more classes"
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def _left_out(count: int) -> str:
    return "is left out" if count == 1 else "are left out"


def _warning(where: str, message: str, repair: SetValue | None = None) -> Finding:
    return Finding(severity=Severity.WARNING, where=where, message=message, repair=repair)


def _note(where: str, message: str) -> Finding:
    return Finding(severity=Severity.NOTE, where=where, message=message)
