"""What a power meter wrote: a CSV file with a time and watts in each row."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError
from engine.device.device_results import LARGEST

MOST_BYTES = 256 * 2**20
LEAST_ROWS = 20
MOST_S = 7 * 86_400.0
YEAR_2001 = 1e9
"""Seconds since 1970: smaller times are relative to something else."""


@dataclass(frozen=True)
class PowerLog:
    """Over time."""

    seconds: np.ndarray
    """float64, rising; since 1970 where `is_absolute`."""
    watts: np.ndarray
    is_absolute: bool

    @classmethod
    def read(cls, path: Path) -> PowerLog:
        """
        Args:
            path: rows of time and watts, separated by commas, semicolons or tabs. A time is in seconds, since 1970 or
                since any other moment, or written as 2026-03-01T14:25:00.5; without a zone it counts as UTC.

        Raises:
            DataError: it cannot be read so; the sentence says what is wrong and where.
        """
        try:
            if path.stat().st_size > MOST_BYTES:
                raise DataError(
                    f"{path} is larger than {MOST_BYTES // 2**20} MiB; cut out the time of the measurement."
                )
            text = path.read_text(encoding="utf-8-sig", errors="replace")
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror or error}); check the path.") from None
        rows = np.array(list(_rows(text, path)), dtype=np.float64).reshape(-1, 2)
        if len(rows) < LEAST_ROWS:
            raise DataError(f"{path} has {len(rows)} rows with a time and watts, and at least {LEAST_ROWS} are needed.")
        if np.any(np.diff(rows[:, 0]) < 0):
            place = int(np.argmax(np.diff(rows[:, 0]) < 0)) + 2
            raise DataError(f"{path}: the times do not rise at value {place}; sort the rows by time.")
        if rows[-1, 0] - rows[0, 0] > MOST_S:
            raise DataError(f"{path} is of more than a week, or its times are not seconds; cut out the measurement.")
        kept = np.concatenate([[True], np.diff(rows[:, 0]) > 0])
        seconds, watts = rows[kept, 0], rows[kept, 1]
        return cls(seconds, watts, bool(seconds[0] > YEAR_2001))

    def mean_watts(self, began: float, ended: float) -> float | None:
        """Over a time, by the trapezoids between the values; None where fewer than three values lie in it."""
        inside = (self.seconds > began) & (self.seconds < ended)
        if inside.sum() < 3:
            return None
        ends = np.interp([began, ended], self.seconds, self.watts)
        times = np.concatenate([[began], self.seconds[inside], [ended]])
        watts = np.concatenate([ends[:1], self.watts[inside], ends[1:]])
        return float(np.trapezoid(watts, times) / (ended - began))


def _rows(text: str, path: Path) -> Iterator[tuple[float, float]]:
    first = text.split("\n", 1)[0]
    separator = next((one for one in ";\t" if one in first), ",")
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=separator), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        try:
            if len(cells) != 2:
                raise ValueError
            decimal = "," if separator != "," else "."
            yield _seconds(cells[0], decimal), _number(cells[1], decimal)
        except ValueError:
            # The heads of the columns.
            if number == 1:
                continue
            raise DataError(
                f"{path}, line {number}: a time and watts are wanted and nothing else, as in 1772375100.5,3.21 or "
                "2026-03-01T14:25:00.5,3.21."
            ) from None


def _seconds(text: str, decimal: str) -> float:
    try:
        return _number(text, decimal)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(text: str, decimal: str) -> float:
    value = float(text.replace(decimal, "."))
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise ValueError
    return value
