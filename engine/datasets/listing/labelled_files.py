"""Files with a label: by the folders that they lie in, by classes drawn over any tree, or by a table of the user's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from engine.contract.errors import DataError, EmptyClass
from engine.contract.findings import Finding
from engine.contract.measurements import SkippedFile
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.files.frames import (
    Frames,
    chosen_frames,
    file_and_frame,
    frame_name,
    frames_finding,
    odd_pages_finding,
)
from engine.datasets.listing.class_folders import ClassFolders, TopFolders
from engine.datasets.listing.data_path import DataPath, open_path
from engine.datasets.listing.folder_tree import TOLD_EVERY, FoundFiles, ImageFile, walked
from engine.datasets.listing.grouping import relative_name
from engine.datasets.listing.indexing import alike_findings, chosen_classes, in_natural_order, sample_index
from engine.datasets.listing.labels_csv import LabelRow, LabelTable, read_labels_csv
from engine.datasets.listing.split_folders import beside_findings, images_beside_splits, walked_parts
from engine.datasets.source import DatasetSource, OutlinedFolder, Sample, SampleIndex, Split

LAYOUT = (
    "put each class into a folder of its own: FOLDER/class/image.png, or FOLDER/train/class/image.png; or say with "
    "dataset.class_folders which folders are which class"
)


class LabelledFiles(DatasetSource):
    """What the sources of files have in common: they differ in which files they take and in how these are read."""

    shared_keys: ClassVar[tuple[str, ...]] = (
        "validation_path",
        "test_path",
        "class_folders",
        "labels_csv",
        "group_by",
        "frames",
    )
    frames_of_auto: ClassVar[Frames] = "all"
    """Which images of a file with several are used where the recipe does not say."""

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return cls.path_need.takes(path)

    def index(self, progress: Progress = UNWATCHED) -> SampleIndex:
        table = read_labels_csv(self.settings.labels_csv) if self.settings.labels_csv else None
        if table is not None and "label" in table.columns:
            return self._index_by_table(table, progress)
        drawn = ClassFolders(self.settings.class_folders) if self.settings.class_folders else None
        found = FoundFiles(drawn or TopFolders(), progress, self.is_image)
        trees = self._open_trees(progress)
        found.told += [finding for tree, _ in trees for finding in tree.findings()]
        found.are_unpacked = any(tree.given.is_file() for tree, _ in trees)
        for folder, split, tree in walked_parts(trees):
            found.walk(folder, split, base=tree if drawn else folder)
        root = trees[0][0].given
        for name, pattern in drawn.unused() if drawn else ():
            raise DataError(
                f'dataset.class_folders: no folder below {root} matches "{pattern}" ({name}); correct or remove the '
                "pattern."
            )
        _refuse_useless(root, found)
        classes = chosen_classes(self.settings, in_natural_order(found.classes), "class folder")
        return self._index_by_folders(root, classes, found, table, progress)

    def images_in(self, path: Path) -> tuple[str, ...]:
        """The images that are used of one file, wherever it lies, as a sample's path names them.

        Raises:
            OSError: there are none; the message says why.
        """
        found = FoundFiles(TopFolders(), is_image=self.is_image)
        file = found.file(path, class_name="", split=None)
        names = tuple(sample.path for sample in self._samples_of(file, 0, found)) if file is not None else ()
        if not names:
            raise OSError(found.skipped[0].reason if found.skipped else "holds no image")
        return names

    def outline(self, progress: Progress = UNWATCHED) -> Iterator[OutlinedFolder]:
        found = 0
        for (key, _, _), (tree, _) in zip(self._given_trees(), self._open_trees(progress), strict=True):
            for folder, names in walked(tree.folder, lambda path, reason: None):
                images = sum(map(self.is_image, names))
                yield OutlinedFolder(key, folder.relative_to(tree.folder).parts, images)
                found += images
                progress.report(found, 0)

    @property
    def frames(self) -> Frames:
        """Which images of a file with several are used."""
        return self.frames_of_auto if self.settings.frames == "auto" else self.settings.frames

    def _file_and_frame(self, sample: Sample) -> tuple[Path, int]:
        return file_and_frame(
            next(filter(None, (tree.file(sample.path) for tree in self._archives)), Path(sample.path))
        )

    def _given_trees(self) -> list[tuple[str, str, Split | None]]:
        """The dataset's own tree, and those that its validation and test images lie in: (key, path, split)."""
        settings = self.settings
        second = [
            ("validation_path", settings.validation_path, Split.VALIDATION),
            ("test_path", settings.test_path, Split.TEST),
        ]
        given = [tree for tree in second if tree[1]]
        return [("path", settings.path, Split.TRAIN if len(given) == len(second) else None), *given]

    def _open_trees(self, progress: Progress = UNWATCHED) -> list[tuple[DataPath, Split | None]]:
        return [
            (open_path(path, f"dataset.{key}", self.path_need, self.cache, progress), split)
            for key, path, split in self._given_trees()
        ]

    @cached_property
    def _archives(self) -> list[DataPath]:
        return [tree for tree, _ in self._open_trees() if tree.is_archive]

    @staticmethod
    @abstractmethod
    def is_image(name: str) -> bool:
        """Whether a file of such a name may be one of this source's images."""

    @abstractmethod
    def _samples_of(self, file: ImageFile, label: int, found: FoundFiles) -> Iterator[Sample]:
        """The images in a file; one that holds none after all is noted in `found`."""

    def _samples_in(self, file: ImageFile, label: int, count: int, found: FoundFiles) -> Iterator[Sample]:
        """Those that are used of a file with `count` images; they stay together."""
        stamp, shown = file.stamp, self._shown(file.path)
        if count > 1:
            found.several[file.path] = count
        for frame in chosen_frames(count, self.frames):
            if count == 1:
                yield Sample(shown, label, file.split, stamp, file.file_bytes)
            else:
                size = max(file.file_bytes // count, 1)
                yield Sample(frame_name(shown, frame), label, file.split, stamp, size, str(file.path))

    def _index_by_folders(
        self,
        root: Path,
        classes: tuple[str, ...],
        found: FoundFiles,
        table: LabelTable | None,
        progress: Progress,
    ) -> SampleIndex:
        labels = {name: label for label, name in enumerate(classes)}
        samples: list[Sample] = []
        for done, file in enumerate(found.files.values()):
            if done % TOLD_EVERY == 0:
                progress.report(done, len(found.files))
            if file.class_name in labels:
                samples += self._samples_of(file, labels[file.class_name], found)
        filled = {classes[sample.label] for sample in samples}
        for name in classes:
            if name not in filled:
                raise EmptyClass(
                    f'The class folder "{name}" in {root} holds no images; add some, or leave the class out with '
                    "dataset.classes.",
                    name,
                    tuple(one for one in classes if one in filled),
                )
        if table is not None and "split" in table.columns:
            rows = self._rows_of(table, samples)
            found.told += table.split_findings(rows)
            samples = [
                replace(one, split=row.split or one.split) if row else one
                for one, row in zip(samples, rows, strict=True)
            ]
        findings = [*self._findings(found), *alike_findings(classes, "dataset.classes")]
        skipped = (SkippedFile(path=self._shown(Path(one.path)), reason=one.reason) for one in found.skipped)
        return sample_index(classes, samples, self.settings, self.seed, skipped, findings)

    def _rows_of(self, table: LabelTable, samples: Sequence[Sample]) -> list[LabelRow | None]:
        return table.rows_of([(relative_name(sample.path, self.settings), sample.path) for sample in samples])

    def _index_by_table(self, table: LabelTable, progress: Progress) -> SampleIndex:
        """Every file that the table has a label for, wherever it lies."""
        found = FoundFiles(_Anywhere(), progress, self.is_image)
        trees = self._open_trees(progress)
        found.told += [finding for tree, _ in trees for finding in tree.findings()]
        found.are_unpacked = any(tree.given.is_file() for tree, _ in trees)
        for folder, split, tree in walked_parts(trees):
            found.walk(folder, split, base=tree)
        samples: list[Sample] = []
        for done, file in enumerate(found.files.values()):
            if done % TOLD_EVERY == 0:
                progress.report(done, len(found.files))
            samples += self._samples_of(file, 0, found)
        named: list[tuple[Sample, str]] = []
        listed: set[str] = set()
        for sample, row in zip(samples, self._rows_of(table, samples), strict=True):
            if row is not None:
                listed.add(row.path)
            if row is None or not row.label:
                found.skip(Path(sample.path), f"has no label in {table.file.name}")
                continue
            named.append((replace(sample, split=row.split or sample.split), row.label))
        if not named:
            raise DataError(
                f"dataset.labels_csv: {table.file} has a label for none of the {len(found.files):,} files in "
                f"{self.settings.path}; its paths must be those of the files below that folder."
            )
        absent = [
            SkippedFile(path=row.path, reason=f"is listed in {table.file.name}, but is not an image in the folder")
            for row in table.rows.values()
            if row.path not in listed
        ]
        classes = chosen_classes(self.settings, in_natural_order({name for _, name in named}), "label")
        if len(classes) < 2:
            raise DataError(
                f"dataset.labels_csv: {table.file} has one label only ({classes[0]}); at least two are needed."
            )
        labels = {name: label for label, name in enumerate(classes)}
        labelled = (replace(sample, label=labels[name]) for sample, name in named if name in labels)
        findings = [*self._findings(found), *alike_findings(classes, "dataset.labels_csv")]
        skipped = (SkippedFile(path=self._shown(Path(one.path)), reason=one.reason) for one in found.skipped)
        return sample_index(classes, labelled, self.settings, self.seed, (*skipped, *absent), findings)

    def _findings(self, found: FoundFiles) -> list[Finding]:
        """What is said of the images beside the split folders, each folder of which is noted in `found`, and of frames
        that are not used."""
        beside = images_beside_splits(self._open_trees()[0][0], self.is_image)
        for folder, images in beside.items():
            found.skip(folder, f"lies beside the train folder, so its images ({images:,}) are left out")
        frames = [*frames_finding(found.several, self.frames), *odd_pages_finding(found.odd_pages)]
        return [*found.told, *beside_findings(beside), *frames]

    def _shown(self, path: Path) -> str:
        tree = next((tree for tree in self._archives if path.is_relative_to(tree.folder)), None)
        return tree.shown(path) if tree else str(path)


class _Anywhere:
    """No folder says anything of the class."""

    def class_of(self, folder: tuple[str, ...]) -> str | None:
        return ""


def _refuse_useless(root: Path, found: FoundFiles) -> None:
    if not found.files:
        if found.without_class:
            raise DataError(f"The images in {root} ({found.without_class}) are not in class folders; {LAYOUT}.")
        raise DataError(f"There are no images in {root}; {LAYOUT}.")
    if len(found.classes) < 2:
        (name,) = found.classes
        raise DataError(f"There is only one class in {root} ({name}); a classifier needs two: {LAYOUT}.")
