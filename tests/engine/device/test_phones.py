"""What a phone prints is read back: android.sh with a stand-in for the phone, the app for iOS by hand."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.errors import DataError
from engine.device.benchmark_output import parse_output
from engine.device.bundle import AskedBundle, write_bundle
from engine.device.device_figures import DeviceFigures, device_figures
from engine.device.kept_results import kept_results
from engine.device.result_import import import_results
from engine.report.content import ReportTable
from engine.report.device_section import device_section
from engine.report.reported_run import read_run

Command = Callable[..., tuple[int, str, str]]

NEWER = """STARTING!
Num threads: [{threads}]
Graph: [/data/local/tmp/nutshell/model.tflite]
INFO: Initialized TensorFlow Lite runtime.
The input model file size (MB): 0.0341
Initialized session in 12.5ms.
Running benchmark for at least 5 iterations and at least 0.5 seconds but terminate if exceeding 60 seconds.
count=31 first=21000 curr=15200 min=15100 max=21000 avg=15800.5 std=980 p5=15150 median=15500 p95=17000
Running benchmark for at least 100 iterations and at least 1 seconds but terminate if exceeding 60 seconds.
count=100 first=15100 curr=15050 min=14900 max=16900 avg={average} std=210 p5=14950 median=15010 p95=15600
Inference timings in us: Init: 12500, First inference: 21000, Warmup (avg): 15800.5, Inference (avg): {average}
Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE.
Memory footprint delta from the start of the tool (MB): init=1.25 overall=8.5
"""
OLDER = """count=5 first=130492 curr=111222 min=111222 max=130492 avg=116523 std=7192
count=50 first=112256 curr=111087 min=110425 max=114213 avg=1.12533e+05 std=778
Inference timings in us: Init: 34939, First inference: 130492, Warmup (avg): 116523, Inference (avg): 1.12533e+05
Peak memory footprint (MB): init=4.92969 overall=138.809
"""
NOT_TAKEN = "Though NNAPI delegate is explicitly applied, the model graph will not be executed by the delegate.\n"
PARTLY = (
    "Explicitly applied GPU delegate, and the model graph will be partially executed by the delegate w/ 2 delegate "
    "kernels.\n"
)
PROFILE = """Profiling Info for Benchmark Initialization:
============================== Summary by node type ==============================
\t             [Node type]\t  [count]\t [avg ms]\t    [avg %]\t    [cdf %]\t  [mem KB]\t[times called]
\t         AllocateTensors\t        1\t    0.900\t   100.000%\t   100.000%\t     0.000\t        1

Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Summary by node type ==============================
\t             [Node type]\t  [count]\t [avg ms]\t    [avg %]\t    [cdf %]\t  [mem KB]\t[times called]
\t                 CONV_2D\t        2\t   12.250\t    81.667%\t    81.667%\t     0.000\t        2
\t         FULLY_CONNECTED\t        1\t    2.750\t    18.333%\t   100.000%\t     0.000\t        1

Timings (microseconds): count=100 first=15000 curr=15000 min=15000 max=15000 avg=15000 std=0
"""
PHONE = r"""#!/bin/sh
# Answers as adb does for one phone: files are copied, and the tool's output depends on how it is called.
case "$1" in
get-state) echo device ;;
push) cp "$2" "$PHONE/$(basename "$3")" ; cp "$2" "$PHONE/model.tflite" ;;
shell)
  shift
  case "$*" in
  *ro.product.manufacturer*) echo Acme ;;
  *ro.product.model*) echo "Phone 7" ;;
  *ro.board.platform*) echo taro ;;
  *ro.soc.model*) echo SM8450 ;;
  *ro.product.cpu.abi*) echo arm64-v8a ;;
  *ro.build.version.release*) echo 14 ;;
  nproc) echo 8 ;;
  *uname*) echo 5.10.1 ;;
  sha256sum*) sha256sum "$PHONE/model.tflite" ;;
  *use_gpu*) cat "$PHONE/gpu.txt" ;;
  *use_nnapi*) cat "$PHONE/nnapi.txt" ;;
  *enable_op_profiling*) cat "$PHONE/profile.txt" ;;
  *num_threads=4*) cat "$PHONE/four.txt" ;;
  *num_threads=1*) cat "$PHONE/one.txt" ;;
  esac ;;
