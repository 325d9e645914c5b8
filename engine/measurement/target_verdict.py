"""Says in a sentence where a file is not shown to keep what the recipe's target allows it to lose."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from engine.contract.measurements import PairedComparison, VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.contract.target_settings import TargetSettings


def target_note(paired: PairedComparison | None) -> str:
    """Empty where the target is kept, or none is asked."""
    return " ".join(_sentences(paired)) if paired else ""


def unjudged_note(target: TargetSettings, variants: Sequence[VariantMeasurement], judged: Collection[str]) -> str:
    """Why nothing was held against a target that is asked; empty where something was.

    Args:
        variants: of a whole run.
        judged: the names of those that were compared with their baseline.
    """
    if not target.asks_drop or judged:
        return ""
    chains = any(variant.chain != BASELINE for variant in variants)
    why = "every chain was measured on another dataset" if chains else "no chain was measured"
    return f"The target to lose at most {' and '.join(asked_drops(target))} was not judged: {why}."


def asked_drops(target: TargetSettings) -> Iterator[str]:
    """Such as "2 points of accuracy"."""
    if target.max_accuracy_drop:
        yield _accuracy(target.max_accuracy_drop)
    yield from (_recall(name, drop) for name, drop in target.max_recall_drop.items())


def points_text(drop: float) -> str:
    """A fraction of the images in percentage points, such as "1 point"."""
    return f"{100 * drop:g} point{'' if round(100 * drop, 9) == 1 else 's'}"


def _sentences(paired: PairedComparison) -> Iterator[str]:
    if paired.max_drop is not None and paired.verdict not in (None, "holds"):
        kept = paired.verdict != "does not hold"
        yield _sentence(kept, _accuracy(paired.max_drop), _witnesses(paired.images, paired.groups, ""))
    for name, one in paired.recall.items():
        if one.verdict != "holds":
            kept = one.verdict != "does not hold"
            yield _sentence(kept, _recall(name, one.max_drop), _witnesses(one.images, one.groups, f' of "{name}"'))


def _sentence(may_be_kept: bool, loss: str, witnesses: str) -> str:
    if may_be_kept:
        return f"{witnesses} are too few to tell whether it loses at most {loss}."
    return f"It does not keep the target to lose at most {loss}."


def _accuracy(drop: float) -> str:
    return f"{points_text(drop)} of accuracy"


def _recall(name: str, drop: float) -> str:
    return f'{points_text(drop)} of recall of "{name}"'


def _witnesses(images: int, groups: int | None, of: str) -> str:
    return f"{images:,} test images{of}" if groups is None else f"{groups:,} groups of test images{of}"
