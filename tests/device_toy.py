"""A run that looks finished, around real files that tell drawn hearts apart: to be measured on a device."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import RunFinished, RunStarted, VariantMeasured, event_line
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.contract.run_result import RunResult
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.cache.splits import write_split_csv
from engine.datasets.source import Split
from engine.store.run_format import note_run_format
from engine.store.run_hashes import write_run_hashes
from tests.shipped_toys import write_shipped
from tests.ui.study_events import DATASET, SIZES, variant

DEVICE_RUN = "20260131-142501-hearts-3f9a"
IMAGES = ImageSettings(size=96, color="grayscale")
FILES = {"baseline": "float32", "dynamic range": "dynamic_range", "int8": "int8"}


def write_device_run(root: Path, images: Path) -> Path:
    """A run of `root`, a runs directory, with three variants; returns its folder."""
    source = DatasetSettings(kind="image_folder", path=str(images))
    folder = root / "runs" / DEVICE_RUN
    shipped = write_shipped(root / "made", images, root / "images", IMAGES, tuple(FILES.values()))
    (folder / "models").mkdir(parents=True)
    recipe = recipe_text(Recipe(name="hearts", dataset=source, images=IMAGES))
    (folder / "recipe.toml").write_text(recipe, encoding="utf-8")
    dataset = prepare(scan(source, 7), source, IMAGES, 7, root / "images")
    write_split_csv(folder / "split.csv", dataset)
    for name, scheme in FILES.items():
        for suffix in (".tflite", ".json"):
            shutil.copy(shipped[scheme].with_suffix(suffix), folder / "models" / f"{name}{suffix}")
    variants = tuple(variant(name, file=f"models/{name}.tflite") for name in FILES)
    summary = DATASET.model_copy(update={"classes": dataset.classes, "test": len(dataset.splits[Split.TEST])})
    result = RunResult(run=DEVICE_RUN, directory=str(folder), dataset=summary, images=SIZES, variants=variants)
    events = [
        RunStarted(run=DEVICE_RUN, directory=str(folder), name="hearts", recipe=recipe, stages=()),
        *(VariantMeasured(stage="a" * 64, variant=one) for one in variants),
        RunFinished(result=result, seconds=1.0),
    ]
    (folder / "events.jsonl").write_text("\n".join(map(event_line, events)) + "\n", encoding="utf-8")
    note_run_format(folder)
    write_run_hashes(folder)
    return folder


@pytest.fixture(scope="session")
def made_device_run(tmp_path_factory: pytest.TempPathFactory, heart_folder: Path) -> Path:
    return write_device_run(tmp_path_factory.mktemp("device"), heart_folder)


@pytest.fixture
def device_run(made_device_run: Path, tmp_path: Path) -> Path:
    """The folder of that run in a runs directory of its own, which a test may change."""
    shutil.copytree(made_device_run.parents[1], tmp_path / "runs")
    return tmp_path / "runs" / "runs" / DEVICE_RUN


@pytest.fixture
def device_command_line(device_run: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs `device` in this process on the runs directory of `device_run`: (exit code, printed, errors)."""
    from ui.terminal.command_line import command_line

    def run(part: str, *arguments: object) -> tuple[int, str, str]:
        told = ["device", part, *map(str, arguments), "--runs", str(device_run.parents[1])]
        code = command_line(told, lambda *_: pytest.fail("no window is asked for"))
        return (code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def bare_python() -> str:
    """A Python without LiteRT, from which a bundle makes an environment."""
    for name in ("/usr/bin/python3", "python3.12", "python3.11", "python3.10", "python3.9"):
        asked = [
            name,
            "-c",
            "import ensurepip, sys\ntry:\n import ai_edge_litert\nexcept ImportError: sys.exit(0)\nsys.exit(1)",
        ]
        try:
            if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
                return name
        except OSError:
            continue
    pytest.skip("there is no other Python here that can make an environment")
