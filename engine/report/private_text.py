"""Keeps out of a report what says whose images or whose computer it was: paths, and names of image files."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.document import Document
from engine.contract.recipe import Recipe

ELSEWHERE, AN_IMAGE, LEFT_OUT = "(a path)", "(an image)", "left out of this report"
PATH_KEYS = frozenset({"path", "validation_path", "test_path", "labels_csv", "weights"})
"""Of a recipe: what leads to files of the user's."""
ABSOLUTE = re.compile(r"(?<![\w:/\\])(?:~[\w.-]*[\\/]|/(?=[\w.~-]+/)|[A-Za-z]:[\\/]|\\\\)[^\s\"'<>|,;:()]*")
"""A path from a root, a drive, a share or a home folder."""
BELOW = r"(?:[\\/][^\"'<>|\n]*?\.\w{1,5}\b)?(?:[\\/][^\s\"'<>|,;:()]*)?"
"""What lies below a known folder, also where a name has spaces."""
SHORTEST_NAME = 4
ORDINARY_FOLDERS = frozenset(
    {"train", "training", "test", "testing", "validation", "valid", "images", "data", "phantom"}
)
"""Letters: shorter names of files would be found inside of words."""


class PrivateText:
    """Replaces what is private in a text by what kind of thing it is."""

    def __init__(self, paths: Iterable[str], images: Iterable[str], labels: Iterable[str] = ()) -> None:
        """
        Args:
            paths: folders and files of the user's.
            images: paths of the images, as the split table has them.
            labels: of other datasets, which are named by their folder.
        """
        known = {one: ELSEWHERE for path in paths for one in _ways_to_write(path)}
        known |= {label: label.split()[0] for label in labels if " " in label}
        longest_first = sorted(known.items(), key=lambda item: -len(item[0]))
        self._known = tuple((re.compile(re.escape(one) + BELOW), word) for one, word in longest_first)
        self._images = frozenset(one for image in images for one in _names_of(image))

    def hidden(self, text: str) -> str:
        """The text without them."""
        for private, word in self._known:
            text = private.sub(word, text)
        text = ABSOLUTE.sub(ELSEWHERE, text)
        if not self._images:
            return text
        return re.sub(r"[^\s\"'<>|,;()]+", lambda one: self._word(one[0]), text)

    def _word(self, word: str) -> str:
        bare = word.rstrip(".:")
        return AN_IMAGE + word[len(bare) :] if bare in self._images else word


def private_text(directory: Path, recipe: Recipe) -> PrivateText:
    """What is private of a run in a directory."""
    datasets = [recipe.dataset, *_other_datasets(recipe)]
    paths = [str(directory), str(directory.parent.parent), str(Path.home()), recipe.backbone.weights]
    for dataset in datasets:
        paths += [dataset.path, dataset.validation_path, dataset.test_path, dataset.labels_csv]
    roots = [str(Path(path).expanduser()).replace("\\", "/").rstrip("/") for path in paths if path]
    images: list[str] = []
    folders: set[str] = set()
    for table in directory.glob("split*.csv"):
        with table.open(encoding="utf-8", newline="", errors="replace") as stream:
            rows = [row for row in csv.DictReader(stream) if row.get("path")]
        images += [row["path"] for row in rows]
        # A folder may be called by the patient whose images lie in it; the classes are told anyway.
        below = {part for row in rows for part in _folders_of(row["path"], roots)}
        folders |= below - {row.get("label") for row in rows} - ORDINARY_FOLDERS
    return PrivateText(paths, [*images, *folders], [dataset.label() for dataset in datasets])


def _folders_of(image: str, roots: Iterable[str]) -> list[str]:
    """Names of the folders between a root and an image. Of a table of 100,000 images each is asked, so no `Path` is."""
    plain = image.replace("\\", "/")
    below = next((plain[len(root) :] for root in roots if plain.startswith(f"{root}/")), None)
    if below is None:
        below = "" if plain.startswith("/") or ":/" in plain[:3] else plain
    return below.strip("/").split("/")[:-1]


def public_recipe(document: Document) -> Document:
    """A recipe as nested values, in which no path and no folder is named."""
    return {name: _without_paths(value, name) for name, value in document.items()}


def _without_paths(value: object, key: str = "") -> object:
    if isinstance(value, dict):
        if key == "class_folders" and value:
            return {name: [LEFT_OUT] for name in value}
        return {name: _without_paths(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_paths(one) for one in value]
    return LEFT_OUT if key in PATH_KEYS and value else value


def _other_datasets(recipe: Recipe) -> Iterator[DatasetSettings]:
    for chain in recipe.chains:
        for step in chain.steps:
            if (other := step.other_dataset()) is not None:
                yield other


def _ways_to_write(path: str) -> Iterator[str]:
    """As it is given and in full; a root or a word would be found in every sentence."""
    if not path:
        return
    for one in {path, str(Path(path).expanduser()), str(Path(path).expanduser().absolute())}:
        if len(one) >= SHORTEST_NAME and ("/" in one or "\\" in one):
            yield one


def _names_of(image: str) -> Iterator[str]:
    """An image's path, and its name with and without ending; not a bare number, which may be a figure."""
    pure = PurePath(image.replace("\\", "/"))
    for one in (image, pure.name, pure.stem):
        if len(one) >= SHORTEST_NAME and not one.replace(",", "").replace(".", "").isdigit():
            yield one
