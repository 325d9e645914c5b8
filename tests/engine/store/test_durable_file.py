"""Files and folders appear whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.store.durable_file import (
    UNOWNED_AFTER_S,
    appearing_file,
    appearing_folder,
    remove_abandoned,
    write_durably,
)


def _fail_after_writing(path: Path) -> None:
    path.write_bytes(b"half")
    raise RuntimeError("disk")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    write_durably(path, b"old")
    with pytest.raises(RuntimeError, match="disk"), appearing_file(path) as temporary:
        _fail_after_writing(temporary)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="disk"), appearing_folder(tmp_path / "stage") as folder:
        _fail_after_writing(folder / "a")
    assert list(tmp_path.iterdir()) == []


def test_the_folder_that_was_first_is_kept(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with appearing_folder(tmp_path / "stage") as folder:
            (folder / "a").write_text(text)
    assert (tmp_path / "stage" / "a").read_text() == "first"


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal")
def test_a_process_killed_while_writing_leaves_no_file(tmp_path: Path, checkout: Path) -> None:
    path = tmp_path / "model.tflite"
    program = (
        "import sys, time; from pathlib import Path; from engine.store.durable_file import appearing_file\n"
        "with appearing_file(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_bytes(b'half'); print('writing', flush=True); time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(path)], cwd=checkout, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"writing"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal")
def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path, checkout: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from engine.store.durable_file import appearing_folder\n"
        "with appearing_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'a').write_bytes(b'half'); print('writing', flush=True); time.sleep(60)\n"
    )
    children = {}
    for name in ("killed", "living"):
        command = [sys.executable, "-c", program, str(tmp_path / name)]
        children[name] = subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE)
    try:
        for child in children.values():
            assert child.stdout is not None
            assert child.stdout.readline().strip() == b"writing"
        children["killed"].kill()
        children["killed"].wait()
        assert len(list(tmp_path.glob(".*.part"))) == 2
        with appearing_folder(tmp_path / "new"):
            pass
        assert [folder.name.split(".")[1] for folder in tmp_path.glob(".*.part")] == ["living"]
    finally:
        for child in children.values():
            child.kill()
            child.wait()
            assert child.stdout is not None
            child.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal")
def test_the_file_that_a_killed_process_was_writing_goes(tmp_path: Path, checkout: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from engine.store.durable_file import appearing_file\n"
        "with appearing_file(Path(sys.argv[1])) as file:\n"
        "    file.write_bytes(b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "result.json")], cwd=checkout, check=False)
    with appearing_file(tmp_path / "living.json") as living:
        living.write_bytes(b"half")
        (left,) = (file for file in tmp_path.glob(".*.part") if file != living)
        remove_abandoned(tmp_path)
        assert (left.exists(), living.exists()) == (False, True)
    assert (tmp_path / "living.json").read_bytes() == b"half"


def test_a_temporary_folder_of_an_unknown_process_goes_after_a_day(tmp_path: Path) -> None:
    old, young = tmp_path / ".a.01234567.part", tmp_path / ".b.01234567-99-01234567.part"
    for folder in (old, young):
        folder.mkdir()
        (folder / "images.npy").touch()
    for path in (old / "images.npy", old):
        os.utime(path, times=(0, time.time() - UNOWNED_AFTER_S - 60))
    with appearing_folder(tmp_path / "new"):
        pass
    assert (old.exists(), young.exists()) == (False, True)
