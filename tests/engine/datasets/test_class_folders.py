"""Patterns name folders anywhere below the dataset's; the innermost one that is named decides."""

from __future__ import annotations

import shutil
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from engine.contract.errors import DataError, RecipeError
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe_file import build_recipe, parse_recipe, recipe_text
from engine.datasets.cache.preparation import dataset_fingerprint, scan
from engine.datasets.listing.class_folders import ClassFolders
from engine.datasets.source import SampleIndex, Split
from tests.engine.datasets.test_image_folder import draw_patients, fill, settings

Mapping = dict[str, tuple[str, ...]]
BY_KIND: Mapping = {"sick": ("**/sick*",), "normal": ("**/normal",)}


@pytest.mark.parametrize(
    ("pattern", "folder", "named"),
    [
        ("a", "a", True),
        ("a", "b/a", False),
        ("a/", "a", True),
        ("*", "a", True),
        ("a*/b", "abc/b", True),
        ("a*/b", "a/x/b", False),
        ("**/b", "b", True),
        ("**/b", "x/y/b", True),
        ("**/b", "x/yb", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**", "a", True),
        ("a/**", "ab", False),
        ("**", "a/b", True),
        ("p?", "p1", True),
        ("p?", "p12", False),
        ("p?b", "p/b", False),
        ("p[12]", "p2", True),
        ("p[1-3]", "p2", True),
        ("p[!1-3]", "p2", False),
        ("p[!1-3]", "p4", True),
        ("p[!1]b", "p/b", False),
        ("p[1", "p[1", True),
        ("p[[]1]", "p[1]", True),
        ("[]]", "]", True),
        ("p.1", "p_1", False),
        (".", "", True),
        ("A", "a", False),
        (unicodedata.normalize("NFD", "Übung*"), "Übungen", True),
    ],
)
def test_patterns(pattern: str, folder: str, named: bool) -> None:
    parts = tuple(folder.split("/")) if folder else ()
    rule = ClassFolders({"x": (pattern,)})
    assert (rule.class_of(parts) == "x") is named
    assert rule.unused() == ([] if named else [("x", pattern)])


def test_what_is_below_a_folder_belongs_to_it_unless_named_itself() -> None:
    rule = ClassFolders({"sick": ("a", "a/b/c/d"), "normal": ("a/b",)})
    classes = [rule.class_of(tuple(folder)) for folder in ("a", "ax", "ab", "abx", "abc", "abcd", "abcdx", "x", "")]
    assert classes == ["sick", "sick", "normal", "normal", "normal", "sick", "sick", None, None]


def counts(index: SampleIndex) -> dict[str, int]:
    found = Counter(index.classes[sample.label] for sample in index.samples)
    return dict(found)


def test_classes_by_pattern(tmp_path: Path) -> None:
    index = scan(settings(draw_patients(tmp_path), class_folders=BY_KIND), 7)
    assert index.classes == ("normal", "sick")
    assert counts(index) == {"normal": 24, "sick": 24}
    assert Counter((Path(one.path).name, one.reason) for one in index.skipped) == {
        ("localiser", "is not a class folder, so its images (3) are left out"): 8
    }


def test_folders_and_patterns_together(tmp_path: Path) -> None:
    drawn = {"sick": ("hospital_0/patient_0", "**/sick*"), "normal": ("hospital_1", "hospital_0/patient_0/MR/normal")}
    index = scan(settings(draw_patients(tmp_path), class_folders=drawn), 7)
    # Patient 0: all but the normal slices; of the others the sick ones; of hospital 1 what is not sick.
    assert counts(index) == {"sick": 6 + 7 * 3, "normal": 3 + 4 * 6}


def test_a_class_can_be_left_out_and_the_folder_packed(tmp_path: Path) -> None:
    tree = draw_patients(tmp_path / "tree")
    drawn = BY_KIND | {"other": ("**/localiser",)}
    index = scan(settings(tree, class_folders=drawn, classes=("sick", "normal")), 7)
    assert counts(index) == {"sick": 24, "normal": 24}
    assert not index.skipped
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "tree")
    packed = scan(settings(Path(archive), class_folders=drawn, classes=("sick", "normal")), 7, cache=tmp_path / "cache")
    assert [Path(one.path).relative_to(archive) for one in packed.samples] == [
        Path(one.path).relative_to(tree) for one in index.samples
    ]


