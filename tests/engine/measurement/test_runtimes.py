"""Every runtime is tried on real files: what runs, what does not and why, and what an abort or a hang costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.runtime import RUNTIMES
from engine.contract.runtime_figures import KeptLimit, RuntimeFigures
from engine.contract.target_settings import TargetSettings
from engine.figures.runtime_words import limits_text, runs_on_sentences, runs_on_text
from engine.figures.variants_csv import variants_csv
from engine.measurement.classification import classify
from engine.measurement.runtime_measurement import runtime_figures, tried_places, untried
from engine.measurement.target_limits import kept_limits, limits_note
from engine.measurement.tflite_file import TfliteFile
from tests.engine.measurement.conftest import SampleFiles
from tests.ui.study_events import variant

ROUNDING = 1e-6
"""Of float32 sums in another order."""
HOSTILE = """
import os, time
from engine.contract.runtime import Runtime, RuntimeAnswers
from engine.measurement.interpreter import ImageClassifier

class Aborting(Runtime):
    key, title, name = "aborting", "A", "The aborting runtime"
    def answers(self, file, images):
        os.abort()

class Hanging(Runtime):
    key, title, name = "hanging", "H", "The hanging runtime"
    def answers(self, file, images):
        time.sleep(600)

class Nan(Runtime):
    key, title, name = "nan", "N", "The runtime without numbers"
    def answers(self, file, images):
        return RuntimeAnswers(0 * ImageClassifier(file).answers(images) / 0)

class Faulty(Runtime):
    key, title, name = "faulty", "F", "The faulty runtime"
    def answers(self, file, images):
        raise KeyError("a fault of the program")
