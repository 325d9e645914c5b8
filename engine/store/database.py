"""The SQLite database of a runs directory, in WAL mode: runs, stages, measurements; artefacts are files beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.contract.errors import DataError

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 15.0

_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY, name TEXT NOT NULL, started REAL NOT NULL, ended REAL, state TEXT NOT NULL,
    pid INTEGER NOT NULL, pid_started REAL NOT NULL, message TEXT NOT NULL DEFAULT '', result TEXT
);
CREATE TABLE IF NOT EXISTS stages (
    key TEXT PRIMARY KEY, title TEXT NOT NULL, seconds REAL NOT NULL, finished REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS measurements (
    stage TEXT NOT NULL, machine TEXT NOT NULL, variant TEXT NOT NULL, decisions BLOB NOT NULL,
    measured REAL NOT NULL, PRIMARY KEY (stage, machine)
);
CREATE TABLE IF NOT EXISTS latencies (
    variants TEXT NOT NULL, machine TEXT NOT NULL, figures TEXT NOT NULL, measured REAL NOT NULL,
    PRIMARY KEY (variants, machine)
);
CREATE TABLE IF NOT EXISTS speeds (machine TEXT PRIMARY KEY, macs_a_second REAL NOT NULL);
"""


@contextmanager
def open_database(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection in which each statement outside an explicit transaction commits by itself.

    Raises:
        DataError: the file is no database, is of a newer version, or cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.executescript(_TABLES)
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    except sqlite3.Error as error:
        raise DataError(f"The database {path} cannot be opened ({error}); choose another runs directory.") from None
    try:
        if version > SCHEMA_VERSION:
            raise DataError(f"The database {path} is of a newer Nutshell; update the program or choose another folder.")
        yield connection
    finally:
        connection.close()
