"""`classify` as a user starts it: its table, JSON and CSV, its exit codes, and a sentence for what is wrong."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tflite_toys import gap_network

Toys = dict[str, Path]
RUN_S = 120
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")


def classify(checkout: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "main.py"), "classify", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)


def test_it_prints_a_table_and_writes_json_and_csv(
    checkout: Path, shipped_toys: Toys, heart_folder: Path, tmp_path: Path
) -> None:
    models = [part for file in shipped_toys.values() for part in ("--model", file)]
    written = ("--json", tmp_path / "a.json", "--csv", tmp_path / "a.csv")
    done = classify(checkout, heart_folder, *models, *written)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    files = sorted(heart_folder.rglob("*.png"))
    assert [image["path"] for image in document["images"]] == [str(file) for file in files]
    for image in document["images"]:
        assert [answer["file"] for answer in image["answers"]] == [str(file) for file in shipped_toys.values()]
        for answer in image["answers"]:
            assert answer["class"] == ("normal", "sick")[int(np.argmax(answer["probabilities"]))]
            assert answer["probability"] == max(answer["probabilities"])
    right = sum(image["answers"][0]["class"] == Path(image["path"]).parent.name for image in document["images"])
    assert document["models"][0]["accuracy"] == right / len(files)
    assert f"{right} of {len(files)}" in done.stdout
    assert "int8" in done.stdout
    assert len(list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8")))) == len(files)


def test_one_image_and_a_broken_one(checkout: Path, shipped_toys: Toys, heart_folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    image = next(heart_folder.rglob("*.png"))
    done = classify(checkout, image, broken, "--model", shipped_toys["int8"], "--json", tmp_path / "a.json")
    assert done.returncode == 0
    document = json.loads((tmp_path / "a.json").read_text())
    assert len(document["images"]) == 1
    assert document["skipped"] == [{"path": str(broken), "reason": "cannot be read as an image"}]
    assert f"skipped {broken}: cannot be read as an image" in done.stdout


def test_a_file_that_does_not_say_how_it_is_fed(checkout: Path, heart_folder: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(gap_network((24, 24, 1), classes=2))
    done = classify(checkout, heart_folder, "--model", bare)
    assert done.returncode == 2
    assert "does not say how an image is fed" in done.stderr
    assert "--feeding FILE.json" in done.stderr
    said = tmp_path / "said.json"
    said.write_text('{"classes": ["a", "b"], "images": {"size": 24, "color": "grayscale"}}')
    assert classify(checkout, heart_folder, "--model", bare, "--feeding", said).returncode == 0


def test_what_is_wrong_is_a_sentence(checkout: Path, shipped_toys: Toys, heart_folder: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no model")
    model = ("--model", shipped_toys["int8"])
    wrong = {
        "is not there": (tmp_path / "gone", *model),
        "no .tflite file": (heart_folder, "--model", text),
        "cannot be read": (heart_folder, "--model", tmp_path / "gone.tflite"),
        "There is no image to classify": (text, *model),
        "is named twice": (heart_folder, *model, *model),
        "make it first": (heart_folder, *model, "--json", tmp_path / "none" / "a.json"),
        "is a folder; name a file": (heart_folder, *model, "--csv", tmp_path),
    }
    for sentence, arguments in wrong.items():
        done = classify(checkout, *arguments)
        assert done.returncode == 2, (sentence, done.stderr)
        assert sentence in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert "Traceback" not in done.stderr


@POSIX
def test_ctrl_c_ends_it_cleanly(checkout: Path, shipped_toys: Toys, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    image = np.random.default_rng(1).integers(0, 256, (1200, 1200, 3), dtype=np.uint8)
    Image.fromarray(image).save(folder / "0.png")
    for number in range(1, 400):
        (folder / f"{number}.png").hardlink_to(folder / "0.png")
    command = [sys.executable, str(checkout / "main.py"), "classify", str(folder), "--json", str(tmp_path / "a.json")]
    process = subprocess.Popen(
        [*command, "--model", str(shipped_toys["int8"])], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert process.returncode == 130, error
    assert error.strip() == "Stopped; nothing was written."
    assert out == ""
    assert not (tmp_path / "a.json").exists()


def test_it_never_loads_tensorflow(checkout: Path, shipped_toys: Toys, heart_folder: Path) -> None:
    program = (
        "import sys; from ui.terminal.command_line import command_line; "
        f"code = command_line(['classify', {str(heart_folder)!r}, '--model', {str(shipped_toys['int8'])!r}], None); "
        "assert code == 0; print([name for name in ('tensorflow', 'tf_keras', 'PySide6') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, timeout=RUN_S, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