def test_two_trees_have_one_mapping(tmp_path: Path) -> None:
    draw_patients(tmp_path / "one")
    for name in ("normal", "sick"):
        fill(tmp_path / "two" / "later" / name, 5)
    chosen = settings(tmp_path / "one", validation_path=str(tmp_path / "two"), class_folders=BY_KIND)
    index = scan(chosen, 7)
    validation = [sample for sample in index.samples if sample.split is Split.VALIDATION]
    assert len(validation) == 10
    assert all("two" in Path(sample.path).parts for sample in validation)


def test_split_folders_are_kept(tmp_path: Path) -> None:
    for split in ("train", "test"):
        draw_patients(tmp_path / split)
    index = scan(settings(tmp_path, class_folders=BY_KIND), 7)
    assert sum(sample.split is Split.TEST for sample in index.samples) == 48
    only = {"sick": ("*/hospital_0/**/sick*",), "normal": ("train/**/normal", "test/**/normal")}
    assert counts(scan(settings(tmp_path, class_folders=only), 7)) == {"sick": 24, "normal": 48}


def test_many_images_beside_the_class_folders_are_listed_as_their_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / name)
    fill(tmp_path, 30, side=4)
    (skipped,) = scan(settings(tmp_path), 7).skipped
    assert (skipped.path, skipped.reason) == (str(tmp_path), "is not a class folder, so its images (30) are left out")


@pytest.mark.parametrize(
    ("drawn", "sentence"),
    [
        ({"sick": ("**/sick*", "**/sik"), "normal": ("**/normal",)}, r'matches "\*\*/sik" \(sick\)'),
        ({"sick": ("**/sick*",), "normal": ("hospital_?", "**/*_a")}, r"belongs to both normal and sick"),
        ({"sick": ("**/sick*",)}, r"only one class .* \(sick\)"),
        ({"sick": ("**/patient_1",), "normal": ("**/MR/..",)}, None),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(tmp_path: Path, drawn: Mapping, sentence: str | None) -> None:
    draw_patients(tmp_path)
    if sentence is None:
        with pytest.raises(ValueError, match="a pattern is a path below the dataset's folder"):
            settings(tmp_path, class_folders=drawn)
        return
    with pytest.raises(DataError, match=sentence):
        scan(settings(tmp_path, class_folders=drawn), 7)


def test_the_recipe_keeps_the_mapping() -> None:
    text = (
        'schema = 1\n[dataset]\nkind = "image_folder"\nclass_folders = { sick = "**/sick*", normal = ["a", "b/c"] }\n'
    )
    recipe = parse_recipe(text)
    assert recipe.dataset.class_folders == {"sick": ("**/sick*",), "normal": ("a", "b/c")}
    assert parse_recipe(recipe_text(recipe)) == recipe
    for bad in ({"sick": "/a"}, {"sick": []}, {"": "a"}, {"sick": "a/../../b"}, {"sick": 3}, {"sick": ""}):
        with pytest.raises(RecipeError, match=r"dataset\.class_folders"):
            build_recipe({"schema": 1, "dataset": {"class_folders": bad}})


def test_a_mapping_that_says_what_the_names_say_changes_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / name)
    plain = scan(settings(tmp_path), 7)
    mapped = scan(settings(tmp_path, class_folders={"a": ("a",), "b": ("b",)}), 7)
    assert dataset_fingerprint(plain, ImageSettings(), 7) == dataset_fingerprint(mapped, ImageSettings(), 7)
