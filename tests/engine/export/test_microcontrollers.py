"""C source is the file, by two compilers; the sketch links exactly the operators of the file; boards by rule."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from engine.contract.errors import DataError, NutshellError
from engine.contract.runtime_figures import RuntimeFigures
from engine.export.microcontrollers.boards import KIB, board_fits, board_table
from engine.export.microcontrollers.c_array import header_text, source_text
from engine.export.microcontrollers.micro_export import micro_files, micro_record, write_micro_files
from engine.export.microcontrollers.op_resolver import resolver_method, sketch_text
from tests.tflite_toys import gap_network
from tests.ui.study_events import variant

MIB = 1024 * KIB
METHODS = {
    "ADD": "AddAdd",
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "BATCH_MATMUL": "AddBatchMatMul",
    "CONCATENATION": "AddConcatenation",
    "CONV_2D": "AddConv2D",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "DEQUANTIZE": "AddDequantize",
    "FULLY_CONNECTED": "AddFullyConnected",
    "HARD_SWISH": "AddHardSwish",
    "LOGISTIC": "AddLogistic",
    "MAX_POOL_2D": "AddMaxPool2D",
    "MEAN": "AddMean",
    "MUL": "AddMul",
    "PAD": "AddPad",
    "PADV2": "AddPadV2",
    "QUANTIZE": "AddQuantize",
    "REDUCE_MAX": "AddReduceMax",
    "RELU": "AddRelu",
    "RELU6": "AddRelu6",
    "RESHAPE": "AddReshape",
    "SOFTMAX": "AddSoftmax",
    "SPACE_TO_BATCH_ND": "AddSpaceToBatchNd",
    "STRIDED_SLICE": "AddStridedSlice",
    "SUB": "AddSub",
    "TRANSPOSE_CONV": "AddTransposeConv",
}
"""As tensorflow/lite/micro/micro_mutable_op_resolver.h of tflite-micro has them."""
WRITES_IT_BACK = """
#include <stdint.h>
#include <stdio.h>
#include "model.h"
int main(void) {
  if ((uintptr_t)g_model % 16 != 0) return 2;
  return fwrite(g_model, 1, g_model_len, stdout) == g_model_len ? 0 : 3;
}
"""
USES_THE_SKETCH = """
#include "interpreter.h"
int main() { return nutshell::MakeInterpreter() == nullptr; }
"""
STUBS = {
    "micro_mutable_op_resolver.h": """
#pragma once
enum TfLiteStatus {{ kTfLiteOk = 0, kTfLiteError = 1 }};
#define TF_LITE_ENSURE_STATUS(a) do {{ const TfLiteStatus s = (a); if (s != kTfLiteOk) return s; }} while (0)
namespace tflite {{
template <unsigned int tOpCount> class MicroMutableOpResolver {{
  unsigned int count_ = 0;
  TfLiteStatus Add() {{ return count_++ < tOpCount ? kTfLiteOk : kTfLiteError; }}
 public:
{methods}
}};
}}
""",
    "micro_interpreter.h": """
#pragma once
#include <cstddef>
#include <cstdint>
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
namespace tflite {{
struct Model {{}};
struct MicroInterpreter {{
  template <class Resolver> MicroInterpreter(const Model*, const Resolver&, uint8_t*, size_t) {{}}
  TfLiteStatus AllocateTensors() {{ return kTfLiteOk; }}
}};
}}
""",
    "../schema/schema_generated.h": """
