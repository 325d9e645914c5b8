"""The user's table with the class of each file, and perhaps its split and its group."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.datasets.listing.indexing import one_form
from engine.datasets.source import SPLIT_NAMES, Split

PATH_COLUMNS = ("path", "file")


@dataclass(frozen=True)
class LabelRow:
    """One line; empty texts where there is no such column, or nothing in it."""

    path: str
    label: str
    split: Split | None
    group: str


@dataclass(frozen=True)
class LabelTable:
    """The lines of a file by their paths."""

    file: Path
    columns: frozenset[str]
    rows: Mapping[str, LabelRow]
    """Path as written, with "/" between folders → row."""

    def rows_of(self, images: Sequence[tuple[str, str]]) -> list[LabelRow | None]:
        """The line of each image, or None where the table has none; a line is never taken for two files.

        A line says a file's path below the dataset's folder, its whole path, or the end of its path from any folder
        on, which may be its name alone; the fullest path decides. One image of several in a file, "file#3", may have
        a line of its own; else its file's holds.

        Args:
            images: (path below the dataset's folder, whole path) of all images that there are.

        Raises:
            DataError: a line is the end of several files' paths.
        """
        found = [self._found(_key(relative), _key(whole)) for relative, whole in images]
        self._refuse_twins(found, [_file_of(whole) for _, whole in images])
        exact_file = {key: file for key, file, exact in filter(None, found) if exact}
        end_of: dict[str, str] = {}
        for key, file, exact in filter(None, found):
            if not exact and key not in exact_file and end_of.setdefault(key, file) != file:
                raise DataError(
                    f'dataset.labels_csv: "{self.rows[key].path}" in {self.file} is the end of the paths of '
                    f"{end_of[key]} and {file}; write the path below the dataset's folder into that line."
                )
        taken = [one and (one[2] or one[0] not in exact_file) for one in found]
        return [self.rows[one[0]] if one and its else None for one, its in zip(found, taken, strict=True)]

    def split_findings(self, rows: Sequence[LabelRow | None]) -> Iterator[Finding]:
        """What is said where splits are all that the table is read for.

        Args:
            rows: as `rows_of` returns them.
        """
        without = sum(row is None or row.split is None for row in rows)
        used = {row.path for row in rows if row}
        absent = [row.path for row in self.rows.values() if row.path not in used]
        told = []
        if without:
            told.append(
                f"{without:,} of {len(rows):,} images have no split in {self.file.name}; they are split as they "
                f"would be without this file."
                " Add a line with a split for each."
            )
        if absent:
            file = self.file.name
            lines = f"1 line of {file} names" if len(absent) == 1 else f"{len(absent):,} lines of {file} name"
            told.append(f'{lines} no image that is used, such as "{absent[0]}"; check the paths.')
        for message in told:
            yield Finding(severity=Severity.WARNING, where="dataset.labels_csv", message=message)

    def _refuse_twins(self, found: Sequence[tuple[str, str, bool] | None], files: Sequence[str]) -> None:
        """Two files whose names differ in how an accent is written, so that one line means both."""
        of_line: dict[str, str] = {}
        for one, file in zip(found, files, strict=True):
            if one is not None and one[2] and of_line.setdefault(one[0], file) != file:
                raise DataError(
                    f'dataset.labels_csv: "{self.rows[one[0]].path}" in {self.file} names two files, whose names look '
                    f"alike: {of_line[one[0]]!a} and {file!a}; rename one of them."
                )

    def _found(self, relative: str, whole: str) -> tuple[str, str, bool] | None:
        """The line's key, the image's file, and whether the line says the path in full."""
        file = _file_of(whole)
        for path in dict.fromkeys((relative, _file_of(relative), whole, _file_of(whole))):
            if path in self.rows:
                return path, file, True
        for path in dict.fromkeys((whole, _file_of(whole))):
            parts = path.split("/")
            for start in range(1, len(parts)):
                if (end := "/".join(parts[start:])) in self.rows:
                    return end, file, False
        return None


def read_labels_csv(text: str, needed: tuple[str, ...] = ()) -> LabelTable:
    """Read the file that `dataset.labels_csv` names: comma or semicolon between columns, a line of names first.

    Columns are path (or file), label, split and group, in any order; others are ignored and kept nowhere.

    Args:
        needed: columns that must be there beside the path.

    Raises:
        DataError: it cannot be read, a needed column is not there, or a line contradicts another.
    """
    if not text:
        raise DataError("dataset.labels_csv is empty; choose the CSV file.")
    path = Path(text).expanduser()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"dataset.labels_csv: {path} is not a text file in UTF-8; save it as CSV UTF-8.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
        raise DataError(f"dataset.labels_csv: {path} cannot be read ({reason}); check the path.") from None
    header = text.split("\n", 1)[0]
    # Kept as they are: a quoted text may hold an end of a line.
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    given = [name.strip().lower() for name in reader.fieldnames or () if name]
    for name in (*PATH_COLUMNS, "label", "split", "group"):
        if given.count(name) > 1:
            raise DataError(f'dataset.labels_csv: {path} has two columns "{name}"; rename one of them.')
    names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    path_column = next((names[name] for name in PATH_COLUMNS if name in names), None)
    missing = [name for name in needed if name not in names]
    if path_column is None or missing:
        columns = ", ".join([*([] if path_column else ["path"]), *missing])
        raise DataError(f"dataset.labels_csv: the first line of {path} names no column {columns}; add it.")
    rows: dict[str, LabelRow] = {}
    for number, line in enumerate(reader, start=2):
        texts = {name: " ".join((line.get(column) or "").split("\n")).strip() for name, column in names.items()}
        row = _row(texts, path, number)
        if row.path and rows.setdefault(_key(row.path), row) != row:
            raise DataError(f"dataset.labels_csv: line {number} of {path} contradicts another on {row.path}.")
    return LabelTable(path, frozenset(names), rows)


def _row(values: Mapping[str, str], file: Path, number: int) -> LabelRow:
    split = values.get("split", "").lower()
    if split and split not in SPLIT_NAMES:
        raise DataError(
            f'dataset.labels_csv: line {number} of {file} has the split "{split}"; use train, validation or test.'
        )
    path = next(values[name] for name in PATH_COLUMNS if name in values)
    return LabelRow(path, one_form(values.get("label", "")), SPLIT_NAMES.get(split), values.get("group", ""))


def _file_of(path: str) -> str:
    """The file of an image that is one of several in it."""
    file, _, number = path.rpartition("#")
    return file if file and number.isdigit() else path


def _key(path: str) -> str:
    return one_form(path.replace("\\", "/")).removeprefix("./")
