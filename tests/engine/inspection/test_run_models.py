"""A run's files are found by its folder or its name; its images are fed as it fed them; its points are its answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.errors import DataError
from engine.contract.events import VariantMeasured, event_line
from engine.inspection.compared_files import ComparedFiles
from engine.inspection.inspected_variant import inspect_variant
from engine.inspection.paired_images import PairedImages, spread_out
from engine.inspection.point_cloud import classified, kept_predictions, point_cloud
from engine.inspection.run_models import InspectedRun
from engine.measurement.accuracy import predicted
from engine.measurement.classification import classify
from engine.store.database import open_database
from engine.store.locations import Locations
from engine.store.prediction_file import PREDICTIONS_FILE
from engine.store.run_history import RunState, record_end, record_start
from tests.tflite_toys import gap_network
from tests.toy_run import RUN, SIDE, write_toy_run
from tests.ui.study_events import variant as measured_variant


def test_a_run_is_found_by_folder_and_by_name(toy_run: Path) -> None:
    by_folder, by_name = InspectedRun.open(toy_run), InspectedRun.open(RUN, toy_run.parents[1])
    assert by_folder == by_name
    assert [model.name for model in by_folder.models] == ["baseline", "dynamic range", "float16", "int8"]
    assert [model.name for model in by_folder.compressed()] == ["dynamic range", "float16", "int8"]
    assert {image.label for image in by_folder.test_images} == {"normal", "sick"}


def test_what_is_no_run_or_no_variant_is_said_in_a_sentence(toy_run: Path, tmp_path: Path) -> None:
    runs = toy_run.parents[1]
    with pytest.raises(DataError, match=f'There is no run "{RUN[:-1]}x" in .*Did you mean "{RUN}"'):
        InspectedRun.open(RUN[:-1] + "x", runs)
    with pytest.raises(DataError, match=r"is no run: there is no recipe\.toml in it"):
        InspectedRun.open(tmp_path, runs)
    run = InspectedRun.open(toy_run)
    with pytest.raises(DataError, match=r'There is no variant "int9".*Did you mean "int8"'):
        run.compressed(["int9"])
    with pytest.raises(DataError, match="is the baseline"):
        run.compressed(["baseline"])


def test_variants_are_named_as_the_runs_events_name_them(toy_run: Path, heart_folder: Path, tmp_path: Path) -> None:
    content = (toy_run / "models" / "baseline.tflite").read_bytes()
    folder = write_toy_run(tmp_path, heart_folder, {})
    names = {"baseline (64 px)": "a", "int8 (64 px)": "b", "gone (64 px)": ""}
    lines = []
    for name, file in names.items():
        if file:
            (folder / "models" / f"{file}.tflite").write_bytes(content)
        changes = {"setting": "64 px", "file": f"models/{file or 'c'}.tflite"}
        event = VariantMeasured(stage="s", variant=measured_variant(name.split(" (")[0]).model_copy(update=changes))
        lines.append(event_line(event))
    (folder / "events.jsonl").write_text("\n".join([*lines, '{"event": "variant_measured", "half']))
    run = InspectedRun.open(folder)
    assert [(model.name, model.baseline, model.file.name) for model in run.models] == [
        ("baseline (64 px)", "baseline (64 px)", "a.tflite"),
        ("int8 (64 px)", "baseline (64 px)", "b.tflite"),
    ]


def test_points_are_the_files_answers(toy_run: Path, tmp_path: Path) -> None:
    run = InspectedRun.open(toy_run)
    assert kept_predictions(run, ()) is None
    models = (run.model("baseline"), run.model("int8"))
    found = classified(run, models)
    images, opened = PairedImages(run), models[1].opened()
    fed = np.stack([images.fed(image.path, opened) for image in run.test_images])
    answers = classify(models[1].file, [fed])
    np.testing.assert_array_equal(found.probabilities[found.place("int8")], answers)
    cloud = point_cloud(found, "baseline", "int8")
    assert cloud.of == 'probability of "sick"'
    np.testing.assert_array_equal(cloud.other, answers[:, 1])
    np.testing.assert_array_equal(cloud.right, predicted(answers) == found.labels)


def test_kept_predictions_are_used_and_a_damaged_file_is_told(
    toy_run: Path, heart_folder: Path, tmp_path: Path
) -> None:
    folder = write_toy_run(tmp_path, heart_folder, {"baseline": gap_network((SIDE, SIDE, 1), 2)})
    run = InspectedRun.open(folder)
    probabilities = np.random.default_rng(0).dirichlet((1, 1, 1), (2, 4)).astype(np.float32)
    kept = {
        "paths": np.array(list("abcd")),
        "labels": np.array([0, 1, 2, 2]),
        "classes": np.array(["x", "y", "z"]),
        "variants": np.array(["baseline", "int8"]),
        "probabilities": probabilities,
        "predicted": probabilities.argmax(axis=2),
    }
    np.savez(folder / PREDICTIONS_FILE, **kept)
    found = kept_predictions(run, ())
    assert found is not None
    cloud = point_cloud(found, "baseline", "int8")
    np.testing.assert_array_equal(cloud.baseline, probabilities[0][range(4), kept["labels"]])
    np.savez(folder / PREDICTIONS_FILE, **{**kept, "paths": np.array(["a"])})
    with pytest.raises(DataError, match="damaged"):
        kept_predictions(run, ())
    (folder / PREDICTIONS_FILE).write_bytes(b"PK no archive")
    with pytest.raises(DataError, match=r"predictions\.npz is damaged"):
        kept_predictions(run, ())


def test_an_image_of_the_users_own_is_looked_at(toy_run: Path, tmp_path: Path) -> None:
    run = InspectedRun.open(toy_run)
    images, opened = PairedImages(run), run.model("baseline").opened()
    Image.fromarray(np.full((40, 30, 3), 128, np.uint8)).save(tmp_path / "own.png")
    assert images.fed(str(tmp_path / "own.png"), opened).shape == (24, 24, 1)
    (tmp_path / "bad.png").write_bytes(b"no image")
    for path in ("bad.png", "none.png", ""):
        with pytest.raises(DataError, match="cannot be read as an image"):
            images.decoded(str(tmp_path / path), opened)


def test_images_are_spread_over_all() -> None:
    run = [str(number) for number in range(100)]
    assert spread_out(run, 4) == ("0", "33", "66", "99")  # type: ignore[arg-type, comparison-overlap]
    assert len(spread_out(run, 200)) == 100  # type: ignore[arg-type]


def test_a_variant_is_looked_into(toy_run: Path) -> None:
    run = InspectedRun.open(toy_run)
    variant, images = run.model("int8"), PairedImages(run)
    files = ComparedFiles.open(run, variant)
    found = inspect_variant(run, variant, files, images, run.test_images[0].path)
    record = found.record
    assert [layer.name for layer in record.layers] == ["first", "last", "head"]
    assert all(layer.comparable and layer.output_sqnr_db for layer in record.layers)
    assert record.moved_maps is not None
    assert record.moved_maps.images == len(run.test_images) == 8
    assert sum(part.raw_bytes for part in record.bytes) == record.model_bytes == variant.file.stat().st_size
    assert [maps.pair.baseline.name for maps in found.feature_maps] == ["first", "last"]


def test_a_damaged_file_is_said(toy_run: Path, heart_folder: Path, tmp_path: Path) -> None:
    content = (toy_run / "models" / "int8.tflite").read_bytes()
    folder = write_toy_run(tmp_path, heart_folder, {"baseline": gap_network((SIDE, SIDE, 1), 2)})
    for damaged in (content[:900], b"\0" * 500, b""):
        (folder / "models" / "int8.tflite").write_bytes(damaged)
        run = InspectedRun.open(folder)
        with pytest.raises(DataError, match=r"int8\.tflite"):
            ComparedFiles.open(run, run.model("int8"))


def test_a_run_is_found_by_what_it_is_called(toy_run: Path, tmp_path: Path) -> None:
    locations = Locations(tmp_path / "runs").create()
    for run in ("20260131-142501-hearts-0001", "20260131-152501-hearts-0002"):
        shutil.copytree(toy_run, locations.runs / run)
        with open_database(locations.database) as database:
            record_start(database, run, "hearts of our lab")
            record_end(database, run, RunState.DONE)
    found = InspectedRun.open("hearts of our lab", locations.root)
    assert found.directory.name == "20260131-152501-hearts-0002", "the newest"
    with pytest.raises(DataError, match=r'Did you mean "hearts of our lab"\? Its runs: hearts of our lab\.'):
        InspectedRun.open("hearts of our lap", locations.root)
