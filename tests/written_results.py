"""Results as `measure.py` writes them, for a device that is not there."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from engine.device.bundle_manifest import BundleRecord

ROUNDS = 3


def results_of(record: BundleRecord, **machine: object) -> dict[str, Any]:
    """Of a device that answers as this computer does; file after file takes 1, 2, 3 ms."""
    manifest = record.manifest
    conditions = {
        "at": "2026-03-01T14:25:00.000+00:00",
        "temperatures_c": {"thermal_zone0 cpu": 48.3},
        "clocks_mhz": [1500.0],
        "governor": "ondemand",
    }
    models = [
        {
            "name": model.name,
            "sha256": manifest.files[model.file].sha256,
            "error": "",
            "load_ms": 2.0,
            "first_ms": 3.0,
            "peak_memory_bytes": 1_000_000,
            "answers": {
                "images": len(record.predicted[model.name]),
                "seconds": 0.5,
                "predicted": list(record.predicted[model.name]),
                "highest": [0.9] * len(record.predicted[model.name]),
                "largest_difference": 0.0,
            },
            "latency": {str(threads): _latency((place + 1) / threads) for threads in (1, 4)},
        }
        for place, model in enumerate(manifest.models)
    ]
    body = {
        "format": 1,
        "kind": "nutshell-device-results",
        "bundle": manifest.bundle,
        "run": manifest.run,
        "begun": "2026-03-01T14:25:00.000+00:00",
        "ended": "2026-03-01T14:26:00.000+00:00",
        "resumed": 0,
        "machine": {
            "name": "Toy board",
            "board": "Toy board",
            "cpu": "Cortex-A72",
            "cores": 4,
            "architecture": "aarch64",
            "system": "Linux",
            "kernel": "6.1.0",
            "memory_bytes": 4 * 2**30,
            "python": "3.11.2",
            "runtime": "ai-edge-litert",
            "runtime_version": "2.3.0",
            "numpy": "2.4.0",
            "host": "00112233",
            **machine,
        },
        "before": conditions,
        "after": conditions,
        "rounds": [{"seconds": 0.1, **conditions} for _ in range(ROUNDS)],
        "models": models,
        "profile": None,
        "profile_note": "No times of single operators.",
        "energy": [],
        "idle": [],
    }
    return sealed(body)


def sealed(body: dict[str, Any]) -> dict[str, Any]:
    """With the checksum that fits."""
    rest = {key: value for key, value in body.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return {**rest, "digest": hashlib.sha256(text.encode()).hexdigest()}


def _latency(ms: float) -> dict[str, Any]:
    return {"p50_ms": ms, "p95_ms": 1.1 * ms, "mean_ms": ms, "turns_ms": [[ms, ms, 1.1 * ms]] * ROUNDS}
