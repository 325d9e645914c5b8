"""What somebody needs to make a run again and to know that it is the same."""

from __future__ import annotations

from collections.abc import Iterator

import tomli_w

from engine.contract.recipe_file import recipe_document
from engine.launch.program import typed_command
from engine.report.content import Block, BulletList, Listing, Prose, ReportSection, ReportTable
from engine.report.private_text import LEFT_OUT, PATH_KEYS, public_recipe
from engine.report.recipe_words import short_document
from engine.report.reported_run import DATASET, RECIPE, SPLIT, ReportedRun
from engine.store.file_hash import file_hash
from engine.store.prediction_file import PREDICTIONS_FILE
from engine.store.run_hashes import is_damaged


def recipe_name(stem: str) -> str:
    """Of the file beside the report."""
    return f"{stem}recipe.toml"


def public_recipe_text(run: ReportedRun) -> str:
    """The whole recipe, with what has to be filled in said on top where a path is left out."""
    text = tomli_w.dumps(public_recipe(recipe_document(run.recipe)), multiline_strings=False)
    return f'# Where it says "{LEFT_OUT}", write where your copy is.\n{text}' if LEFT_OUT in text else text


def reproduction_section(run: ReportedRun, stem: str) -> ReportSection:
    name = recipe_name(stem)
    text = tomli_w.dumps(public_recipe(short_document(run.recipe)), multiline_strings=False)
    blocks: list[Block] = [
        Prose("This command, in the program's folder, makes the run again:"),
        Listing(typed_command(f"run {name}")),
        BulletList(tuple(_said(run, text))),
    ]
    if hashes := _hashes(run, stem):
        blocks.append(hashes)
    blocks += [
        Prose(f"The recipe, as far as it differs from the defaults ({name} beside this report names every key):"),
        Listing(text.strip()),
    ]
    return ReportSection("Reproducibility", tuple(blocks))


def _said(run: ReportedRun, recipe: str) -> Iterator[str]:
    yield f"Run {run.run}."
    if LEFT_OUT in recipe:
        keys = ", ".join(sorted(PATH_KEYS))
        yield f'Where the recipe says "{LEFT_OUT}", write where your copy is ({keys}, class_folders).'
    for one in run.environments:
        versions = ", ".join(f"{name} {version}" for name, version in one.packages.items())
        yield f"Computed with Nutshell {one.nutshell}, Python {one.python}, {versions}; {one.system}."
    if not run.environments:
        yield "The run noted no versions of its software."
    if run.device:
        yield f"Trained on {run.device}."
    yield (
        "The same recipe, images, versions and kind of processor give the same weights, bit for bit. split.csv says "
        "which image was in which split; it names files, so it stays with the run."
    )


def _hashes(run: ReportedRun, stem: str) -> ReportTable | None:
    files = [(name, name) for name in (RECIPE, DATASET)]
    for name in (SPLIT, PREDICTIONS_FILE):
        # A study with several splits or datasets has a file of each.
        first, _, ending = name.partition(".")
        files += [(one.name, one.name) for one in sorted(run.directory.glob(f"{first}*.{ending}"))]
    files += [(one.file, f"{one.name} (.tflite)") for one in run.variants]
    rows = []
    first_with: dict[str, str] = {}
    for file, shown in files:
        path = run.directory / file
        if path.is_file():
            changed = " – changed since the run ended" if is_damaged(run.directory, path) else ""
            digest = file_hash(path)
            # Trials of a search share baselines.
            told = f"the same file as {first_with[digest]}" if digest in first_with else digest
            first_with.setdefault(digest, shown)
            rows.append((shown, f"{path.stat().st_size:,}", told + changed))
    if not rows:
        return None
    caption = "SHA-256 of the run's files."
    return ReportTable(
        f"{stem}hashes", caption, ("file", "bytes", "SHA-256"), tuple(rows), frozenset({0, 2}), frozenset({2})
    )
