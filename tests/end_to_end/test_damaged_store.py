"""A byte that changes in the store between two runs is reported, and the same files come out again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.contract.recipe_file import recipe_text
from tests.damage import KINDS, table
from tests.small_study import small_recipe

RUN_S = 300


def run(checkout: Path, folder: Path, json_name: str) -> tuple[str, Path]:
    arguments = ["run", folder / "study.toml", "--runs", folder / "runs", "--json", folder / json_name]
    command = [sys.executable, str(checkout / "main.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr, Path(json.loads((folder / json_name).read_text())["directory"])


def models(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (directory / "models").glob("*.tflite")}


@pytest.mark.timeout(2 * RUN_S)
def test_a_byte_changed_in_every_stage_is_told_and_the_files_are_made_again(
    checkout: Path, tmp_path: Path, heart_folder: Path
) -> None:
    (tmp_path / "study.toml").write_text(recipe_text(small_recipe(heart_folder)), encoding="utf-8")
    _, first = run(checkout, tmp_path, "first.json")
    stages = [folder for folder in (tmp_path / "runs" / "stages").iterdir() if folder.is_dir()]
    for number, folder in enumerate(sorted(stages)):
        names = sorted(file.name for file in folder.iterdir())
        file = folder / names[number % len(names)]
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    printed, second = run(checkout, tmp_path, "second.json")
    assert printed.count("is damaged, so the stage is computed again") == len(stages)
    assert models(first) == models(second)
    assert len(list((tmp_path / "runs" / "stages").glob("*.damaged-*"))) == len(stages)


@pytest.mark.timeout(3 * RUN_S)
def test_a_byte_of_each_other_kind_of_file_leads_to_the_same_files(tmp_path: Path) -> None:
    """One place of some kinds; `python -m tests.damage` takes three places of all."""
    kinds = tuple((kind, pattern) for kind, pattern in KINDS if kind in {"cached images", "unpacked image", "database"})
    for row in table(tmp_path, kinds, places=(0.5,)):
        assert row.is_right, row
        assert "damaged, so" in row.told, row


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.timeout(3 * RUN_S)
def test_a_full_disk_is_the_last_line_and_nothing_is_lost(
    checkout: Path, tmp_path: Path, small_disk: Path, heart_folder: Path
) -> None:
    (tmp_path / "study.toml").write_text(recipe_text(small_recipe(heart_folder)), encoding="utf-8")
    command = [sys.executable, str(checkout / "main.py"), "run", str(tmp_path / "study.toml")]
    full = subprocess.run([*command, "--runs", str(small_disk)], capture_output=True, text=True, check=False)
    assert full.returncode == 3
    assert full.stderr.splitlines()[-1].startswith(f"There is no space left on the disk of {small_disk}; free some")
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    files = []
    for runs in (small_disk, tmp_path / "elsewhere"):
        result = tmp_path / "result.json"
        subprocess.run([*command, "--runs", str(runs), "--json", str(result)], check=True, capture_output=True)
        files.append(models(Path(json.loads(result.read_text())["directory"])))
    assert files[0] == files[1]
    assert not list(small_disk.rglob("*.part"))
