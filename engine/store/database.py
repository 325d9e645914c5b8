"""The SQLite database of a runs directory, in WAL mode: runs, stages, measurements; artefacts are files beside it.

Every row that is read back carries a digest of its values, as every file beside it does.
"""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.contract.errors import DataError
from engine.store.durable_file import appearing_file
from engine.store.kept_format import DATABASE_FORMAT, refuse_newer
from engine.store.migrations import DATABASE_MIGRATIONS

SCHEMA_VERSION = DATABASE_FORMAT.version
BUSY_TIMEOUT_S = 15.0

_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY, name TEXT NOT NULL, started REAL NOT NULL, ended REAL, state TEXT NOT NULL,
    pid INTEGER NOT NULL, pid_started REAL NOT NULL, message TEXT NOT NULL DEFAULT '', result TEXT,
    digest TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS stages (
    key TEXT PRIMARY KEY, title TEXT NOT NULL, seconds REAL NOT NULL, finished REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS measurements (
    stage TEXT NOT NULL, machine TEXT NOT NULL, variant TEXT NOT NULL, output BLOB NOT NULL,
    measured REAL NOT NULL, digest TEXT NOT NULL DEFAULT '', PRIMARY KEY (stage, machine)
);
CREATE TABLE IF NOT EXISTS latencies (
    variants TEXT NOT NULL, machine TEXT NOT NULL, figures TEXT NOT NULL, measured REAL NOT NULL,
    digest TEXT NOT NULL DEFAULT '', PRIMARY KEY (variants, machine)
);
CREATE TABLE IF NOT EXISTS speeds (
    machine TEXT PRIMARY KEY, macs_a_second REAL NOT NULL, digest TEXT NOT NULL DEFAULT ''
);
"""
TABLES = ("runs", "stages", "measurements", "latencies", "speeds")


@contextmanager
def open_database(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection in which each statement outside an explicit transaction commits by itself.

    Raises:
        DataError: the file is no database, is of a newer version, cannot be opened or written, or is damaged.
    """
    try:
        connection = _connection(path)
    except sqlite3.Error as error:
        raise DataError(_cannot("cannot be opened", path, error)) from None
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        raise DataError(_cannot("cannot be used", path, error)) from None
    finally:
        connection.close()


def _cannot(fault: str, path: Path, error: sqlite3.Error) -> str:
    if "full" in str(error):
        return f"There is no space left on the disk of {path}; free some there, or choose another runs directory."
    return (
        f"The database {path} {fault} ({error}); run a recipe, which puts a damaged one aside and makes it "
        "again, or choose another runs directory."
    )


def put_aside_if_damaged(path: Path) -> Path | None:
    """Give a damaged database another name, and put what can be read of it into a new one; nothing is deleted.

    Returns:
        Where the damaged one is; None where it is whole, or there is none.
    """
    if not path.is_file() or _is_whole(path):
        return None
    aside = path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:8]}")
    for ending in ("-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    path.rename(aside)
    with contextlib.closing(_connection(path)) as new:
        for table in TABLES:
            _salvage(aside, table, new)
    return aside


def _is_whole(path: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as connection:
            return [row[0] for row in connection.execute("PRAGMA integrity_check(1)")] == ["ok"]
    except sqlite3.OperationalError as error:
        return "locked" in str(error)  # By another program; that is no damage.
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return False


def _salvage(damaged: Path, table: str, new: sqlite3.Connection) -> None:
    """Copy the rows that can be read; their digests tell later which of them are right."""
    with contextlib.suppress(sqlite3.Error, UnicodeDecodeError), contextlib.closing(sqlite3.connect(damaged)) as old:
        names = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]
        columns = ", ".join(names)
        for row in old.execute(f"SELECT {columns} FROM {table}"):
            with contextlib.suppress(sqlite3.Error):
                new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(names))})", row)


def _connection(path: Path) -> sqlite3.Connection:
    """An open connection to a database of this version."""
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        refuse_newer(DATABASE_FORMAT, version, path)
        if 0 < version < SCHEMA_VERSION:
            _bring_up_to_date(connection, path)
        if version != SCHEMA_VERSION:
            connection.executescript(_TABLES)
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """From an earlier version to this one, in one transaction; a copy of the earlier one is kept beside it."""
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < SCHEMA_VERSION:  # Else another process was first.
        _keep_copy(path, version)
        for earlier in range(version, SCHEMA_VERSION):
            DATABASE_MIGRATIONS[earlier](connection)
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _keep_copy(path: Path, version: int) -> None:
    """Through SQLite, as part of it may still lie in the file of its log."""
    copy = path.with_name(f"{path.name}.format-{version}")
    if copy.exists():
        return
    try:
        with (
            appearing_file(copy) as temporary,
            contextlib.closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as earlier,
            contextlib.closing(sqlite3.connect(temporary)) as kept,
        ):
            earlier.backup(kept)
    except OSError as error:
        raise DataError(
            f"The database {path} is of an earlier version, and no copy of it can be kept beside it "
            f"({error.strerror}), so it is left as it is; free some space there, or choose another runs directory."
        ) from None
