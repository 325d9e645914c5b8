"""What a clean measuring process is asked and answers, one JSON document each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from engine.measurement.latency import LatencyFigures
from engine.measurement.micro import MicroFigures


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LatencyJob(_Message):
    """Time these files in turn."""

    job: Literal["latency"] = "latency"
    files: dict[str, str]
    threads: int
    baselines: dict[str, str] = Field(default_factory=dict)
    """Name → name of the file that its ratio is taken against; where there is none, the first."""


class MemoryJob(_Message):
    """Load one file and classify some images."""

    job: Literal["memory"] = "memory"
    file: str


class MicroJob(_Message):
    """Run two files of one network in TensorFlow Lite Micro and compare what they give."""

    job: Literal["micro"] = "micro"
    plain: str
    file: str
    """The file in question."""
    images: str
    """An .npy file: float32 (n, height, width, channels), as the network is fed."""


class RuntimeJob(_Message):
    """Run a file in one runtime."""

    job: Literal["runtime"] = "runtime"
    runtime: str
    """Its key."""
    file: str
    images: str
    """As in `MicroJob`."""
    outputs: str
    """Where the .npy file of what it gives is to be written: float32 (n, classes or 1)."""


class RuntimeAnswer(_Message):
    """How it went; where it did, the outputs are in their file."""

    refusal: str = ""
    """Why the file does not run there; empty where it does."""
    arena_bytes: int | None = None
    operators: tuple[str, ...] = ()


Job = LatencyJob | MemoryJob | MicroJob | RuntimeJob
MeasurementJob = Annotated[Job, Field(discriminator="job")]
JOB: TypeAdapter[MeasurementJob] = TypeAdapter(MeasurementJob)


class MeasurementAnswer(_Message):
    """What was found, or the sentence of what went wrong."""

    latencies: dict[str, LatencyFigures] = Field(default_factory=dict)
    peak_memory_bytes: int = 0
    micro: MicroFigures | None = None
    runtime: RuntimeAnswer | None = None
    error: str = ""
    tensorflow_loaded: bool = False
    """Must stay false: a process that has TensorFlow in it measures another thing."""
