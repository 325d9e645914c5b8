"""What is said of the images: whether each is there and as it was, and what they weigh."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract.measurements import ImageBytes
from engine.verification.figure_comparison import compared_group, differing_figure
from engine.verification.finished_run import SplitImages
from engine.verification.read_images import ReadImages
from engine.verification.verified_figures import FigureGroup, VerifiedImages

MAX_NAMED = 3


def verified_images(name: str, kept: SplitImages, found: ReadImages, printed: ImageBytes | None) -> VerifiedImages:
    """
    Args:
        printed: None where the run printed no bytes of this setting.
    """
    groups = [_contents(kept, found)]
    if printed is not None:
        groups.append(_bytes(found, printed))
    return VerifiedImages(name=name, groups=tuple(groups))


def _contents(kept: SplitImages, found: ReadImages) -> FigureGroup:
    count = len(kept.digest_of or kept.label_of)
    if found.why:
        return FigureGroup(group="images", why=f"The images cannot be listed: {found.why}")
    relabelled = [path for path, label in kept.label_of.items() if found.label_of.get(path, label) != label]
    findings = (
        ("images that are there", count, found.missing, "No longer there"),
        ("images that can be read", count, list(found.unreadable), "Cannot be read"),
        ("images with the same pixels", count, found.changed, "Other pixels than the run read"),
        ("images of the same class", len(kept.label_of), relabelled, "Now of another class"),
    )
    differing = [
        one
        for name, printed, wrong, said in findings
        if (one := differing_figure(name, printed, printed - len(wrong), f"{said}: {_named(wrong)}.")) is not None
    ]
    compared = sum(printed for _, printed, _, _ in findings)
    return FigureGroup(group="images", compared=compared, differing=tuple(differing))


def _bytes(found: ReadImages, printed: ImageBytes) -> FigureGroup:
    gone = len(found.missing) + len(found.unreadable)
    if found.why or gone:
        why = "not all images could be read again." if gone else "no image could be read again."
        return FigureGroup(group="bytes", why=f"Bytes before and after were not computed again, as {why}")
    before, after = found.bytes_before, found.bytes_after
    again = {
        "bytes_before": before,
        "bytes_after": after,
        "compression_ratio": before / after,
        "space_gain": 1 - after / before,
    }
    return compared_group("bytes", {name: getattr(printed, name) for name in again}, again)


def _named(paths: Sequence[str]) -> str:
    more = len(paths) - MAX_NAMED
    return ", ".join(paths[:MAX_NAMED]) + (f" and {more:,} more" if more > 0 else "")
