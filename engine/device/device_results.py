"""What a device tells of the files that were measured there. `resources/device/measure.py` writes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FORMAT = 1
KIND = "nutshell-device-results"

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Name = Annotated[str, Field(max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class DeviceMachine(_Strict):
    """Where it was measured."""

    name: Name
    """As the user called it, else the board or the processor."""
    board: Name
    cpu: Name
    cores: int = Field(ge=1)
    architecture: Name
    system: Name
    kernel: Name
    memory_bytes: int = Field(ge=0)
    python: Name
    runtime: Name
    """The package that ran the files."""
    runtime_version: Name
    numpy: Name
    host: Name
    """A hash of the computer's name."""


class Conditions(_Strict):
    """Of the processor at a moment, where Linux tells."""

    at: AwareDatetime
    temperatures_c: dict[Name, float]
    clocks_mhz: tuple[NotNegative, ...]
    governor: Name

    @property
    def hottest_c(self) -> float | None:
        return max(self.temperatures_c.values(), default=None)

    @property
    def clock_mhz(self) -> float | None:
        """Of the fastest core."""
        return max(self.clocks_mhz, default=None)


class Round(Conditions):
    """One turn of all files."""

    seconds: Positive


class DeviceLatency(_Strict):
    """Of one file with one number of threads, one image at a time."""

    p50_ms: Positive
    p95_ms: Positive
    mean_ms: Positive
    turns_ms: tuple[tuple[Positive, ...], ...] = Field(max_length=1000)
    """Each run of each turn; the turns of all files at the same place were in the same round."""


class DeviceAnswers(_Strict):
    images: int = Field(ge=0)
    seconds: NotNegative
    """For all of them, with one thread: setting the image, running, reading the output."""
    predicted: tuple[int, ...]
    highest: tuple[float, ...]
    """The largest value of each output."""
    largest_difference: NotNegative
    """Of any output to the one expected."""


class DeviceModel(_Strict):
    """One file."""

    name: Name
    sha256: Name
    error: Name
    """Why it does not run there; empty: it does."""
    load_ms: Positive | None = None
    """Opening the file and preparing it."""
    first_ms: Positive | None = None
    """The first image."""
    peak_memory_bytes: int | None = Field(default=None, ge=0)
    answers: DeviceAnswers | None = None
    latency: dict[str, DeviceLatency]
    """Number of threads → times."""

    def timed(self, threads: int) -> DeviceLatency | None:
        return self.latency.get(str(threads))


class MeteredSpan(_Strict):
    """A time without work, in seconds since 1970 by the device's clock."""

    began: float
    ended: float


class BurntSpan(MeteredSpan):
    """A time in which one file ran without a pause."""

    model: Name
    threads: int = Field(ge=1)
    inferences: int = Field(ge=1)


class DeviceResults(_Strict):
    """One measurement of a bundle on one device."""

    format: Literal[1]
    kind: Literal["nutshell-device-results"]
    bundle: str = Field(pattern=r"^[0-9a-f]{16}$")
    run: Name
    begun: AwareDatetime
    ended: AwareDatetime
    resumed: int = Field(ge=0)
    """How often it was interrupted and continued."""
    machine: DeviceMachine
    before: Conditions
    after: Conditions
    rounds: tuple[Round, ...] = Field(max_length=1000)
    models: tuple[DeviceModel, ...] = Field(max_length=10_000)
    profile: None = None
    profile_note: Name = ""
    """Why there are no times of single operators."""
    energy: tuple[BurntSpan, ...] = Field(max_length=100_000)
    idle: tuple[MeteredSpan, ...] = Field(max_length=100_000)
    digest: Name
    """SHA-256 of all else."""

    @property
    def threads(self) -> tuple[int, ...]:
        """The numbers of threads that it was measured with, fewest first."""
        return tuple(sorted({int(count) for model in self.models for count in model.latency if count.isdigit()}))
