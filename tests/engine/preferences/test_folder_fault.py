"""A folder that cannot hold anything is refused in one sentence, and nothing is left behind by looking."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from engine.preferences import folder_fault as module
from engine.preferences.entries.weights_folder import WeightsFolder
from engine.preferences.folder_fault import folder_fault


def test_folders_that_can_be_used(tmp_path: Path) -> None:
    assert folder_fault(tmp_path) == ""
    assert folder_fault(tmp_path / "new") == ""
    assert list(tmp_path.iterdir()) == []


def test_files_and_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert folder_fault(tmp_path / "file") == f"{tmp_path / 'file'} is a file; choose a folder."
    assert folder_fault(tmp_path / "file" / "runs") == (
        f"{tmp_path / 'file' / 'runs'} cannot be made, because {tmp_path / 'file'} is a file; choose another folder."
    )
    gone = tmp_path / "disk" / "lab" / "runs"
    assert folder_fault(gone) == f"There is no folder {gone.parent}; check the path, or connect its disk."


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that nobody can write")
def test_a_folder_that_cannot_be_written() -> None:
    assert folder_fault(Path("/proc")).startswith("/proc cannot be written (")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert folder_fault(tmp_path).startswith(f"{tmp_path} cannot be written (Permission denied)")
    tmp_path.chmod(0o700)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(module, "LEAST_FREE_BYTES", free + 10 * 1024**3)
    assert folder_fault(tmp_path).startswith(f"The disk of {tmp_path} has only ")
    assert folder_fault(tmp_path).endswith(" MiB free; free some, or choose another folder.")


def test_a_weights_folder_is_only_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert WeightsFolder.fault(tmp_path) == ""
    assert WeightsFolder.fault(None) == ""
    assert WeightsFolder.fault(tmp_path / "file") == f"{tmp_path / 'file'} is a file; choose a folder."
    assert WeightsFolder.fault(tmp_path / "gone") == f"There is no folder {tmp_path / 'gone'}."
