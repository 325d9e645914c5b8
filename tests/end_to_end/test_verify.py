"""`verify` finds all figures of a sound run again, and names each thing that was changed in a damaged one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.contract.errors import Cancelled
from engine.contract.events import RunFinished, event_line, parse_event
from tests.end_to_end.test_command_line import POSIX, command, run
from ui.terminal.command_line import command_line
from ui.terminal.stop_on_signal import StopOnSignal

PHASES = ("classifying ", "choosing ", "trying ", "comparing ")
NEVER = ("tensorflow", "tf_keras", "keras", "PySide6")


class Verified:
    """What the command said of a run."""

    def __init__(self, folder: Path, captured: pytest.CaptureFixture[str]) -> None:
        json_file = folder.parents[1] / "verified.json"
        arguments = ["verify", folder.name, "--runs", str(folder.parents[1]), "--json", str(json_file)]
        self.code = command_line(arguments, lambda *_: pytest.fail("no window is asked for"))
        self.printed, told = captured.readouterr()
        # What it does is told where it takes long, without a capital letter.
        self.errors = "".join(line for line in told.splitlines(keepends=True) if not line[0].islower())
        self.found = json.loads(json_file.read_text()) if json_file.is_file() else {}

    def outcomes(self, variant: str) -> dict[str, str]:
        (groups,) = (one["groups"] for one in self.found["variants"] if one["variant"] == variant)
        return {group["group"]: group["outcome"] for group in groups}

    def images(self) -> dict[str, str]:
        (images,) = self.found["images"]
        return {group["group"]: group["outcome"] for group in images["groups"]}


def flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 0x40
    file.write_bytes(content)


def rewritten(folder: Path, **changes: object) -> None:
    """Give the printed result other values, as an earlier version or a forger leaves it; no digest fits then."""
    file = folder / "events.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    closing = parse_event(lines[-1])
    assert isinstance(closing, RunFinished)
    variants = tuple(one.model_copy(update=changes) for one in closing.result.variants)
    result = closing.result.model_copy(update={"variants": variants})
    lines[-1] = event_line(closing.model_copy(update={"result": result}))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def one_test_image(copied_run: Path) -> Iterator[Path]:
    """A test image of the run, which is as it was at the end."""
    rows = (copied_run / "split.csv").read_text().splitlines()
    image = Path(next(row.split(",")[0] for row in rows if row.endswith(",test")))
    content, status = image.read_bytes(), image.stat()
    # The file itself, which is told from others by its number too: tests that follow would decode a new one again.
    same = image.parent.parent / "same"
    same.hardlink_to(image)
    yield image
    image.unlink(missing_ok=True)
    same.rename(image)
    image.write_bytes(content)
    os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_all_of_a_sound_run_holds_without_tensorflow(finished_study: dict[str, Any], checkout: Path) -> None:
    arguments = ["verify", finished_study["json"]["directory"]]
    program = (
        "import sys\nfrom main import main\n"
        f"code = main({arguments!r})\n"
        f"print(sorted(set(sys.modules) & set({NEVER!r})), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.splitlines()[-1] == "[]", "without a sentence of an error after it"
    assert done.stdout.splitlines()[-1].startswith("All ")
    assert "does not hold" not in done.stdout
    assert "Latency and memory are not measured again" in done.stdout


def test_a_changed_byte_is_named_and_all_others_are_verified(
    copied_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = copied_run / "models" / "PRQ.tflite"
    flip(file, file.stat().st_size // 2)
    said = Verified(copied_run, capsys)
    assert said.code == 3
    assert "models/PRQ.tflite is not the file that the run wrote" in said.printed
    assert said.outcomes("PRQ")["file"] == "does not hold"
    for other in ("baseline", "PRN"):
        assert set(said.outcomes(other).values()) == {"holds"}
    # Nothing but what is done, which is told once it takes longer than two seconds.
    assert [line for line in said.errors.splitlines() if not line.startswith(PHASES)] == []


def test_nothing_is_compared_with_a_baseline_that_was_changed(
    copied_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = copied_run / "models" / "baseline.tflite"
    flip(file, file.stat().st_size // 2)
    said = Verified(copied_run, capsys)
    found = said.outcomes("PRN")
    assert (found.pop("agreement"), found.pop("paired")) == ("not verified", "not verified")
    assert set(found.values()) == {"holds"}
    assert "which it is compared with, is not as the run wrote it" in said.printed


@pytest.mark.parametrize("damage", ["head", "gone"])
def test_a_file_that_cannot_be_read_leaves_the_others(
    damage: str, copied_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = copied_run / "models" / "PRQ.tflite"
    if damage == "gone":
        file.unlink()
    else:
        content = file.read_bytes()
        file.write_bytes(content[:8] + b"\xff" * 64 + content[72:])
    said = Verified(copied_run, capsys)
    assert said.code == 3
    assert said.outcomes("PRQ")["accuracy"] == "not verified"
    assert set(said.outcomes("PRN").values()) == {"holds"}


def test_a_forged_figure_is_printed_beside_what_is_found(copied_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewritten(copied_run, accuracy=0.9999)
    said = Verified(copied_run, capsys)
    assert said.code == 3
    assert "accuracy: printed 0.9999, found " in said.printed
    assert "The line of events.jsonl that holds the printed figures" in said.printed
    assert {name for name, outcome in said.outcomes("PRQ").items() if outcome != "holds"} == {"accuracy"}


def test_a_run_of_an_earlier_version_is_verified_as_far_as_it_printed(
    copied_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = dict.fromkeys(("auc", "balanced_accuracy", "macro_f1", "mcc", "ece", "log_loss", "paired", "threshold"))
    nothing |= {
        "runtimes": {},
        "confusion": (),
        "per_class": {},
        "predictions": "",
        "images": None,
        "weight_dtypes": (),
    }
    rewritten(copied_run, **nothing)
    for name in ("hashes.json", "environment.json", "pixels.csv", "events.digests", "predictions.npz"):
        (copied_run / name).unlink()
    said = Verified(copied_run, capsys)
    assert said.code == 0, said.printed
    assert set(said.outcomes("PRQ")) == {"file", "size", "weights", "accuracy", "agreement"}
    assert "kept no hashes of its files" in said.printed
    assert "kept no digests of pixels" in said.printed


def test_hashes_that_were_removed_are_missed(copied_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied_run / "hashes.json").unlink()
    said = Verified(copied_run, capsys)
    assert said.code == 2
    (copied_run / "hashes.json").write_text('{"files": 3}')
    assert Verified(copied_run, capsys).code == 2


def test_emptied_digests_are_damaged_and_all_else_is_verified(
    copied_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied_run / "pixels.csv").write_bytes(b"")
    said = Verified(copied_run, capsys)
    assert said.code == 3
    assert "pixels.csv is damaged, so the images cannot be compared" in said.printed
    assert set(said.outcomes("PRQ").values()) == {"holds"}


def test_a_missing_image_is_named_and_read_from_what_was_decoded(
    copied_run: Path, one_test_image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_test_image.unlink()
    said = Verified(copied_run, capsys)
    assert said.code == 3
    assert f"No longer there: {one_test_image}" in said.printed
    assert said.images() == {"images": "does not hold", "bytes": "not verified"}
    assert set(said.outcomes("PRQ").values()) == {"holds"}
    assert "1 of 16 images that files are fed were taken from the decoded images" in said.printed
    shutil.rmtree(copied_run.parents[1] / "images")
    said = Verified(copied_run, capsys)
    assert said.outcomes("PRQ")["accuracy"] == "not verified"
    assert "1 of 8 test images cannot be read any more." in said.printed


@pytest.mark.parametrize("kind", ["other pixels", "cut off"])
def test_a_changed_image_is_named(
    kind: str, copied_run: Path, one_test_image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = next(file for file in sorted(one_test_image.parent.iterdir()) if file != one_test_image).read_bytes()
    one_test_image.write_bytes(other if kind == "other pixels" else other[:100])
    said = Verified(copied_run, capsys)
    assert said.code == 3
    said_of_it = "Other pixels than the run read" if kind == "other pixels" else "Cannot be read"
    assert f"{said_of_it}: {one_test_image}" in said.printed
    assert said.images()["images"] == "does not hold"


def test_images_that_are_gone_altogether_are_one_sentence(
    copied_run: Path, heart_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = heart_folder.rename(heart_folder.with_name("away"))
    try:
        said = Verified(copied_run, capsys)
    finally:
        away.rename(heart_folder)
    assert said.code == 3
    assert f"The images cannot be listed: dataset.path: there is no folder or archive {heart_folder}" in said.printed
    assert said.outcomes("PRQ")["weights"] == "holds"


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("events.jsonl", "", "has not finished"),
        ("events.jsonl", '{"event":"run_finished","unknown":1}\n', "another version of the program"),
        ("events.jsonl", None, "cannot be read"),
        ("split.csv", None, "it is not known which images were test images"),
        ("hashes.json", "{", "is damaged"),
    ],
)
def test_a_run_that_cannot_be_verified_is_refused_in_one_sentence(
    file: str, content: str | None, sentence: str, copied_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied_run / file).unlink() if content is None else (copied_run / file).write_text(content)
    said = Verified(copied_run, capsys)
    assert said.code == 2
    assert sentence in said.errors
    assert len(said.errors.splitlines()) == 1


def test_no_such_run(checkout: Path, tmp_path: Path) -> None:
    done = run(checkout, "verify", "nothing", "--runs", tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert 'There is no run "nothing"' in done.stderr


@POSIX
def test_ctrl_c_ends_it(finished_study: dict[str, Any], checkout: Path) -> None:
    arguments = command(checkout, "verify", finished_study["json"]["directory"])
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.4)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=20)
    assert child.returncode in (0, 130, -signal.SIGINT)
    assert "Traceback" not in errors or child.returncode == -signal.SIGINT


@POSIX
def test_a_signal_stops_the_work_at_its_next_step() -> None:
    with StopOnSignal("Stopped.") as stop:
        stop.raise_if_asked()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Cancelled, match="Stopped"):
            stop.raise_if_asked()
