"""Seeds, folds and a search in the words of a methods section."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.objectives import OF_TEST_IMAGES
from engine.contract.recipe import Recipe
from engine.contract.search_settings import SearchRange, SearchSettings, Varied
from engine.figures.figure_text import listed
from engine.figures.search_words import objective_title, value_text
from engine.report.reference_list import Library
from engine.report.reported_run import ReportedRun

SAMPLERS = {
    "tpe": "the tree-structured Parzen estimator",
    "nsga2": "the genetic algorithm NSGA-II",
    "random": "random draws",
}


def repeats_sentence(recipe: Recipe) -> str:
    """How often the study is repeated; empty where it is not."""
    seeds, folds = recipe.seeds, recipe.folds
    if len(seeds) < 2 and not folds:
        return ""
    parts = []
    if folds:
        whole = ", with all images of one group in one part" if recipe.dataset.group_by else ""
        parts.append(
            f"The images were divided into {folds} parts for a cross-validation{whole}: each part was tested on by "
            "networks that were trained on the others."
        )
    if len(seeds) > 1:
        named = ", ".join(map(str, seeds))
        if recipe.split_seed is not None:
            divided = "with the same split of the images"
        else:
            divided = "each of which moved the split of the images, the first weights and their order"
        parts.append(f"The study was computed with the seeds {named}, {divided}.")
    return " ".join(parts)


def repeats_method(run: ReportedRun, known: Library) -> str:
    """How means over repetitions and their intervals were found; empty where there are none."""
    summary = run.result.summary if run.result else ()
    if not summary:
        return ""
    text = "Means and standard deviations are over these repetitions"
    if all(one.same_test_images for one in summary):
        return (
            f"{text}; their 95 % intervals, and p values of differences to the baselines, come from seeds and test "
            f"images as crossed random effects{known.cite('method:crossed')}."
        )
    return (
        f"{text}; their 95 % intervals, and p values of differences to the baselines, are of the t distribution with a "
        f"variance that allows for overlapping training images{known.cite('method:resampled')}."
    )


def search_paragraph(run: ReportedRun, known: Library) -> str:
    """What was searched, how, and by what the files were chosen; empty without a search."""
    search = run.recipe.search
    if search is None:
        return ""
    found = run.result.search if run.result else None
    trials = f" in {found.trials:,} trials" if found else ""
    optuna = known.cite("method:optuna")
    sampler = known.cite(f"method:{search.sampler}")
    varied = "; ".join(f"{place} among {_values(values)}" for place, values in search.vary.items())
    text = (
        f"The settings above are those of the recipe; a search varied {varied}{trials}, suggested by "
        f"{SAMPLERS[search.sampler]}{sampler} in Optuna{optuna}. It kept the files that no other trial beats in "
        f"{listed([objective_title(name) for name in search.objectives])}{_floors(search)}."
    )
    if found and any(trial.epoch for trial in found.stopped_trials):
        lagging = sum(trial.epoch is not None for trial in found.stopped_trials)
        text += (
            f" Of the trials {lagging} {'was' if lagging == 1 else 'were'} stopped while the baseline trained, since "
            "it was less accurate on the validation images than those of others that are no larger or slower "
            f"(asynchronous successive halving{known.cite('method:asha')})."
        )
    if search.judges_by_validation:
        text += " Validation accuracy is that of each file on the validation images."
    if not any(name in OF_TEST_IMAGES for name in (*search.objectives, *search.floors)):
        text += " The test images were not used to choose."
    return text


def _floors(search: SearchSettings) -> str:
    named = ", ".join(f"{objective_title(name)} {value_text(name, value)}" for name, value in search.floors.items())
    return f", within the limits {named}" if named else ""


def _values(values: Varied) -> str:
    if isinstance(values, str):
        return "the orders of its steps"
    if isinstance(values, SearchRange):
        return f"{values.low:g} to {values.high:g}"
    return ", ".join(map(str, values))


def search_limits(run: ReportedRun) -> Iterator[str]:
    """What a reader of a searched run is to know."""
    if run.recipe.search is None:
        return
    yield (
        "The files of a search are the best of many by chance too: repeat what is taken with several seeds, on images "
        "that the search has not seen."
    )
