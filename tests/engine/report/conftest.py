"""A run's folder as the engine leaves it, around real images and real predictions: nothing is trained."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.dataset_check import DatasetCheck, DatasetReport
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import EXIT_FAILED
from engine.contract.events import (
    DatasetReady,
    EngineEvent,
    EpochFinished,
    RunFailed,
    RunFinished,
    RunStarted,
    StageFinished,
    VariantMeasured,
    event_line,
)
from engine.contract.findings import Finding, Severity
from engine.contract.measurements import DatasetSummary, SkippedFile, VariantMeasurement
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.contract.run_result import RunResult
from engine.datasets.files.phantom_heart import draw_heart
from engine.measurement.figures_per_class import prediction_figures
from engine.measurement.paired_comparison import paired_comparison
from engine.store.prediction_file import PREDICTIONS_FILE, Predictions
from engine.store.run_environment import note_environment
from tests.ui.study_events import BASELINE, SIZES, STAGES, STARTED, epoch, variant

PATIENT, USER = "Smith_John_1961", "jdoe-of-ward-7"
CLASSES = ("normal", "sick")
PER_CLASS = 12
COUNTS = {"train": 20, "validation": 4, "test": PER_CLASS}
NAMES = ("baseline", "int8", "PRN")


def write_images(folder: Path) -> tuple[str, ...]:
    """Hearts in files that are called by a patient; their paths in the split table."""
    paths = []
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(PER_CLASS):
            path = f"{name}/{PATIENT}_{number:02d}.png"
            Image.fromarray(draw_heart(np.random.default_rng((9, label, number)), sick=bool(label))).save(folder / path)
            paths.append(str(folder / path))
    return tuple(paths)


def some_predictions(paths: tuple[str, ...]) -> Predictions:
    """Of three files, of which each errs more than the one before."""
    labels = np.repeat(np.arange(2), PER_CLASS)
    predicted = np.stack([labels, labels, labels])
    predicted[:, 0] = 1
    predicted[1, 5] = 1
    predicted[2, [5, 6, 15]] ^= 1
    predicted[2, 0] = 0
    probabilities = np.where(predicted[:, :, None] == np.arange(2), 0.8, 0.2).astype(np.float32)
    return Predictions(paths, labels, CLASSES, NAMES, probabilities, predicted)


def measured(kept: Predictions, name: str) -> VariantMeasurement:
    """With real figures of its predictions, and against the baseline."""
    place = kept.place(name)
    pair = paired_comparison(kept.labels, kept.predicted[0], kept.predicted[place], (), "baseline")
    return variant(
        name,
        **prediction_figures(kept.labels, kept.predicted[place], kept.probabilities[place], CLASSES),
        accuracy=float(np.mean(kept.predicted[place] == kept.labels)),
        agreement=float(np.mean(kept.predicted[place] == kept.predicted[0])),
        paired=pair.model_copy(update={"p_holm": pair.p_value}) if place else None,
        predictions=PREDICTIONS_FILE,
        note="Slower than the baseline." if name == "int8" else "",
    )


def write_told_run(root: Path, ending: str = "done") -> Path:
    """A run of a study of a patient's images in a user's home; returns its folder.

    Args:
        ending: "done", "failed" (one chain), or "cut off" (after the baseline).
    """
    images = root / "home" / USER / "data of the clinic" / PATIENT
    paths = write_images(images)
    run = root / "runs" / "20260131-142501-hearts-3f9a"
    (run / "models").mkdir(parents=True)
    dataset = DatasetSettings(kind="image_folder", path=str(images), labels_csv="")
    pruned = {"step": "magnitude_pruning", "sparsity": 0.75}
    int8 = {"step": "post_training_quantization", "scheme": "int8"}
    recipe = Recipe.model_validate(
        {
            "schema": 1,
            "name": "hearts & <b>bold</b> #1_50%",
            "dataset": dataset,
            "training": {"epochs": 3},
            "chains": [{"name": "int8", "steps": [int8]}, {"name": "PRN", "steps": [pruned]}],
        }
    )
    (run / "recipe.toml").write_text(recipe_text(recipe), encoding="utf-8")
    with (run / "split.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("path", "label", "split"))
        writer.writerows((path, Path(path).parent.name, "test") for path in paths)
    note_environment(run)
    kept = some_predictions(paths)
    kept.write(run / PREDICTIONS_FILE)
    finding = Finding(severity=Severity.WARNING, where="dataset", message=f"Look at {images}/normal/{PATIENT}_03.png.")
    check = DatasetCheck(images=24, exact_duplicates=2, exact_leaks=1, near_duplicate_bits=2)
    (run / "dataset.json").write_text(DatasetReport(check=check, findings=(finding,)).model_dump_json())
    variants = tuple(measured(kept, name) for name in NAMES)
    for one in variants:
        (run / one.file).write_bytes(one.name.encode() * 100)
    summary = DatasetSummary(
        classes=CLASSES, train=40, validation=8, test=24,
        counts={split: dict.fromkeys(CLASSES, count) for split, count in COUNTS.items()},
        skipped=(SkippedFile(path=f"{images}/normal/{PATIENT}_99.png", reason="it is cut off: 3 bytes are missing"),),
    )  # fmt: skip
    epochs = [epoch(BASELINE, number, 3) for number in (1, 2, 3)]
    lines = _events(run, recipe, summary, epochs, variants, ending)
    text = "".join(event_line(one.model_copy(update={"time": STARTED})) + "\n" for one in lines)
    (run / "events.jsonl").write_text(text, encoding="utf-8")
    return run


def _events(
    run: Path,
    recipe: Recipe,
    summary: DatasetSummary,
    epochs: list[EpochFinished],
    variants: tuple[VariantMeasurement, ...],
    ending: str,
) -> list[EngineEvent]:
    begun: list[EngineEvent] = [
        RunStarted(run=run.name, directory=str(run), name=recipe.name, recipe="", stages=STAGES),
        DatasetReady(dataset=summary, images=SIZES, cached=False),
        *epochs,
        StageFinished(stage=BASELINE, seconds=12.5),
        VariantMeasured(stage=BASELINE, variant=variants[0]),
    ]
    if ending == "cut off":
        return begun
    told = variants if ending == "done" else variants[:2]
    result = RunResult(run=run.name, directory=str(run), dataset=summary, images=SIZES, variants=told)
    if ending == "done":
        return [*begun, RunFinished(result=result, seconds=20.0)]
    why = f'Chain "PRN": {run.parents[1]}/home/{USER}/weights.h5 cannot be read.'
    failed = result.model_copy(update={"failed": {"PRN": why}})
    return [*begun, RunFailed(message=why, exit_code=EXIT_FAILED, result=failed)]


@pytest.fixture(scope="session")
def told_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run."""
    return write_told_run(tmp_path_factory.mktemp("told"))


@pytest.fixture(scope="session")
def written(told_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its report."""
    from engine.report.run_report import write_report

    out = tmp_path_factory.mktemp("written") / "report"
    write_report((told_run,), out)
    return out


@pytest.fixture
def own_run(told_run: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(told_run, tmp_path / "runs" / told_run.name))
