"""A `.tflite` as C source: an array that lies in flash, aligned as TensorFlow Lite Micro needs it."""

from __future__ import annotations

from collections.abc import Iterator

ALIGNMENT = 16
"""Bytes: TensorFlow Lite Micro reads weights where they lie."""
BYTES_PER_LINE = 16
HEADER = """// {what}
#ifndef NUTSHELL_MODEL_H_
#define NUTSHELL_MODEL_H_

#ifdef __cplusplus
extern "C" {{
#endif

// The .tflite file, {size:,} bytes, aligned to {alignment}.
extern const unsigned char g_model[];
extern const unsigned int g_model_len;

#ifdef __cplusplus
}}
#endif

#endif  // NUTSHELL_MODEL_H_
"""  # not shown
SOURCE = """// {what}
#include "model.h"

#if defined(__cplusplus)
#define NUTSHELL_ALIGN alignas({alignment})
#else
#define NUTSHELL_ALIGN _Alignas({alignment})
#endif

NUTSHELL_ALIGN const unsigned char g_model[{size}] = {{
{lines}
}};
const unsigned int g_model_len = {size};
"""  # not shown


def header_text(content: bytes, what: str) -> str:
    """`model.h`.

    Args:
        what: of which variant and run it is, in a line.
    """
    return HEADER.format(what=_in_a_line(what), size=len(content), alignment=ALIGNMENT)


def source_text(content: bytes, what: str) -> str:
    """`model.cc`, which is C11 as well."""
    lines = ",\n".join(_lines(content))
    return SOURCE.format(what=_in_a_line(what), size=len(content), alignment=ALIGNMENT, lines=lines)


def _lines(content: bytes) -> Iterator[str]:
    for start in range(0, len(content), BYTES_PER_LINE):
        yield "    " + ", ".join(f"0x{byte:02x}" for byte in content[start : start + BYTES_PER_LINE])


def _in_a_line(text: str) -> str:
    """A comment ends with its line, and a backslash would carry it on."""
    return " ".join(text.split()).replace("\\", "/")
