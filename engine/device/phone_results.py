"""Puts together what `benchmark_model` wrote on a phone, so that it is kept and shown as other devices' results are."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.contract.errors import DataError
from engine.device.benchmark_output import BenchmarkOutput, parse_output
from engine.device.bundle_manifest import BundleRecord, PackedModel
from engine.device.device_results import BENCHMARK_KIND, EARLIEST, FORMAT, LATEST

DEVICE_FILE = "device.txt"
CPU, PROFILE = "cpu-", "profile"
MOST_BYTES = 4 * 2**20
"""Of one output; a profile of a large network has a tenth."""
NO_ANSWERS = "benchmark_model feeds noise, so answers were not compared."
NO_PROFILE = "No profile of operators was made."


def read_phone_folder(folder: Path, directory: Path) -> bytes:
    """The results of a folder of outputs, as JSON.

    Args:
        directory: of the run.

    Raises:
        DataError: it is no such folder, or of another run or of other files.
    """
    told = _device(folder)
    record = BundleRecord.of(directory, told.get("bundle", "")) if told.get("bundle", "").isalnum() else None
    if record is None:
        raise DataError(
            f"{folder / DEVICE_FILE} names no bundle of the run {directory.name}; import it into its own run."
        )
    outputs = _outputs(folder)
    models = [_model(model, record, outputs, told, folder) for model in record.manifest.models]
    if not any(model["latency"] for model in models):
        raise DataError(f"{folder} holds no output of benchmark_model with times; see PHONES.txt in the bundle.")
    body: dict[str, Any] = {
        "format": FORMAT,
        "kind": BENCHMARK_KIND,
        "bundle": record.manifest.bundle,
        "run": record.manifest.run,
        "begun": _begun(told, folder),
        "ended": _begun(told, folder),
        "resumed": 0,
        "machine": _machine(told),
        "before": _unknown(told, folder),
        "after": _unknown(told, folder),
        "rounds": [],
        "models": models,
        "profile": None,
        "profile_note": NO_ANSWERS if any(model["profile"] for model in models) else f"{NO_ANSWERS} {NO_PROFILE}",
        "energy": [],
        "idle": [],
        "outputs": outputs,
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return json.dumps({**body, "digest": hashlib.sha256(text.encode()).hexdigest()}).encode()


def _device(folder: Path) -> dict[str, str]:
    try:
        text = (folder / DEVICE_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise DataError(
            f"There is no {DEVICE_FILE} in {folder}; name the folder that android.sh wrote, or ios/ of the bundle."
        ) from None
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip(): value.strip()[:500] for key, equals, value in pairs if equals}


def _outputs(folder: Path) -> dict[str, str]:
    found = {}
    for file in sorted(folder.glob("*.*.txt")):
        if file.stat().st_size > MOST_BYTES:
            raise DataError(f"{file} is larger than {MOST_BYTES // 2**20} MiB, so it is no output of benchmark_model.")
        found[file.name] = file.read_text(encoding="utf-8", errors="replace").replace("\0", "")
    return found


def _model(
    model: PackedModel, record: BundleRecord, outputs: Mapping[str, str], told: Mapping[str, str], folder: Path
) -> dict[str, Any]:
    stem = Path(model.file).stem
    sha256 = record.manifest.files[model.file].sha256
    if told.get(f"sha256.{stem}", sha256) != sha256:
        raise DataError(f"{folder} is of another file than {model.name} in the bundle; run android.sh again.")
    ways = {
        name.removeprefix(f"{stem}.").removesuffix(".txt"): parse_output(text)
        for name, text in outputs.items()
        if name.startswith(f"{stem}.")
    }
    profile = ways.pop(PROFILE, None)
    first = next((one for one in ways.values() if one.latency), None)
    return {
        "name": model.name,
        "sha256": sha256,
        "error": "" if first else _why(ways),
        "load_ms": first.load_ms if first else None,
        "first_ms": first.first_ms if first else None,
        "peak_memory_bytes": first.peak_memory_bytes if first else None,
        "answers": None,
        "latency": {
            way.removeprefix(CPU): one.latency.model_dump(mode="json") for way, one in ways.items() if one.latency
        },
        "notes": {way.removeprefix(CPU): one.note for way, one in ways.items() if one.note},
        "profile": [one.model_dump() for one in profile.profile] if profile else [],
    }


def _why(ways: Mapping[str, BenchmarkOutput]) -> str:
    return next((one.note for one in ways.values() if one.note), "There is no output of it.")


def _machine(told: Mapping[str, str]) -> dict[str, Any]:
    system, _, _ = told.get("system", "").partition(" ")
    cores = told.get("cores", "")
    return {
        "name": told.get("name", "") or told.get("board", "") or "phone",
        "board": told.get("board", ""),
        "cpu": told.get("cpu", ""),
        "cores": int(cores) if re.fullmatch(r"[1-9][0-9]{0,3}", cores) else 1,
        "architecture": told.get("architecture", ""),
        "system": told.get("system", "") or system,
        "kernel": told.get("kernel", ""),
        "memory_bytes": 0,
        "python": "",
        "runtime": "benchmark_model",
        "runtime_version": "",
        "numpy": "",
        "host": "",
    }


def _begun(told: Mapping[str, str], folder: Path) -> str:
    try:
        moment = datetime.fromisoformat(told.get("begun", ""))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if not EARLIEST <= moment <= LATEST:
            raise ValueError
    except ValueError:
        moment = datetime.fromtimestamp((folder / DEVICE_FILE).stat().st_mtime, UTC)
    return moment.isoformat()


def _unknown(told: Mapping[str, str], folder: Path) -> dict[str, Any]:
    return {"at": _begun(told, folder), "temperatures_c": {}, "clocks_mhz": [], "governor": ""}
