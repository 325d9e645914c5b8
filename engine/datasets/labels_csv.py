"""A table of the user's own that says of each file its class, and perhaps its split and its group."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import DataError
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
    by_name: Mapping[str, LabelRow]
    """File name → row, of those names that are there once."""

    def row_of(self, relative: str, absolute: str = "") -> LabelRow | None:
        """The line of an image: by its path below the dataset's folder, by its whole path, or by its name alone.

        One of several in a file, "file#3", may have a line of its own; else its file's holds.
        """
        names = [_key(name) for path in (relative, absolute) for name in (path, path.rpartition("#")[0])]
        for name in names:
            if (row := self.rows.get(name)) is not None:
                return row
        return next((self.by_name[last] for name in names if (last := name.rpartition("/")[2]) in self.by_name), None)


def read_labels_csv(text: str, needed: tuple[str, ...] = ()) -> LabelTable:
    """Read the file that `dataset.labels_csv` names: comma or semicolon between columns, a line of names first.

    Columns are path (or file), label, split and group, in any order; others are passed over and kept nowhere.

    Args:
        needed: columns that must be there beside the path.

    Raises:
        DataError: it cannot be read, a needed column is not there, or a line contradicts another.
    """
    if not text:
        raise DataError("dataset.labels_csv is empty; choose the CSV file.")
    path = Path(text).expanduser()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise DataError(f"dataset.labels_csv: {path} is not a text file in UTF-8; save it as CSV UTF-8.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
        raise DataError(f"dataset.labels_csv: {path} cannot be read ({reason}); check the path.") from None
    header = lines[0] if lines else ""
    reader = csv.DictReader(lines, delimiter=";" if header.count(";") > header.count(",") else ",")
    names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    path_column = next((names[name] for name in PATH_COLUMNS if name in names), None)
    missing = [name for name in needed if name not in names]
    if path_column is None or missing:
        columns = ", ".join([*([] if path_column else ["path"]), *missing])
        raise DataError(f"dataset.labels_csv: the first line of {path} names no column {columns}; add it.")
    rows: dict[str, LabelRow] = {}
    for number, line in enumerate(reader, start=2):
        row = _row({name: (line.get(column) or "").strip() for name, column in names.items()}, path, number)
        if row.path and rows.setdefault(_key(row.path), row) != row:
            raise DataError(f"dataset.labels_csv: line {number} of {path} contradicts another on {row.path}.")
    counts = Counter(key.rpartition("/")[2] for key in rows)
    by_name = {name: row for key, row in rows.items() if counts[name := key.rpartition("/")[2]] == 1}
    return LabelTable(path, frozenset(names), rows, by_name)


def _row(values: Mapping[str, str], file: Path, number: int) -> LabelRow:
    split = values.get("split", "").lower()
    if split and split not in SPLIT_NAMES:
        raise DataError(
            f'dataset.labels_csv: line {number} of {file} has the split "{split}"; use train, validation or test.'
        )
    path = next(values[name] for name in PATH_COLUMNS if name in values)
    return LabelRow(path, values.get("label", ""), SPLIT_NAMES.get(split), values.get("group", ""))


def _key(path: str) -> str:
    return unicodedata.normalize("NFC", path.replace("\\", "/")).removeprefix("./")
