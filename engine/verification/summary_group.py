"""The mean, deviation and comparison of each chain over the repetitions of a study, computed again."""

from __future__ import annotations

from collections.abc import Mapping

from engine.chain.classified_images import ClassifiedImages
from engine.chain.repeated_variants import summarised
from engine.datasets.source import Split
from engine.verification.answered_images import AnsweredImages
from engine.verification.figure_comparison import compared_group
from engine.verification.finished_run import FinishedRun
from engine.verification.image_sets import ImageSets
from engine.verification.verified_figures import FigureGroup

GROUP = "summary"


def summary_group(
    run: FinishedRun, images: ImageSets, answered: Mapping[str, AnsweredImages], broken: Mapping[str, str]
) -> FigureGroup | None:
    """None where the run printed none. The figures of single variants are those printed, which are verified as their
    own.

    Args:
        answered: variant → its answers.
        broken: variant → why nothing can be compared with it.
    """
    printed = run.result.summary
    if not printed:
        return None
    variants = run.result.variants
    if broken:
        return FigureGroup(group=GROUP, why=next(iter(broken.values())))
    classified = {}
    for variant in variants:
        kept, found = images.kept(variant), answered[variant.name]
        tested = found.tested
        if not tested.has_groups and run.recipe.dataset.group_by:
            return FigureGroup(group=GROUP, why="Which images belong together is not known any more, as some are gone.")
        classified[variant.name] = ClassifiedImages(
            images="\0".join((variant.dataset, variant.setting, *tested.paths)),
            test_images="\0".join(f"{path} {kept.digest_of.get(path, '')}" for path in tested.paths),
            train_images=len(kept.paths(Split.TRAIN)),
            labels=tested.labels,
            predicted=found.predicted,
            groups=tested.groups if any(tested.groups) else (),
            classes=tuple(variant.per_class),
        )
    again = summarised(variants, classified, run.recipe.folds, run.recipe.target)
    return compared_group(GROUP, {GROUP: printed}, {GROUP: again})
