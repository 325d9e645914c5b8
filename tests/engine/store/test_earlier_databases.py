"""A database of an earlier version is brought up to date in one step, and its copy is kept beside it."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from pathlib import Path

import pytest

from engine.chain.stage_tree import STAGE_VERSION
from engine.contract.errors import DataError
from engine.contract.recipe import SCHEMA_VERSION
from engine.datasets.cache.image_cache import CacheIndex
from engine.export.feeding_description import Feeding
from engine.store.database import open_database
from engine.store.kept_format import (
    CACHE_FORMAT,
    DATABASE_FORMAT,
    FEEDING_FORMAT,
    FORMATS,
    RECIPE_FORMAT,
    RUN_FORMAT,
    STAGE_FORMAT,
)
from engine.store.migrations import DATABASE_MIGRATIONS, RUN_MIGRATIONS
from engine.store.run_history import RunState, list_runs
from tests.earlier_runs import FIRST, SECOND, THIRD, VERSIONS, earlier_runs, only_run


def version_of(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.parametrize(("version", "number"), [(FIRST, 1), (SECOND, 2), (THIRD, 3)])
def test_its_runs_are_listed(version: str, number: int, tmp_path: Path) -> None:
    locations = earlier_runs(version, tmp_path / "runs")
    assert version_of(locations.database) == number
    with contextlib.closing(sqlite3.connect(locations.database)) as connection:
        before = connection.execute("SELECT run, name, result FROM runs").fetchall()
    (record,) = list_runs(locations)
    assert (record.run, record.name, record.state) == (only_run(locations).name, "earlier study", RunState.DONE)
    assert (record.variants, record.baseline_accuracy is not None) == (2, True)
    assert version_of(locations.database) == DATABASE_FORMAT.version
    copies = sorted(locations.root.glob("nutshell.sqlite.format-*"))
    if number == DATABASE_FORMAT.version:
        assert copies == []
        return
    (copy,) = copies
    assert version_of(copy) == number
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT run, name, result FROM runs").fetchall() == before
    content = copy.read_bytes()
    list_runs(locations)
    assert copy.read_bytes() == content


@pytest.mark.parametrize("version", VERSIONS)
def test_it_ends_as_a_new_one_is_made(version: str, tmp_path: Path) -> None:
    locations = earlier_runs(version, tmp_path / "runs")
    new = tmp_path / "new.sqlite"

    def columns(path: Path) -> dict[str, list[tuple[object, ...]]]:
        with open_database(path) as database:
            tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                table: [row[1:] for row in database.execute(f"PRAGMA table_info({table})")] for table in sorted(tables)
            }

    assert columns(locations.database) == columns(new)


def test_one_of_a_later_version_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    locations = earlier_runs(FIRST, tmp_path / "runs")
    with contextlib.closing(sqlite3.connect(locations.database)) as connection:
        connection.execute(f"PRAGMA user_version={DATABASE_FORMAT.version + 1}")
    content = locations.database.read_bytes()
    with pytest.raises(DataError, match="A later version of Nutshell has written the database"):
        list_runs(locations)
    assert locations.database.read_bytes()[100:] == content[100:]


def test_each_version_is_the_one_that_is_written() -> None:
    assert RECIPE_FORMAT.version == SCHEMA_VERSION
    assert STAGE_FORMAT.version == STAGE_VERSION
    assert CACHE_FORMAT.version == CacheIndex.model_fields["format"].default
    assert FEEDING_FORMAT.version == Feeding.model_fields["format"].default


def test_every_version_has_its_migration() -> None:
    assert set(DATABASE_MIGRATIONS) == set(range(1, DATABASE_FORMAT.version))
    assert set(RUN_MIGRATIONS) == set(range(1, RUN_FORMAT.version))


def test_the_documentation_lists_every_format(checkout: Path) -> None:
    page = (checkout / "resources" / "docs" / "formats.md").read_text(encoding="utf-8")
    rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in page.splitlines() if line.startswith("| ")][1:]
    told = [
        [one.name.removeprefix("the "), str(one.version), one.files, one.version_in, one.when_earlier, one.when_later]
        for one in FORMATS
    ]
    begin = next(at for at, row in enumerate(rows) if row[0] == told[0][0])
    assert rows[begin : begin + len(FORMATS)] == told
