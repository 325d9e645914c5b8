"""A group is never on both sides of a drawn split, however groups are named."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import dataset_fingerprint, prepare, scan
from engine.datasets.listing.group_split import draw_by_group
from engine.datasets.listing.grouping import group_findings
from engine.datasets.listing.labels_csv import LabelTable, read_labels_csv
from engine.datasets.source import Sample, Split

SMALL = ImageSettings(size=8, color="grayscale")
DRAWN = frozenset({Split.VALIDATION, Split.TEST})


def _samples(seed: int, groups: int, classes: int) -> list[Sample]:
    """Groups of 1 to 30 images, mostly of one class."""
    generator = np.random.default_rng(seed)
    samples = []
    for group in range(groups):
        main = generator.integers(classes)
        for number in range(generator.integers(1, 30)):
            label = int(main if generator.random() < 0.9 else generator.integers(classes))
            samples.append(Sample(f"{group}/{number}", label, group=f"g{group}"))
    return samples


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_whole_and_every_class_gets_its_share(seed: int) -> None:
    samples = _samples(seed, groups=120, classes=3)
    split_of = draw_by_group(samples, ("a", "b", "c"), DRAWN, DatasetSettings(), seed)
    sides = defaultdict(set)
    for sample in samples:
        sides[sample.group].add(split_of[sample.path])
    assert all(len(splits) == 1 for splits in sides.values())
    totals = Counter(sample.label for sample in samples)
    held = Counter((sample.label, split_of[sample.path]) for sample in samples)
    for label in range(3):
        assert held[label, Split.TEST] / totals[label] == pytest.approx(0.15, abs=0.03)
        assert held[label, Split.VALIDATION] / totals[label] == pytest.approx(0.15, abs=0.03)
    assert split_of == draw_by_group(samples, ("a", "b", "c"), DRAWN, DatasetSettings(), seed)
    assert split_of != draw_by_group(samples, ("a", "b", "c"), DRAWN, DatasetSettings(), seed + 1)


@pytest.mark.parametrize("seed", range(5))
def test_with_three_groups_a_class_each_split_has_all_classes(seed: int) -> None:
    sizes = np.random.default_rng(seed).integers(1, 100, (2, 3))
    samples = [
        Sample(f"{label}/{group}/{number}", label, group=f"{label}/{group}")
        for label in range(2)
        for group in range(3)
        for number in range(sizes[label, group])
    ]
    split_of = draw_by_group(samples, ("a", "b"), DRAWN, DatasetSettings(), seed)
    assert {(sample.label, split_of[sample.path]) for sample in samples} == {(a, b) for a in range(2) for b in Split}


def test_too_few_groups_are_a_sentence() -> None:
    samples = [Sample(str(number), number % 2, group=f"g{number % 4}") for number in range(40)]
    with pytest.raises(DataError, match='The class "a" has images of 2 groups only, and 3 are needed'):
        draw_by_group(samples, ("a", "b"), DRAWN, DatasetSettings(), 7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve patients, each with both classes: class/patient/number.png."""
    for label, name in enumerate(("normal", "sick")):
        for patient in range(12):
            for number in range(patient % 3 + 1):
                path = tmp_path / "images" / name / f"p{patient:02d}" / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.full((8, 8), 20 * patient + label + 3 * number, np.uint8)).save(path)
    return tmp_path / "images"


def _sides(settings: DatasetSettings) -> dict[str, set[str]]:
    sides = defaultdict(set)
    for sample in scan(settings, 7).samples:
        sides[Path(sample.path).parent.name].add(str(sample.split))
    return sides


def _settings(folder: Path, **more: object) -> DatasetSettings:
    return DatasetSettings(kind="image_folder", path=str(folder), **more)


