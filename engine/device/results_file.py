"""Reads the results of a device; whatever a file holds, a sentence says what is wrong with it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.contract.errors import DataError
from engine.device.device_results import BENCHMARK_KIND, FORMAT, KIND, DeviceResults

MOST_BYTES = 64 * 2**20
"""Ten files with a thousand rounds and the answers for 50,000 images have a sixth of it."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Editors on Windows put it before a text."""
AGAIN = "copy results.json from the device again"


def read_results(path: Path) -> tuple[DeviceResults, bytes]:
    """The results in a file, and its content.

    Raises:
        DataError: there is no such file, or it is not as `measure.py` wrote it.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DataError(
                f"{path} has {size / 2**20:,.0f} MiB, far more than results of a device ever have; {AGAIN}."
            )
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); check the path.") from None
    return parse_results(content, path), content


def parse_results(content: bytes, path: Path) -> DeviceResults:
    """
    Raises:
        DataError: as `read_results`.
    """
    content = content.removeprefix(BYTE_ORDER_MARK)
    document = _document(content, path)
    if document.get("kind") not in (KIND, BENCHMARK_KIND):
        raise DataError(f"{path} holds no results of a device; name the results.json that measure.py wrote there.")
    version = document.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise DataError(f"{path} was written by a later version of measure.py; update Nutshell to read it.")
    try:
        found = DeviceResults.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise DataError(f'{path} is damaged: "{where}" is not as measure.py writes it; {AGAIN}.') from None
    if found.digest != _digest(document):
        raise DataError(f"{path} was changed after measure.py wrote it, as its checksum does not fit; {AGAIN}.")
    _refuse_contradictions(found, path)
    return found


def _document(content: bytes, path: Path) -> dict[str, Any]:
    try:
        document = json.loads(content, parse_constant=_refuse_constant)
    except _NotANumber as error:
        raise DataError(f"{path} is damaged: it holds {error}, which is not a number; {AGAIN}.") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path} is cut off, or is no JSON file; {AGAIN}.") from None
    return document if isinstance(document, dict) else {}


class _NotANumber(Exception):
    """NaN or an infinity, which JSON does not have and Python reads."""


def _refuse_constant(name: str) -> float:
    raise _NotANumber(name)


def _digest(document: dict[str, Any]) -> str:
    body = {key: value for key, value in document.items() if key != "digest"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _refuse_contradictions(found: DeviceResults, path: Path) -> None:
    rounds = len(found.rounds)
    for model in found.models:
        answers = model.answers
        whole = answers is None or {len(answers.predicted), len(answers.highest)} == {answers.images}
        timed = all(len(one.turns_ms) == rounds for one in model.latency.values())
        answered = found.kind == BENCHMARK_KIND or bool(model.error) == (answers is None)
        if not whole or not timed or not answered:
            raise DataError(f"{path} is damaged: the figures of {model.name} contradict each other; {AGAIN}.")
