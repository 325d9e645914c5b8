"""What is done with an earlier version of a format, by format and version: each entry leads to the next version.

Entries are never changed once a version is out: what they read is on disks. A new one needs a raised version in
`kept_format.py`, an entry here, and a small real example in `tests/data/earlier_formats`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Protocol

from engine.store.earlier_evidence import with_evidence
from engine.store.row_digest import row_digest

ReadFile = Callable[[str], bytes | None]
"""Name of a file, relative to the folder → its content; None: it is not there."""


class FolderMigration(Protocol):
    """Gives the new content of the files that change, in the order in which they are written; may read any."""

    def __call__(self, read: ReadFile) -> Mapping[str, bytes]: ...


DatabaseMigration = Callable[[sqlite3.Connection], None]
"""Changes the tables inside of the transaction that is open."""


def _add_digests(connection: sqlite3.Connection) -> None:
    """The first version had no digests: its rows are believed as they are, but for measurements."""
    connection.execute("ALTER TABLE measurements ADD COLUMN digest TEXT NOT NULL DEFAULT ''")
    digested = {
        "runs": "run, name, started, state, message, result",
        "latencies": "variants, machine, figures",
        "speeds": "machine, macs_a_second",
    }
    for table, columns in digested.items():
        connection.execute(f"ALTER TABLE {table} ADD COLUMN digest TEXT NOT NULL DEFAULT ''")
        for place, *values in connection.execute(f"SELECT rowid, {columns} FROM {table}").fetchall():
            connection.execute(f"UPDATE {table} SET digest = ? WHERE rowid = ?", (row_digest(*values), place))


def _measure_probabilities(connection: sqlite3.Connection) -> None:
    """Up to the second version, measurements had no probabilities, so that they are made again."""
    connection.execute("DROP TABLE measurements")
    connection.execute(
        "CREATE TABLE measurements (stage TEXT NOT NULL, machine TEXT NOT NULL, variant TEXT NOT NULL, "
        "output BLOB NOT NULL, measured REAL NOT NULL, digest TEXT NOT NULL DEFAULT '', PRIMARY KEY (stage, machine))"
    )


DATABASE_MIGRATIONS: Mapping[int, DatabaseMigration] = {1: _add_digests, 2: _measure_probabilities}
RUN_MIGRATIONS: Mapping[int, FolderMigration] = {1: with_evidence}
