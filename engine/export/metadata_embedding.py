"""Puts TFLite metadata into a finished `.tflite`, whose weights stay as they are.

Associated files follow as a ZIP archive, as the format has it:
https://www.tensorflow.org/lite/models/convert/metadata
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from engine.export.model_packing import with_weights_inline
from engine.export.model_root import with_new_root

EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def with_metadata(content: bytes, metadata: bytes, files: Mapping[str, bytes]) -> bytes:
    """The `.tflite` with metadata inside and files appended; equal arguments give equal bytes.

    Args:
        content: of a `.tflite` without TFLite metadata.
        metadata: a flatbuffer of type ModelMetadata.
        files: name → content of what the metadata calls associated files.
    """
    return _with_files(with_new_root(with_weights_inline(content), metadata), files)


def _with_files(content: bytes, files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, file in files.items():
            # With the time of now, no two runs would give the same bytes.
            archive.writestr(zipfile.ZipInfo(name, EARLIEST_ZIP_TIME), file)
    return stream.getvalue()
