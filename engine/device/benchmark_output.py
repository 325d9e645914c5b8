"""Reads what TensorFlow Lite's and LiteRT's `benchmark_model` prints on a phone."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from engine.device.device_results import LARGEST, DeviceLatency, OperatorTime

NUMBER = r"[0-9.]+(?:e[+-]?[0-9]+)?"
COUNT = re.compile(rf"count=(\d+) .*?avg=({NUMBER}).*")
FIGURE = re.compile(rf"\b(median|p95)=({NUMBER})")
SUMMARY = re.compile(
    rf"Inference timings in us: Init: ({NUMBER}), First inference: ({NUMBER}), Warmup \(avg\): {NUMBER}, "
    rf"Inference \(avg\): ({NUMBER})"
)
MEMORY = re.compile(
    rf"(?:Memory footprint delta from the start of the tool|Peak memory footprint) \(MB\): init={NUMBER} "
    rf"overall=({NUMBER})"
)
NOT_DELEGATED = "will not be executed by the delegate"  # not shown
PARTLY = re.compile(r"partially executed by the delegate w/ (\d+) delegate kernels?")
FAULT = re.compile(r"error|fail|unsupported|not found|abort", re.IGNORECASE)  # not shown
BY_TYPE = "Summary by node type"  # not shown
ROW = re.compile(rf"^\s*(\S+)\s+(\d+)\s+({NUMBER})\s+({NUMBER})%")
MB = 2**20
MOST_OPERATORS = 200


@dataclass(frozen=True)
class BenchmarkOutput:
    """Of one file, run in one way."""

    latency: DeviceLatency | None
    """None: it did not run."""
    load_ms: float | None
    first_ms: float | None
    peak_memory_bytes: int | None
    note: str
    """Why it did not run, or that only a part ran as was asked; empty: all did."""
    profile: tuple[OperatorTime, ...]
    """Empty unless it was asked for."""


def parse_output(text: str) -> BenchmarkOutput:
    """Whatever the text is: one that holds no times is of a file that did not run."""
    try:
        return _parsed(text)
    except ValueError:
        note = "what the tool printed holds a figure that is no number; run it again"
        return BenchmarkOutput(None, None, None, None, note, ())


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or value > LARGEST:
        raise ValueError
    return value


def _parsed(text: str) -> BenchmarkOutput:
    summary = SUMMARY.search(text)
    if summary is None:
        return BenchmarkOutput(None, None, None, None, _last_words(text), ())
    if NOT_DELEGATED in text:
        note = "the delegate took no part of it, and the processor ran it all"
        return BenchmarkOutput(None, None, None, None, note, ())
    init, first, mean = (_number(one) for one in summary.groups())
    # The second of these lines is of the runs that count.
    counted = COUNT.findall(text) and [one[0] for one in re.finditer(COUNT, text)][-1]
    found = {name: _number(value) / 1e3 for name, value in FIGURE.findall(counted or "")}
    memory, partly = MEMORY.search(text), PARTLY.search(text)
    latency = None
    if mean > 0:
        latency = DeviceLatency(p50_ms=found.get("median"), p95_ms=found.get("p95"), mean_ms=mean / 1e3, turns_ms=())
    return BenchmarkOutput(
        latency,
        init / 1e3 or None,
        first / 1e3 or None,
        round(_number(memory[1]) * MB) if memory else None,
        "a part of it ran on the processor, not in the delegate" if partly else "",
        _operators(text),
    )


def _operators(text: str) -> tuple[OperatorTime, ...]:
    """Of the last table by type, which is that of the runs, not of the initialisation."""
    _, heading, rest = text.rpartition(BY_TYPE)
    if not heading:
        return ()
    found = []
    for line in rest.splitlines()[1:]:
        row = ROW.match(line)
        if row is not None:
            found.append(
                OperatorTime(operator=row[1], count=int(row[2]), ms=_number(row[3]), share=_number(row[4]) / 100)
            )
        elif found:
            break
    return tuple(found[:MOST_OPERATORS])


def _last_words(text: str) -> str:
    """Of a tool that has failed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    faults = [line for line in lines if FAULT.search(line)]
    return ((faults or lines or ["the tool said nothing"])[-1])[:300]
