"""Sentences as the engine's own functions make them: errors, findings, advice, and what the doctor says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.advice.accuracy_floor import AccuracyFloor
from engine.advice.recommendations import recommended
from engine.contract.errors import NutshellError
from engine.contract.recipe_file import build_recipe
from engine.contract.registry import unknown_name_message
from engine.datasets.listing.archive import FOLDER_OR_ARCHIVE
from engine.datasets.listing.data_path import open_path
from engine.doctor.diagnosis import diagnose
from engine.doctor.usual_folders import usual_folders
from engine.inspection.run_models import run_directory
from engine.preferences.preferences_file import read_preferences
from engine.store.locations import Locations
from tests.engine.advice.measured_chains import BASELINE, changed

IMAGES = {"kind": "image_folder", "path": "images"}
FAULTY: tuple[dict[str, Any], ...] = (
    {"images": {"sise": 32}},
    {"training": {"epoch": 3}},
    {"training": {"epochs": -3}},
    {"training": {"epochs": "many"}},
    {"training": {"learning_rate": 0}},
    {"training": {"schedule": "linear"}},
    {"dataset": IMAGES | {"validation_fraction": 1.5}},
    {"images": {"dwt": {"subbands": []}}},
    {"images": {"dwt": {"subbands": []}}, "training": {"epochs": -3, "schedule": "linear"}, "backbone": {"kind": "x"}},
    {"chains": [{"name": "a", "steps": [{"step": "magnitude_prunning"}]}]},
    {"chains": [{"name": "a", "steps": [{"step": "post_training_quantization", "scheme": "int9"}]}]},
    {"name": 3},
    {"target": {"max_drop": -1}},
    {"seeds": [1, 1]},
    {"unheard_of": 1},
)
"""Recipes with faults, on top of a good one."""


def errors(folder: Path) -> Iterator[str]:
    """What is told of recipes, paths, runs and preferences that cannot be used."""
    for faulty in FAULTY:
        yield _refusal(
            lambda faulty=faulty: build_recipe({"schema": 1, "name": "a", "dataset": IMAGES} | faulty, "a.toml")
        )
    for path in (folder / "none", folder / "my images" / "of two words"):
        yield _refusal(lambda path=path: open_path(str(path), "dataset.path", FOLDER_OR_ARCHIVE, folder))
    yield unknown_name_message("variant", "nope", ["baseline", "int8"])
    yield unknown_name_message("variant", "int", ["baseline", "int8"])
    yield _refusal(lambda: run_directory("nowhere", Locations(folder / "runs")))
    file = folder / "preferences.toml"
    for text in ("format = 99\n", "threads = -7\n", "= 3"):
        file.write_text(text, encoding="utf-8")
        yield from read_preferences(file).troubles


def _refusal(call: Any) -> str:
    try:
        call()
    except NutshellError as error:
        return str(error)
    raise AssertionError("nothing was refused")


def advice() -> Iterator[str]:
    """Every kind of reason."""
    common = {"latency_ratio_ci95": (0.9, 1.1)}
    half = changed("half", 3, 2, steps=("float16",), model_bytes=500_000, zip_bytes=450_000, **common)
    sparse = changed("sparse", 0, 5, steps=("pruning 80 %",), model_bytes=1_000_000, zip_bytes=300_000, **common)
    small = changed(
        "sparse small", 0, 8, steps=("pruning 80 %", "dynamic range"), model_bytes=250_500, zip_bytes=100_000, **common
    )
    whole = changed("whole", 0, 10, steps=("int8",), model_bytes=252_000, zip_bytes=240_000, **common)
    poor = changed("poor", 0, 300, p_holm=0.001, steps=("QAT", "int8"), model_bytes=252_000, **common)
    several = [changed(f"c{number}", 0, 9, steps=("int8",), model_bytes=250_500, **common) for number in range(5)]
    for variants in ((half, sparse, small, whole), (small, *several), (sparse, poor), (whole, half)):
        for least in (0.0, 0.896, 0.95):
            yield from (one.reason for one in recommended((BASELINE, *variants), AccuracyFloor(least)))


def doctor(folder: Path) -> Iterator[str]:
    """Facts and troubles of this computer."""
    for part in diagnose(usual_folders(folder / "runs of mine")).parts:
        yield part.title
        for fact in part.facts:
            yield f"{fact.name}:"
            yield fact.value
        for trouble in part.troubles:
            yield from (trouble.what, trouble.remedy)