def _csv(folder: Path) -> str:
    lines = ["File;Group;name of the patient"]
    for path in folder.rglob("*.png"):
        lines.append(f"{path.relative_to(folder).as_posix()};{path.parent.name};Jane")
    (folder.parent / "groups.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    return str(folder.parent / "groups.csv")


@pytest.mark.parametrize("group_by", ["folder:1", r"pattern:/(p\d+)/", "csv"])
def test_a_patient_is_on_one_side_only(folder: Path, group_by: str) -> None:
    apart = _sides(_settings(folder))
    assert any(len(splits) > 1 for splits in apart.values()), "without groups the patients are parted"
    sides = _sides(_settings(folder, group_by=group_by, labels_csv=_csv(folder)))
    assert len(sides) == 12
    assert all(len(splits) == 1 for splits in sides.values())
    assert {split for splits in sides.values() for split in splits} == set(Split)


def test_the_fingerprint_knows_how_images_are_grouped(folder: Path) -> None:
    def fingerprint(group_by: str) -> str:
        settings = _settings(folder, group_by=group_by)
        return dataset_fingerprint(scan(settings, 7), SMALL, 7)

    assert len({fingerprint(group_by) for group_by in ("", "folder:1", r"pattern:p\d\d")}) == 3


def test_groups_of_the_datasets_own_splits_that_lie_on_both_sides_are_told(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "split"
    root.mkdir()
    folder.rename(root / "train")
    for name in ("normal", "sick"):
        (root / "test" / name).mkdir(parents=True)
        (root / "train" / name / "p05").rename(root / "test" / name / "p05")
        (root / "test" / name / "p04").mkdir()
        (root / "train" / name / "p04" / "1.png").rename(root / "test" / name / "p04" / "1.png")
    settings = _settings(root, group_by="folder:1")
    dataset = prepare(scan(settings, 7), settings, SMALL, 7, tmp_path / "cache")
    (finding,) = (one for one in dataset.summary.findings if one.where == "dataset.group_by")
    assert finding.message.startswith("1 of 12 groups (4 images) lie in more than one of the dataset's own splits")


def test_images_without_a_group_are_told_and_split_by_themselves(folder: Path) -> None:
    settings = _settings(folder, group_by=r"pattern:(p0[0-8])")
    (finding,) = group_findings(scan(settings, 7).samples, settings)
    assert "12 images belong to no group by pattern" in finding.message


@pytest.mark.parametrize("group_by", ["folder:0", "folder:x", "folder", "pattern:", "pattern:(", "patients", "csv"])
def test_groups_with_invalid_names_are_refused(group_by: str) -> None:
    with pytest.raises(ValidationError):
        DatasetSettings(group_by=group_by)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"group_by": "folder:9"}, r"lies only 2 folders below the dataset's"),
        ({"group_by": "patient"}, r"needs images that carry a patient's number"),
        ({"group_by": "csv", "labels_csv": "nowhere.csv"}, r"nowhere.csv cannot be read"),
    ],
)
def test_what_cannot_group_these_images_is_a_sentence(folder: Path, settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        scan(_settings(folder, **settings), 7)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "names no column path, label"),
        (b"path,group\na.png,1", "names no column label"),
        (b"path,label\na.png,x\na.png,y", "line 3 of .* contradicts another on a.png"),
        (b"path,label,split\na.png,x,practice", 'has the split "practice"'),
        (b"path,label\na.png,\xff", "is not a text file in UTF-8"),
    ],
)
def test_a_table_that_cannot_be_used_is_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(DataError, match=sentence):
        read_labels_csv(str(tmp_path / "labels.csv"), needed=("label",))


def table_of(folder: Path, *paths: str) -> LabelTable:
    lines = ["path,label", *(f"{path},{number}" for number, path in enumerate(paths))]
    (folder / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    return read_labels_csv(str(folder / "labels.csv"), needed=("label",))


def labels_of(table: LabelTable, *relative: str) -> list[str | None]:
    rows = table.rows_of([(path, f"/data/scans/{path}") for path in relative])
    return [row.label if row else None for row in rows]


def test_files_are_found_in_a_table_by_the_fullest_path(tmp_path: Path) -> None:
    outside = table_of(tmp_path, "scans/a/one.dcm", "/data/scans/b/one.dcm", "two.dcm")
    assert labels_of(outside, "a/one.dcm", "b/one.dcm", "c/one.dcm", "c/two.dcm") == ["0", "1", None, "2"]


def test_a_line_of_a_table_is_one_files_alone(tmp_path: Path) -> None:
    listed = table_of(tmp_path, "patient1/IM01.dcm", "IM02.dcm")
    paths = ("patient1/IM01.dcm", "other/IM01.dcm", "IM02.dcm", "other/IM02.dcm")
    assert labels_of(listed, *paths) == ["0", None, "1", None]
    with pytest.raises(DataError, match=r'"IM02.dcm" in .* is the end of the paths of .*a/IM02.dcm and .*b/IM02.dcm'):
        labels_of(listed, "a/IM02.dcm", "b/IM02.dcm")


def test_images_of_one_file_share_its_line_or_have_their_own(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a.dcm", "b.dcm#2")
    assert labels_of(table, "p/a.dcm#1", "p/a.dcm#2", "p/b.dcm#1", "p/b.dcm#2") == ["0", "0", None, "1"]


def test_files_are_found_in_a_table_by_path_or_by_a_name_that_is_there_once(tmp_path: Path) -> None:
    lines = ["label,path,split", "x,a\\one.dcm,Train", "y,b/one.dcm,valid", "z,two.dcm,", ",,"]
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    table = read_labels_csv(str(tmp_path / "labels.csv"), needed=("label",))
    names = ("a/one.dcm", "b/one.dcm", "deep/two.dcm", "c/one.dcm")
    found = table.rows_of([(name, f"/data/{name}") for name in names])
    assert [(row.label, row.split) if row else None for row in found] == [
        ("x", Split.TRAIN),
        ("y", Split.VALIDATION),
        ("z", None),
        None,
    ]
