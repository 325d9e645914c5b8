"""Flips one byte in each kind of file that the store keeps, runs the recipe again, and prints what became of it.

    python -m tests.damage [FOLDER]

Each row begins with a copy of one undamaged store. A row is right where the files that ship are the same bytes as those
of the undamaged run; what was told stands beside it. Takes some ten minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.contract.recipe_file import recipe_text
from tests.small_study import draw_class_folders, small_recipe

CHECKOUT = Path(__file__).parents[1]
RUN_S = 600
PLACES = (0.25, 0.5, 1.0)
"""Of a file: where the byte lies; the last is its last byte."""
KINDS = (
    ("stage facts", "stages/*/stage.json"),
    ("Keras network", "stages/*/model.keras"),
    ("network facts", "stages/*/network.json"),
    ("stage's .tflite", "stages/*/model.tflite"),
    ("evidence of a step", "stages/*/evidence.json"),
    ("cached images", "images/*/images.npy"),
    ("cache index", "images/*/index.json"),
    ("image traits", "images/*/traits.npz"),
    ("image check", "images/*/check.json"),
    ("cache hashes", "images/*/hashes.json"),
    ("unpacked image", "images/unpacked-*/**/*.png"),
    ("hashes of unpacked files", "images/unpacked-*.json"),
    ("database", "nutshell.sqlite"),
    ("checkpoint", "stages/[!.]*.checkpoint"),
    ("shipped .tflite", "runs/*/models/*.tflite"),
    ("feeding file", "runs/*/models/*.json"),
    ("event log", "runs/*/events.jsonl"),
    ("split table", "runs/*/split.csv"),
    ("recipe of a run", "runs/*/recipe.toml"),
)


@dataclass(frozen=True)
class Row:
    """What one damage led to."""

    kind: str
    place: float
    told: str
    same: bool
    exit_code: int

    @property
    def is_right(self) -> bool:
        return self.same and self.exit_code == 0


def write_study(folder: Path) -> None:
    """A recipe and its images as an archive, small enough for a run in seconds."""
    images = draw_class_folders(folder / "drawn", count=12)
    shutil.make_archive(str(folder / "images"), "zip", images)
    shutil.rmtree(images)
    recipe = small_recipe(folder / "images.zip")
    training = recipe.training.model_copy(update={"epochs": 2})
    images_settings = recipe.images.model_copy(update={"size": 32})
    steps = ({"step": "post_training_quantization", "scheme": "int8", "calibration_images": 8},)
    chain = recipe.chains[0].model_validate({"name": "int8", "steps": steps})
    shorter = {"training": training, "images": images_settings, "chains": (recipe.chains[0], chain)}
    (folder / "study.toml").write_text(recipe_text(recipe.model_copy(update=shorter)), encoding="utf-8")


def run(folder: Path, store: Path, wait: Callable[[subprocess.Popen[str]], None] | None = None) -> tuple[int, str]:
    """The exit code and all that was printed; `wait` may end the run early."""
    command = [sys.executable, str(CHECKOUT / "main.py"), "run", str(folder / "study.toml"), "--runs", str(store)]
    process = subprocess.Popen(
        [*command, "--json", str(folder / "result.json")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if wait is not None:
        wait(process)
    printed, _ = process.communicate(timeout=RUN_S)
    return process.returncode, printed


def shipped(folder: Path) -> dict[str, bytes]:
    """The files of the last run, by their names."""
    directory = Path(json.loads((folder / "result.json").read_text())["directory"])
    return {file.name: file.read_bytes() for file in sorted((directory / "models").iterdir())}


def flip(file: Path, place: float) -> None:
    """Change one bit, and nothing else that tells: the time stays. Zeros are passed over: a database has free room."""
    status = file.stat()
    at = min(int(status.st_size * place), status.st_size - 1)
    content = file.read_bytes()
    at = next((one for one in range(at, len(content)) if content[one]), at)
    with file.open("r+b") as stream:
        stream.seek(at)
        stream.write(bytes([content[at] ^ 1]))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def kill_at_a_checkpoint(store: Path) -> Callable[[subprocess.Popen[str]], None]:
    """Kills a run as soon as its first training has saved an epoch."""

    def wait(process: subprocess.Popen[str]) -> None:
        import psutil

        ends = time.monotonic() + RUN_S
        while not list((store / "stages").glob("[!.]*.checkpoint")) and process.poll() is None:
            if time.monotonic() > ends:
                break
            time.sleep(0.005)
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.send_signal(signal.SIGKILL)

    return wait


def table(
    folder: Path, kinds: tuple[tuple[str, str], ...] = KINDS, places: tuple[float, ...] = PLACES
) -> Iterator[Row]:
    """A row for each kind and place, as they are known."""
    write_study(folder)
    whole, cut = folder / "whole", folder / "cut"
    code, printed = run(folder, whole)
    assert code == 0, printed
    expected = shipped(folder)
    if any(kind == "checkpoint" for kind, _ in kinds):
        run(folder, cut, kill_at_a_checkpoint(cut))
    for kind, pattern in kinds:
        origin = cut if kind == "checkpoint" else whole
        for number, place in enumerate(places):
            store = folder / "copy"
            shutil.rmtree(store, ignore_errors=True)
            shutil.copytree(origin, store)
            files = sorted(file for file in store.glob(pattern) if file.is_file())
            assert files, f"the store holds no {kind} ({pattern})"
            flip(files[number % len(files)], place)
            (folder / "result.json").unlink(missing_ok=True)
            code, printed = run(folder, store)
            told = [line.strip() for line in printed.splitlines() if "damaged" in line]
            same = (folder / "result.json").is_file() and shipped(folder) == expected
            yield Row(kind, place, " ".join(told), same, code)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        print("| kind of file | place | same bytes | exit | told |\n| --- | --- | --- | --- | --- |")
        rows = []
        for row in table(folder):
            rows.append(row)
            same = "yes" if row.same else "NO"
            print(f"| {row.kind} | {row.place:g} | {same} | {row.exit_code} | {row.told} |", flush=True)
        wrong = sum(not row.is_right for row in rows)
        print(f"\n{len(rows)} damages, {wrong} of them wrong")
        sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
