"""`report` writes its files without TensorFlow or Qt, and says in one sentence what it cannot use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.test_command_line import run
from tests.engine.report.conftest import write_told_run

NEVER = ("tensorflow", "tf_keras", "keras", "PySide6")


@pytest.fixture(scope="module")
def hearts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder."""
    return write_told_run(tmp_path_factory.mktemp("hearts"), "failed")


def test_it_needs_neither_tensorflow_nor_qt(hearts: Path, checkout: Path, tmp_path: Path) -> None:
    arguments = ["report", hearts.name, "--runs", str(hearts.parents[1]), "--out", str(tmp_path / "new" / "report")]
    program = (
        "import sys\nfrom main import main\n"
        f"code = main({arguments!r})\n"
        f"print(sorted(set(sys.modules) & set({NEVER!r})), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"
    assert "This run is not complete." in done.stdout
    assert "burnt in" in done.stdout
    assert (tmp_path / "new" / "report" / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nothing",), 'There is no run "nothing"'),
        (("{folder}",), "is no run"),
        (("{run}", "--out", "{folder}"), "holds other files than an earlier report"),
        (("{run}", "--out", "{folder}/mine.txt"), "is a file; name a folder"),
        (("{run}", "--out", "{folder}/mine.txt/below"), "is a file; name a folder"),
    ],
)
def test_what_it_cannot_use_is_said(
    arguments: tuple[str, ...], sentence: str, hearts: Path, checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    given = [one.format(folder=tmp_path, run=hearts) for one in arguments]
    out = () if "--out" in given else ("--out", tmp_path / "out")
    done = run(checkout, "report", *given, "--runs", hearts.parents[1], *out)
    assert done.returncode == 2, done.stdout + done.stderr
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a signal of Unix")
def test_ctrl_c_leaves_nothing(hearts: Path, checkout: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "main.py", "report", str(hearts), "--out", str(out), "--progress"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        command, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith('{"done"')
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "is as it was" in told
    assert list(tmp_path.iterdir()) == []