"""
TRY = """
import json, sys
from pathlib import Path
import numpy as np
from engine.measurement.runtime_measurement import runtime_figures
images, file = np.load(sys.argv[1]), Path(sys.argv[2])
expected = np.load(sys.argv[3])
keys = ["aborting", "hanging", "nan", "faulty", "litert"]
found = runtime_figures(file, lambda: images, expected, keys, longest_s=20.0, quiet=True)
print(json.dumps({key: one.model_dump() for key, one in found.items()}))
"""


def tried(sample_files: SampleFiles, name: str, *keys: str) -> dict[str, RuntimeFigures]:
    file = sample_files.path(name)
    expected = classify(file, [sample_files.images])
    return runtime_figures(file, lambda: sample_files.images, expected, keys or tuple(RUNTIMES))


@pytest.mark.parametrize("name", ["float32", "converter_int8", "converter_int8_io", "converter_int16x8"])
def test_files_that_run_everywhere_agree(sample_files: SampleFiles, name: str) -> None:
    pytest.importorskip("tflite_micro", reason="has no wheel for this platform")
    found = tried(sample_files, name)
    assert list(found) == ["litert", "litert_reference", "tflm"]
    for one in found.values():
        assert (one.runs, one.reason, one.images) == (True, "", 40)
        assert one.agreement == 1.0
        assert one.max_difference is not None
    assert found["litert"].max_difference == 0.0
    if name == "float32":
        assert found["tflm"].max_difference < ROUNDING  # type: ignore[operator]
    used = {operator.name for operator in TfliteFile.read(sample_files.path(name)).operators}
    assert set(found["tflm"].operators) == used
    assert found["litert"].arena_bytes is None
    # At least the input of the largest layer with its output: 16×16×(3 + 16) values.
    arena = found["tflm"].arena_bytes
    assert arena is not None
    assert arena > 16 * 16 * 19 * (1 if "int8" in name and "16" not in name else 2)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("converter_float16", "TensorFlow Lite Micro has no DEQUANTIZE for float16 values."),
        (
            "converter_dynamic_range",
            "TensorFlow Lite Micro has no CONV_2D for float32 values with int8 weights (Hybrid models are not "
            "supported on TFLite Micro).",
        ),
        ("quantizer_int4", "TensorFlow Lite Micro has no DEQUANTIZE for int4 values."),
    ],
)
def test_why_a_file_is_not_for_a_microcontroller(sample_files: SampleFiles, name: str, reason: str) -> None:
    pytest.importorskip("tflite_micro", reason="has no wheel for this platform")
    found = tried(sample_files, name, "tflm")["tflm"]
    assert (found.runs, found.agreement, found.max_difference, found.arena_bytes) == (False, None, None, None)
    assert found.reason == reason


def test_a_runtime_that_is_not_installed_is_told_and_tried_later(
    sample_files: SampleFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tflite_micro", None)
    found = tried(sample_files, "float32", "tflm")
    assert found["tflm"].runs is None
    assert found["tflm"].reason.startswith("not measured: install TensorFlow Lite Micro with pip install")
    everything = {key: RuntimeFigures(runs=True) for key in RUNTIMES} | found
    assert untried(everything) == ()
    monkeypatch.undo()
    pytest.importorskip("tflite_micro", reason="has no wheel for this platform")
    assert untried(everything) == ("tflm",)
    assert untried({}) == tuple(RUNTIMES)


@pytest.mark.skipif(os.name == "nt", reason="ends otherwise there")
def test_an_abort_and_a_hang_are_reasons_and_a_fault_of_the_program_is_none(
    sample_files: SampleFiles, tmp_path: Path, checkout: Path
) -> None:
    """Four runtimes of a folder of extensions, each by itself in a real process."""
    (tmp_path / "mine" / "runtimes").mkdir(parents=True)
    (tmp_path / "mine" / "runtimes" / "hostile.py").write_text(HOSTILE, encoding="utf-8")
    images, expected = tmp_path / "images.npy", tmp_path / "expected.npy"
    np.save(images, sample_files.images[:32])
    np.save(expected, classify(sample_files.path("float32"), [sample_files.images[:32]]))
    done = subprocess.run(
        [sys.executable, "-c", TRY, str(images), str(sample_files.path("float32")), str(expected)],
        env=os.environ | {"NUTSHELL_EXTENSIONS": str(tmp_path / "mine"), "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["aborting"]["runs"] is False
    assert found["aborting"]["reason"] == "The aborting runtime ended its process on this file (SIGABRT)."
    assert found["hanging"]["runs"] is False
    assert found["hanging"]["reason"] == ("The hanging runtime did not answer 32 images within 20 s, and was ended.")
    assert found["nan"]["runs"] is False
    assert "gives no numbers (NaN or infinity) for 32 of 32 images" in found["nan"]["reason"]
    assert found["faulty"]["runs"] is None
    assert found["faulty"]["reason"].startswith("not measured: ")
    assert found["litert"]["runs"] is True


def test_at_least_32_images_are_tried_and_more_of_a_small_network() -> None:
    assert len(tried_places(4_000_000_000, 5000)) == 32
    assert len(tried_places(1_000_000, 5000)) == 128
    assert list(tried_places(1_000_000, 7)) == [0, 1, 2, 3, 4, 5, 6]
    assert len(set(tried_places(20_000_000, 60).tolist())) == 50


TRIED = {
    "litert": RuntimeFigures(runs=True, agreement=1.0, max_difference=0.0, images=32),
    "litert_reference": RuntimeFigures(runs=True, agreement=0.96875, max_difference=0.0125, images=32),
    "tflm": RuntimeFigures(runs=False, reason="TensorFlow Lite Micro has no DEQUANTIZE for float16 values."),
}


def test_the_table_says_it_in_a_word_and_its_tool_tip_in_sentences() -> None:
    float16 = variant("PRN", runtimes=TRIED)
    assert runs_on_text(float16) == "LiteRT, LiteRT reference (97 %)"
    assert runs_on_sentences(float16).splitlines() == [
        "LiteRT: runs, with LiteRT's own answers for 32 test images.",
        "LiteRT reference: runs, with LiteRT's class for 31 of 32 test images; probabilities differ by at most 0.013.",
        "TFLM: does not run. TensorFlow Lite Micro has no DEQUANTIZE for float16 values.",
    ]
    assert (runs_on_text(variant("int8")), runs_on_sentences(variant("int8"))) == ("–", "")
    head, row = variants_csv([float16]).splitlines()
    assert "runtimes_tflm_runs" in head
    assert "no DEQUANTIZE for float16" in row


def test_each_limit_of_the_target_has_a_verdict() -> None:
    target = TargetSettings(runs_on=("litert", "tflm"), arena_bytes=262_144, model_bytes=700_000)
    float16 = variant("PRN", runtimes=TRIED, model_bytes=1_000_000)
    limits = kept_limits(target, float16)
    assert limits == (
        KeptLimit(limit="runs_on", runtime="litert", verdict="holds"),
        KeptLimit(limit="runs_on", runtime="tflm", verdict="does not hold"),
        KeptLimit(limit="arena_bytes", allowed=262_144, verdict="not measured"),
        KeptLimit(limit="model_bytes", allowed=700_000, found=1_000_000, verdict="does not hold"),
    )
    told = float16.model_copy(update={"limits": limits})
    assert limits_note(told) == (
        "It does not keep the target to run on TensorFlow Lite Micro: TensorFlow Lite Micro has no DEQUANTIZE for "
        "float16 values. Its arena, which the target limits, was not measured. The file takes 976.6 KiB, more than "
        "the 683.6 KiB that the target allows."
    )
    assert limits_text(told) == "not: runs on TFLM, size; not measured: arena"
    micro = {"tflm": RuntimeFigures(runs=True, agreement=1.0, max_difference=0.0, arena_bytes=262_144)}
    int8 = variant("int8", runtimes=TRIED | micro, model_bytes=700_000)
    int8 = int8.model_copy(update={"limits": kept_limits(target, int8)})
    assert {one.verdict for one in int8.limits} == {"holds"}
    assert (limits_note(int8), limits_text(int8)) == ("", "kept")
    assert kept_limits(TargetSettings(), int8) == ()
