"""What the database holds is believed by its digests; a damaged file is put aside, and what can be read of it kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import DataError
from engine.store.database import SCHEMA_VERSION, open_database, put_aside_if_damaged
from engine.store.locations import Locations
from engine.store.measurement_store import MeasurementStore
from engine.store.row_digest import row_digest
from engine.store.run_hashes import is_damaged, write_run_hashes
from engine.store.run_history import DAMAGED_ROW, RunState, list_runs, mark_interrupted, record_end, record_start
from tests.ui.study_events import study_events

RUNS = 40


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    return Locations(tmp_path / "runs").create()


def fill(locations: Locations) -> None:
    with open_database(locations.database) as database:
        for number in range(RUNS):
            record_start(database, f"run-{number:02d}", f"study {number}")
            record_end(database, f"run-{number:02d}", RunState.FAILED, "It failed. " * 20)


def change(locations: Locations, statement: str, *values: object) -> None:
    connection = sqlite3.connect(locations.database)
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_a_damaged_file_is_put_aside_and_what_can_be_read_is_kept(locations: Locations) -> None:
    fill(locations)
    change(locations, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert put_aside_if_damaged(locations.database) is None
    content = bytearray(locations.database.read_bytes())
    content[-4096:] = bytes(reversed(content[-4096:]))  # The last page.
    locations.database.write_bytes(content)
    aside = put_aside_if_damaged(locations.database)
    assert aside is not None
    assert aside.read_bytes() == bytes(content)
    kept = list_runs(locations)
    assert 0 < len(kept) < RUNS + 1
    assert all(record.state is RunState.FAILED and record.name.startswith("study") for record in kept)


def test_a_file_that_is_no_database_is_put_aside(locations: Locations) -> None:
    locations.database.write_bytes(b"not a database " * 500)
    with pytest.raises(DataError, match="cannot be opened"):
        list_runs(locations)
    assert put_aside_if_damaged(locations.database) is not None
    assert list_runs(locations) == ()


def test_a_row_that_has_changed_is_not_believed(locations: Locations, tmp_path: Path) -> None:
    (variant, *_) = [event.variant for event in study_events(tmp_path) if event.event == "variant_measured"]
    store = MeasurementStore(locations, "this machine")
    store.keep_variant("stage", variant, np.ones((9, 2), np.float32))
    store.keep_latencies(("stage",), {"stage": 1.5})
    store.keep_speed(1e9)
    measured = store.variant("stage")
    assert measured is not None
    assert measured[0] == variant
    assert (store.latencies(("stage",)), store.speed()) == ({"stage": 1.5}, 1e9)
    assert not store.is_damaged("stage")
    change(locations, "UPDATE measurements SET variant = replace(variant, '0.', '1.')")
    change(locations, "UPDATE latencies SET figures = '{\"stage\": 1.4}'")
    change(locations, "UPDATE speeds SET macs_a_second = 2e9")
    assert store.is_damaged("stage")
    assert (store.variant("stage"), store.latencies(("stage",)), store.speed()) == (None, None, None)
    store.keep_variant("stage", variant, np.ones((9, 2), np.float32))
    assert store.variant("stage") is not None


def test_a_run_whose_row_has_changed_is_told(locations: Locations) -> None:
    fill(locations)
    change(locations, "UPDATE runs SET state = 'done' WHERE run = 'run-07'")
    (damaged,) = [record for record in list_runs(locations) if record.message == DAMAGED_ROW]
    assert (damaged.run, damaged.state) == ("run-07", RunState.INTERRUPTED)


def test_a_run_whose_process_is_gone_is_not_running(locations: Locations) -> None:
    with open_database(locations.database) as database:
        for run in ("here", "gone"):
            record_start(database, run, run)
        database.execute("UPDATE runs SET pid = 999999999 WHERE run = 'gone'")
        mark_interrupted(database)
        states = dict(database.execute("SELECT run, state FROM runs").fetchall())
    assert states == {"here": "running", "gone": "interrupted"}
    assert {record.run: record.state.value for record in list_runs(locations)} == states


def test_a_database_of_the_first_version_is_taken_over(locations: Locations) -> None:
    connection = sqlite3.connect(locations.database)
    connection.executescript(
        "CREATE TABLE runs (run TEXT PRIMARY KEY, name TEXT NOT NULL, started REAL NOT NULL, ended REAL, state TEXT"
        " NOT NULL, pid INTEGER NOT NULL, pid_started REAL NOT NULL, message TEXT NOT NULL DEFAULT '', result TEXT);"
        "CREATE TABLE stages (key TEXT PRIMARY KEY, title TEXT NOT NULL, seconds REAL NOT NULL, finished REAL"
        " NOT NULL);"
        "CREATE TABLE measurements (stage TEXT NOT NULL, machine TEXT NOT NULL, variant TEXT NOT NULL, decisions BLOB"
        " NOT NULL, measured REAL NOT NULL, PRIMARY KEY (stage, machine));"
        "CREATE TABLE latencies (variants TEXT NOT NULL, machine TEXT NOT NULL, figures TEXT NOT NULL, measured REAL"
        " NOT NULL, PRIMARY KEY (variants, machine));"
        "CREATE TABLE speeds (machine TEXT PRIMARY KEY, macs_a_second REAL NOT NULL);"
        "INSERT INTO runs VALUES ('r', 'old', 5.0, 6.0, 'failed', 1, 1.0, 'It failed.', NULL);"
        "INSERT INTO speeds VALUES ('m', 3e9); PRAGMA user_version=1;"
    )
    connection.close()
    (record,) = list_runs(locations)
    assert (record.name, record.state, record.message) == ("old", RunState.FAILED, "It failed.")
    assert MeasurementStore(locations, "m").speed() == 3e9
    with open_database(locations.database) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_measurements_without_probabilities_are_made_again(locations: Locations, tmp_path: Path) -> None:
    """Those of the second version."""
    store = MeasurementStore(locations, "m")
    (variant, *_) = [event.variant for event in study_events(tmp_path) if event.event == "variant_measured"]
    store.keep_speed(1e9)
    with open_database(locations.database) as database:
        database.execute("ALTER TABLE measurements RENAME COLUMN output TO decisions")
        row = ("stage", "m", variant.model_dump_json(), b"12345678")
        database.execute("INSERT INTO measurements VALUES (?, ?, ?, ?, ?, ?)", (*row, 1.0, row_digest(*row)))
        database.execute("PRAGMA user_version=2")
    assert store.variant("stage") is None
    assert store.speed() == 1e9
    store.keep_variant("stage", variant, np.ones((9, 2), np.float32))
    assert store.variant("stage") is not None


def test_a_file_of_a_run_that_has_changed_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / "int8.ranges.json"
    file.write_text("{}")
    assert not is_damaged(tmp_path, file), "a run in progress has no hashes yet"
    write_run_hashes(tmp_path)
    assert not is_damaged(tmp_path, file)
    file.write_text("[]")
    assert is_damaged(tmp_path, file)
    (tmp_path / "hashes.json").write_text("{")
    assert is_damaged(tmp_path, file)
