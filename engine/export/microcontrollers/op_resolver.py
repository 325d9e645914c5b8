"""A sketch of the program that runs a file in TensorFlow Lite Micro: exactly the operators that the file uses."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract.errors import NutshellError

KEPT_CAPITALS = {"2D": "2D", "3D": "3D", "LSTM": "LSTM"}
"""Parts of names that the resolver does not write as a word."""
SPECIAL = {"PADV2": "PadV2", "CUMSUM": "CumSum", "BATCH_MATMUL": "BatchMatMul"}
CUSTOM = "CUSTOM"
SKETCH = """// {what}
//
// A sketch: put it into a project that has TensorFlow Lite Micro, and fill in where the image comes from.
// It links the {count} operator{plural} that this file uses, and no others.
#ifndef NUTSHELL_INTERPRETER_H_
#define NUTSHELL_INTERPRETER_H_

#include <cstdint>

#include "model.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace nutshell {{

// {arena_says}
constexpr int kArenaBytes = {arena};
alignas(16) static uint8_t g_arena[kArenaBytes];

using Resolver = tflite::MicroMutableOpResolver<{count}>;

inline TfLiteStatus AddOperators(Resolver& resolver) {{
{lines}
  return kTfLiteOk;
}}

// Called once; nullptr where the file or the arena does not fit.
inline tflite::MicroInterpreter* MakeInterpreter() {{
  static Resolver resolver;
  if (AddOperators(resolver) != kTfLiteOk) return nullptr;
  static tflite::MicroInterpreter interpreter(tflite::GetModel(g_model), resolver, g_arena, kArenaBytes);
  if (interpreter.AllocateTensors() != kTfLiteOk) return nullptr;
  return &interpreter;
}}

}}  // namespace nutshell

#endif  // NUTSHELL_INTERPRETER_H_
"""
UNKNOWN_ARENA = 131_072
ROUNDED_TO = 1024


def resolver_method(operator: str) -> str:
    """The method that adds an operator, such as "AddDepthwiseConv2D" for DEPTHWISE_CONV_2D.

    Raises:
        NutshellError: no method adds it, as of one operator of another runtime.
    """
    if operator == CUSTOM:
        raise NutshellError("The file has an operator of its own, which no method of TensorFlow Lite Micro adds.")
    if operator in SPECIAL:
        return f"Add{SPECIAL[operator]}"  # not shown
    return "Add" + "".join(KEPT_CAPITALS.get(part, part.capitalize()) for part in operator.split("_"))


def sketch_text(operators: Sequence[str], arena_bytes: int | None, what: str) -> str:
    """`interpreter.h`.

    Args:
        operators: that the file uses, each once.
        arena_bytes: as measured here; None: unknown.

    Raises:
        NutshellError: an operator cannot be added.
    """
    says, arena = "Not measured: make it larger or smaller by trial.", UNKNOWN_ARENA
    if arena_bytes is not None:
        says = "As measured on a computer with pointers of 8 bytes, rounded up; a board needs a little less."
        arena = -(-arena_bytes // ROUNDED_TO) * ROUNDED_TO
    lines = "\n".join(f"  TF_LITE_ENSURE_STATUS(resolver.{resolver_method(one)}());" for one in operators)
    return SKETCH.format(
        what=" ".join(what.split()),
        count=len(operators),
        plural="" if len(operators) == 1 else "s",
        arena_says=says,
        arena=arena,
        lines=lines,
    )
