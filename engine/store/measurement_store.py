"""Keeps what was measured of a stage's file on this machine, so that nothing is measured twice."""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contract.document import Document
from engine.contract.measurements import VariantMeasurement
from engine.store.database import open_database
from engine.store.locations import Locations
from engine.store.row_digest import row_digest


@dataclass(frozen=True)
class MeasurementStore:
    """Measurements of one runs directory, by stage and machine."""

    locations: Locations
    machine: str
    """Processor and threads: latencies of other machines do not count."""

    def variant(self, stage: str) -> tuple[VariantMeasurement, np.ndarray] | None:
        """A stage's measurement and its output for the test images, float32 (n, classes or 1); None where it was never
        measured."""
        row = self._measured(stage)
        if row is None or self.is_damaged(stage):
            return None
        return VariantMeasurement.model_validate_json(row[0]), np.load(io.BytesIO(row[1]), allow_pickle=False)

    def is_damaged(self, stage: str) -> bool:
        """Whether there is a measurement of a stage that is not as it was written."""
        row = self._measured(stage)
        return row is not None and row[2] != row_digest(stage, self.machine, *row[:2])

    def keep_variant(self, stage: str, variant: VariantMeasurement, output: np.ndarray) -> None:
        array = io.BytesIO()
        np.save(array, output.astype(np.float32), allow_pickle=False)
        kept = (stage, self.machine, variant.model_dump_json(), array.getvalue())
        with open_database(self.locations.database) as database:
            database.execute(
                "INSERT OR REPLACE INTO measurements VALUES (?, ?, ?, ?, ?, ?)",
                (*kept, time.time(), row_digest(*kept)),
            )

    def latencies(self, stages: tuple[str, ...]) -> Document | None:
        """The stored figures of stages that were measured in turn; None where these were never measured together, or
        are not as they were written."""
        names = " ".join(stages)
        row = self._row("SELECT figures, digest FROM latencies WHERE variants = ? AND machine = ?", names)
        return json.loads(row[0]) if row and row[1] == row_digest(names, self.machine, row[0]) else None

    def keep_latencies(self, stages: tuple[str, ...], figures: Document) -> None:
        kept = (" ".join(stages), self.machine, json.dumps(figures))
        with open_database(self.locations.database) as database:
            database.execute(
                "INSERT OR REPLACE INTO latencies VALUES (?, ?, ?, ?, ?)", (*kept, time.time(), row_digest(*kept))
            )

    def speed(self) -> float | None:
        """Multiply-accumulates per second of the last training on this machine."""
        row = self._row("SELECT macs_a_second, digest FROM speeds WHERE machine = ?")
        return float(row[0]) if row and row[1] == row_digest(self.machine, row[0]) else None

    def keep_speed(self, macs_per_second: float) -> None:
        with open_database(self.locations.database) as database:
            kept = (self.machine, macs_per_second)
            database.execute("INSERT OR REPLACE INTO speeds VALUES (?, ?, ?)", (*kept, row_digest(*kept)))

    def _measured(self, stage: str) -> tuple[Any, ...] | None:
        return self._row("SELECT variant, output, digest FROM measurements WHERE stage = ? AND machine = ?", stage)

    def _row(self, statement: str, *keys: str) -> tuple[Any, ...] | None:
        if not self.locations.database.is_file():
            return None
        with open_database(self.locations.database) as database:
            return database.execute(statement, (*keys, self.machine)).fetchone()