esac
"""


@pytest.fixture
def bundle(device_run: Path, tmp_path: Path) -> Path:
    """Unpacked."""
    write_bundle(AskedBundle(str(device_run), images=4), tmp_path / "bundle.zip", device_run.parents[1])
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(tmp_path / "device")
    return tmp_path / "device"


@pytest.fixture
def phone(tmp_path: Path) -> dict[str, str]:
    """The environment in which adb finds one."""
    folder = tmp_path / "phone"
    folder.mkdir()
    (tmp_path / "adb").write_text(PHONE)
    (tmp_path / "adb").chmod(0o755)
    one = NEWER.format(threads=1, average=15000)
    for name, text in (
        ("one", one),
        ("four", NEWER.format(threads=4, average=5000)),
        ("gpu", PARTLY + OLDER),
        ("nnapi", NOT_TAKEN + one),
        ("profile", one + PROFILE),
    ):
        (folder / f"{name}.txt").write_text(text)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PHONE": str(folder)}


def figures_of(run: Path) -> tuple[DeviceFigures, ...]:
    (kept,) = kept_results(run).measurements
    return device_figures(run, kept)


def test_both_versions_of_the_output_are_read() -> None:
    newer, older = parse_output(NEWER.format(threads=1, average=15000)), parse_output(OLDER)
    assert newer.latency is not None
    assert older.latency is not None
    assert (newer.latency.p50_ms, newer.latency.p95_ms, newer.latency.mean_ms) == (15.01, 15.6, 15.0)
    assert (newer.load_ms, newer.first_ms, newer.peak_memory_bytes) == (12.5, 21.0, round(8.5 * 2**20))
    assert (older.latency.p50_ms, older.latency.mean_ms) == (None, 112.533)
    assert older.peak_memory_bytes == round(138.809 * 2**20)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("", "the tool said nothing"),
        ("Loaded model\nERROR: Didn't find op for builtin opcode 'CONV_2D'\nFailed!\n", "Failed!"),
        ("Segmentation fault", "Segmentation fault"),
        (NOT_TAKEN + OLDER, "the delegate took no part of it, and the processor ran it all"),
    ],
)
def test_what_did_not_run_is_told(text: str, note: str) -> None:
    found = parse_output(text)
    assert (found.latency, found.note) == (None, note)


@pytest.mark.skipif(os.name == "nt", reason="android.sh is for Linux and macOS")
def test_a_phone_is_measured_and_read_back(
    device_run: Path, bundle: Path, phone: dict[str, str], tmp_path: Path, device_command_line: Command
) -> None:
    (tmp_path / "benchmark_model").write_bytes(b"tool")
    command = ["sh", "android.sh", str(tmp_path / "benchmark_model"), "f0"]
    done = subprocess.run(command, cwd=bundle, env=phone, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    code, printed, errors = device_command_line("import", device_run, bundle / "android-results")
    assert code == 0, errors
    assert "Acme Phone 7" in printed
    assert "GPU" in printed
    assert "CONV_2D 82 %" in printed
    for one in figures_of(device_run):
        assert list(one.latency) == ["1", "4", "gpu"]
        assert one.latency["1"].usual_ms == 15.01
        assert one.latency["gpu"].usual_ms == pytest.approx(112.533)
        assert one.latency["4"].ratio == pytest.approx(1.0)
        assert one.notes["nnapi"] == "the delegate took no part of it, and the processor ran it all"
        assert "a part of it ran on the processor" in one.notes["gpu"]
        assert [kind.operator for kind in one.profile] == ["CONV_2D", "FULLY_CONNECTED"]
        assert one.images == 0
    (kept,) = kept_results(device_run).measurements
    assert kept.results.machine.architecture == "arm64-v8a"
    assert kept.results.outputs["00-baseline.cpu-1.txt"].startswith("STARTING!")


@pytest.mark.skipif(os.name == "nt", reason="android.sh is for Linux and macOS")
def test_without_a_phone_there_is_a_sentence(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "adb").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "adb").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for arguments, sentence in ((("run.sh",), "adb finds no phone"), ((), "Name the tool")):
        done = subprocess.run(
            ["sh", "android.sh", *arguments], cwd=bundle, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert sentence in done.stderr


def test_what_the_app_for_ios_shows_is_read_back(device_run: Path, bundle: Path) -> None:
    told = json.loads((bundle / "ios" / "00-baseline.cpu-1.json").read_text())
    assert told["graph"] == "00-baseline.tflite"
    assert told["input_layer_shape"] == "1,96,96,1"
    assert told["num_threads"] == "1"
    (bundle / "ios" / "00-baseline.coreml.txt").write_text(NEWER.format(threads=1, average=3000))
    device = bundle / "ios" / "device.txt"
    device.write_text(device.read_text().replace("name=iPhone", "name=iPhone 15"))
    import_results(str(device_run), bundle / "ios", device_run.parents[1])
    section = device_section(read_run(device_run), "")
    assert section is not None
    (caption,) = (block.caption for block in section.blocks if isinstance(block, ReportTable))
    assert "one file after the other" in caption
    assert "in the same rounds" not in caption
    figures = figures_of(device_run)
    assert list(figures[0].latency) == ["coreml"]
    assert figures[1].error == "There is no output of it."
    (kept,) = kept_results(device_run).measurements
    assert kept.results.machine.name == "iPhone 15"


@pytest.mark.parametrize(
    ("device", "output", "sentence"),
    [
        (None, "", "There is no device.txt"),
        ("bundle=0123456789abcdef\n", OLDER, "names no bundle of the run"),
        ("bundle=../../x\n", OLDER, "names no bundle of the run"),
        ("bundle={bundle}\n", "nothing", "no output of benchmark_model with times"),
        ("bundle={bundle}\nsha256.00-baseline=0\n", OLDER, "is of another file than baseline"),
    ],
)
def test_a_folder_that_does_not_fit_has_a_sentence(
    device_run: Path, bundle: Path, tmp_path: Path, device: str | None, output: str, sentence: str
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    name = json.loads((bundle / "manifest.json").read_text())["bundle"]
    if device is not None:
        (folder / "device.txt").write_text(device.replace("{bundle}", name))
    (folder / "00-baseline.cpu-1.txt").write_text(output)
    with pytest.raises(DataError) as error:
        import_results(str(device_run), folder, device_run.parents[1])
    assert sentence in str(error.value)
    assert not list((device_run / "devices").glob("*.json"))


@pytest.mark.parametrize("figure", ["1.2.3", "1e+999", "9" * 20])
def test_a_figure_that_is_no_number_is_a_note(figure: str) -> None:
    found = parse_output(NEWER.format(threads=1, average=figure))
    assert found.latency is None
    assert "holds a figure that is no number" in found.note
