"""Nothing is measured twice, and nothing of another machine or of a changed row is believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.store.database import open_database
from engine.store.locations import Locations
from engine.store.measurement_store import MeasurementStore
from tests.ui.study_events import variant

OUTPUT = np.array([[0.25], [0.75]], dtype=np.float32)


@pytest.fixture
def store(tmp_path: Path) -> MeasurementStore:
    return MeasurementStore(Locations(tmp_path).create(), "a processor, 1 thread")


def test_a_measurement_comes_back(store: MeasurementStore) -> None:
    assert store.variant("stage") is None
    store.keep_variant("stage", variant("int8"), OUTPUT)
    found = store.variant("stage")
    assert found is not None
    assert found[0] == variant("int8")
    assert found[1].tolist() == OUTPUT.tolist()
    assert MeasurementStore(store.locations, "another machine").variant("stage") is None


def test_latencies_hold_for_the_files_that_were_measured_together(store: MeasurementStore) -> None:
    store.keep_latencies(("a", "b"), {"a": 1.5, "b": 2.5})
    assert store.latencies(("a", "b")) == {"a": 1.5, "b": 2.5}
    assert store.latencies(("a",)) is None
    assert store.latencies(("b", "a")) is None


def test_a_changed_row_is_not_believed(store: MeasurementStore) -> None:
    store.keep_variant("stage", variant("int8"), OUTPUT)
    store.keep_speed(1e9)
    with open_database(store.locations.database) as database:
        database.execute("UPDATE measurements SET output = ?", ((1 - OUTPUT).tobytes(),))
        database.execute("UPDATE speeds SET macs_a_second = 2e9")
    assert store.is_damaged("stage")
    assert store.variant("stage") is None
    assert store.speed() is None
