"""Bad input: one clear sentence, exit code 2, no traceback, nothing written."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from tests.end_to_end.test_command_line import run
from tests.small_study import draw_class_folders

RECIPE = 'schema = 1\n[dataset]\nkind = "image_folder"\npath = {path!r}\n'


def _refused(checkout: Path, tmp_path: Path, text: str, *more: object) -> str:
    recipe = tmp_path / "study.toml"
    recipe.write_text(text)
    done = run(checkout, "run", recipe, "--runs", tmp_path / "runs", *more)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def test_a_folder_without_images(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "images" / "a").mkdir(parents=True)
    (tmp_path / "images" / "b").mkdir()
    message = _refused(checkout, tmp_path, RECIPE.format(path=str(tmp_path / "images")))
    assert "There are no images" in message
    assert "FOLDER/class/image.png" in message


def test_one_class_only(checkout: Path, tmp_path: Path) -> None:
    images = draw_class_folders(tmp_path / "images", count=4)
    for file in (images / "sick").iterdir():
        file.unlink()
    (images / "sick").rmdir()
    assert "only one class" in _refused(checkout, tmp_path, RECIPE.format(path=str(images)))


def test_a_dataset_that_is_a_file(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"x")
    assert "is a file; choose the folder" in _refused(
        checkout, tmp_path, RECIPE.format(path=str(tmp_path / "image.png"))
    )


def test_a_dataset_that_is_not_there(checkout: Path, tmp_path: Path) -> None:
    assert "there is no folder" in _refused(checkout, tmp_path, RECIPE.format(path=str(tmp_path / "nowhere")))


def test_an_archive_that_would_write_outside_of_the_cache(checkout: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.writestr("../../../canary.png", b"x")
    message = _refused(checkout, tmp_path, RECIPE.format(path=str(tmp_path / "images.zip")))
    assert 'holds the entry "../../../canary.png", which would be written outside' in message
    assert not [file for file in tmp_path.rglob("*") if file.name == "canary.png"]
    assert not any((tmp_path / "runs" / "images").iterdir())


def test_a_pickle_that_would_run_a_program(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "data_batch_1").write_bytes(b"cos\nsystem\n(S'touch " + os.fsencode(tmp_path / "canary") + b"'\ntR.")
    text = RECIPE.format(path=str(tmp_path)).replace("image_folder", "cifar10")
    assert "wants to use os.system, which no CIFAR file does; it was not run" in _refused(checkout, tmp_path, text)
    assert not (tmp_path / "canary").exists()


def test_a_misspelt_key(checkout: Path, tmp_path: Path) -> None:
    message = _refused(checkout, tmp_path, "schema = 1\n[trainig]\nepochs = 2\n")
    assert 'did you mean "training"' in message


def test_a_recipe_that_is_a_directory(checkout: Path, tmp_path: Path) -> None:
    done = run(checkout, "run", tmp_path, "--runs", tmp_path / "runs")
    assert (done.returncode, "is a folder" in done.stderr) == (2, True)


def test_a_runs_directory_that_is_a_file(checkout: Path, tmp_path: Path, heart_folder: Path) -> None:
    (tmp_path / "file").write_text("x")
    message = _refused(checkout, tmp_path, RECIPE.format(path=str(heart_folder)), "--runs", tmp_path / "file" / "runs")
    assert "because a file has that name" in message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_runs_directory(checkout: Path, tmp_path: Path, heart_folder: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    message = _refused(
        checkout, tmp_path, RECIPE.format(path=str(heart_folder)), "--runs", tmp_path / "locked" / "runs"
    )
    assert "cannot be written" in message


def test_a_chain_in_an_impossible_order(checkout: Path, tmp_path: Path) -> None:
    message = _refused(
        checkout, tmp_path,
        'schema = 1\n[[chains]]\nname = "x"\nsteps = [{ step = "post_training_quantization" }, '
        '{ step = "magnitude_pruning" }]\n',
    )  # fmt: skip
    assert "move dynamic range to the end" in message


def test_json_into_a_folder_that_is_not_there(checkout: Path, tmp_path: Path) -> None:
    message = _refused(checkout, tmp_path, "schema = 1\n", "--json", tmp_path / "no" / "result.json")
    assert "there is no folder" in message
