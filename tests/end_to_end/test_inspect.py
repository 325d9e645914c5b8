"""`inspect` writes its figures and record without TensorFlow, and says in one sentence what it cannot look into."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.end_to_end.test_command_line import run
from tests.toy_run import RUN

FIGURES = (
    "filters", "feature-maps", "weights", "activation-maps", "moved-maps", "point-cloud", "layer-errors", "bytes",
)  # fmt: skip
NEVER = ("tensorflow", "tf_keras", "keras", "PySide6")


@pytest.fixture(scope="module")
def inspected(toy_run: Path, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command wrote of one variant, in a process that was looked into afterwards."""
    out = tmp_path_factory.mktemp("inspected") / "new" / "folder"
    arguments = ["inspect", RUN, "--runs", str(toy_run.parents[1]), "--variant", "int8", "--out", str(out)]
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
    assert "activation maps moved" in done.stdout
    return out


def test_every_figure_is_there_as_png_and_svg(inspected: Path) -> None:
    record = json.loads((inspected / "inspection.json").read_text())
    assert record["figures"] == [f"int8-{name}" for name in FIGURES]
    for name in record["figures"]:
        with Image.open(inspected / f"{name}.png") as figure:
            assert min(figure.size) > 200
            assert np.asarray(figure.convert("L")).std() > 3
        assert (inspected / f"{name}.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")
    assert len(list(inspected.iterdir())) == 2 * len(FIGURES) + 1


def test_the_record_holds_what_the_figures_show(inspected: Path, toy_run: Path) -> None:
    record = json.loads((inspected / "inspection.json").read_text())
    assert (record["schema"], record["run"], record["image"]["label"]) == (1, RUN, "normal")
    (variant,) = record["variants"]
    assert variant["activation_maps"]["method"] == "cam"
    assert np.shape(variant["activation_maps"]["other"]) == (12, 12)
    assert variant["moved_maps"]["images"] == 8
    assert sum(part["raw_bytes"] for part in variant["bytes"]) == (toy_run / variant["file"]).stat().st_size
    assert [layer["name"] for layer in variant["layers"]] == ["first", "last", "head"]
    assert "classified anew" in record["notes"][0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nothing",), 'There is no run "nothing"'),
        (("{folder}",), "is no run"),
        ((RUN, "--variant", "int88"), 'Did you mean "int8"?'),
        ((RUN, "--variant", "int8", "--image", "{folder}/bad.png"), "cannot be read as an image"),
        ((RUN, "--variant", "int8", "--image", "{folder}/none.png"), "cannot be read as an image"),
        ((RUN, "--out", "{folder}/bad.png"), "is a file; name a folder"),
        ((RUN, "--variant", "damaged"), "damaged.tflite"),
    ],
)
def test_bad_input_ends_in_a_sentence(
    arguments: tuple[str, ...], sentence: str, toy_run: Path, checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no image")
    damaged = toy_run / "models" / "damaged.tflite"
    damaged.write_bytes((toy_run / "models" / "int8.tflite").read_bytes()[:1500])
    try:
        given = [one.format(folder=tmp_path) for one in arguments]
        out = () if "--out" in given else ("--out", tmp_path / "out")
        done = run(checkout, "inspect", *given, "--runs", toy_run.parents[1], *out)
    finally:
        damaged.unlink()
    assert done.returncode == 2, done.stdout + done.stderr
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
