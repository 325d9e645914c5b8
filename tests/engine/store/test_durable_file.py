"""Files and folders appear whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store.durable_file import appearing_file, appearing_folder, write_durably


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