#pragma once
#include "tensorflow/lite/micro/micro_interpreter.h"
namespace tflite {{ inline const Model* GetModel(const void*) {{ static Model model; return &model; }} }}
""",
}
"""The declarations of tflite-micro that the sketch uses; its sources are not installed with its package."""


def compiler(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name}")
    return found


@pytest.mark.parametrize(
    ("name", "options"),
    [("gcc", ("-x", "c", "-std=c11")), ("g++", ("-x", "c++", "-std=c++17"))],
)
def test_the_array_is_the_file_byte_for_byte(name: str, options: tuple[str, ...], tmp_path: Path) -> None:
    content = gap_network((24, 24, 1), 2, "int8") + bytes(range(256))
    what = "int8 of a run\nwith \\ two lines */"
    (tmp_path / "model.h").write_text(header_text(content, what), encoding="utf-8")
    (tmp_path / "model.cc").write_text(source_text(content, what), encoding="utf-8")
    (tmp_path / "main.cc").write_text(WRITES_IT_BACK, encoding="utf-8")
    command = [compiler(name), *options, "-Wall", "-Wextra", "-Werror", "model.cc", "main.cc", "-o", "back"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert built.returncode == 0, built.stderr
    assert subprocess.run([tmp_path / "back"], capture_output=True, timeout=60, check=True).stdout == content


def test_the_sketch_links_exactly_the_operators_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "int8.tflite").write_bytes(gap_network((24, 24, 1), 2, "int8"))
    tried = {"tflm": RuntimeFigures(runs=True, agreement=1.0, max_difference=0.0, arena_bytes=8_513)}
    record = micro_record(tmp_path, variant("int8", file="models/int8.tflite", runtimes=tried))
    assert record.operators == ("CONV_2D", "DEQUANTIZE", "FULLY_CONNECTED", "MEAN", "QUANTIZE", "SOFTMAX")
    files = micro_files(tmp_path, record)
    sketch = files["interpreter.h"]
    assert "MicroMutableOpResolver<6>" in sketch
    linked = [line.split("resolver.")[1].split("(")[0] for line in sketch.splitlines() if "resolver.Add" in line]
    assert linked == [METHODS[name] for name in record.operators]
    # Up to the next KiB.
    assert "kArenaBytes = 9216;" in sketch
    write_micro_files(files, tmp_path / "out")
    micro = tmp_path / "out" / "tensorflow" / "lite" / "micro"
    (micro.parent / "schema").mkdir(parents=True)
    micro.mkdir()
    methods = "\n".join(f"  TfLiteStatus {method}() {{ return Add(); }}" for method in METHODS.values())
    for name, text in STUBS.items():
        (micro / name).write_text(text.format(methods=methods), encoding="utf-8")
    (tmp_path / "out" / "main.cc").write_text(USES_THE_SKETCH, encoding="utf-8")
    command = [compiler("g++"), "-std=c++17", "-Wall", "-Wextra", "-Werror", "-I.", "model.cc", "main.cc", "-o", "run"]
    built = subprocess.run(command, cwd=tmp_path / "out", capture_output=True, text=True, timeout=60, check=False)
    assert built.returncode == 0, built.stderr
    assert subprocess.run([tmp_path / "out" / "run"], timeout=60, check=False).returncode == 0


@pytest.mark.parametrize(("operator", "method"), METHODS.items())
def test_operators_have_the_resolvers_own_names(operator: str, method: str) -> None:
    assert resolver_method(operator) == method


def test_an_operator_of_another_runtime_is_refused() -> None:
    with pytest.raises(NutshellError, match="an operator of its own"):
        sketch_text(["CUSTOM"], None, "x")
    assert "Not measured" in sketch_text(["ADD"], None, "x")


def test_every_board_names_its_maker_and_a_known_core() -> None:
    table = board_table()
    assert len(table.boards) >= 8
    assert len({board.name for board in table.boards}) == len(table.boards)
    for board in table.boards:
        assert board.core in table.cores
        assert board.source.startswith("https://")
        assert board.seen
        assert board.ram_bytes < board.flash_bytes


def test_what_fits_and_why_not() -> None:
    def told(model: int, arena: int | None) -> dict[str, tuple[bool | None, str]]:
        return {one.board: (one.fits, one.why) for one in board_fits(model, arena, None)}

    small = told(300 * KIB, 100 * KIB)
    assert all(fits for fits, _ in small.values())
    assert small["Arduino Nano 33 BLE Sense"][1] == "724 KiB of flash and 156 KiB of RAM are left for the program."
    large = told(1536 * KIB, 300 * KIB)
    nano, pico = large["Arduino Nano 33 BLE Sense"], large["Raspberry Pi Pico"]
    assert nano == (False, "The file takes 1,536.0 KiB, and the flash has 1,024 KiB.")
    assert pico == (False, "The arena takes 300.0 KiB, and the RAM has 264 KiB.")
    assert large["Sony Spresense"][1] == "File and arena take 1,836.0 KiB, and the RAM has 1,536 KiB."
    assert large["Nucleo H743ZI"][0] is True
    assert told(300 * KIB, None)["Nucleo H743ZI"][0] is None
    assert told(9 * MIB, None)["Nucleo H743ZI"][0] is False


def test_cycles_are_estimated_for_int8_alone_and_say_their_rule() -> None:
    nano = next(one for one in board_fits(1000, 1000, 10_000_000) if one.board == "Arduino Nano 33 BLE Sense")
    assert nano.estimated_cycles == 17_000_000
    assert nano.estimated_ms == pytest.approx(17_000_000 / 64_000)
    assert nano.rule.startswith("1.7 cycles per MAC: int8 kernels with the DSP extension (CMSIS-NN)")
    floats = board_fits(1000, 1000, None)
    assert {(one.estimated_cycles, one.estimated_ms, one.rule) for one in floats} == {(None, None, "")}


def test_a_file_that_does_not_run_there_is_refused_with_the_reason(tmp_path: Path) -> None:
    tried = {"tflm": RuntimeFigures(runs=False, reason="TensorFlow Lite Micro has no DEQUANTIZE for float16 values.")}
    with pytest.raises(DataError, match=r'"int8" is not for a microcontroller\. TensorFlow Lite Micro has no DEQUANT'):
        micro_record(tmp_path, variant("int8", runtimes=tried))


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="is a file; name a folder"):
        write_micro_files({"model.h": ""}, tmp_path / "file")
