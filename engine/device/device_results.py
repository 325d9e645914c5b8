"""What a device tells of the files that were measured there. `resources/device/measure.py` writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from engine.store.kept_format import DEVICE_FORMAT

FORMAT = DEVICE_FORMAT.version
KIND = "nutshell-device-results"
BENCHMARK_KIND = "nutshell-benchmark-results"
"""Put together from what `benchmark_model` printed on a phone."""

LARGEST = 1e12
"""No figure of a device is larger; sums and ratios of such figures stay finite."""
MOST_METERED_S = 86_400.0
"""All times for a power meter together."""
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A board without a clock begins in 1970."""

Positive = Annotated[float, Field(gt=1e-12, le=LARGEST)]
NotNegative = Annotated[float, Field(ge=0, le=LARGEST)]
Finite = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Name = Annotated[str, Field(max_length=500)]
Way = Annotated[str, Field(pattern=r"^(?:[1-9][0-9]{0,4}|[A-Za-z][A-Za-z0-9_.+ -]{0,99})$")]
"""A number of threads, or what else ran a file, such as "gpu"."""
Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class DeviceMachine(_Strict):
    """Where it was measured."""

    name: Name
    """As the user called it, else the board or the processor."""
    board: Name
    cpu: Name
    cores: int = Field(ge=1, le=100_000)
    architecture: Name
    system: Name
    kernel: Name
    memory_bytes: Count
    python: Name
    runtime: Name
    """The package that ran the files."""
    runtime_version: Name
    numpy: Name
    host: Name
    """A hash of the computer's name."""


class Conditions(_Strict):
    """Of the processor at a moment, where Linux tells."""

    at: Moment
    temperatures_c: dict[Name, Finite]
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

    p50_ms: Positive | None
    """None: the tool of a phone is of a version that does not tell it."""
    p95_ms: Positive | None
    mean_ms: Positive
    turns_ms: tuple[Annotated[tuple[Positive, ...], Field(min_length=1, max_length=1000)], ...] = Field(max_length=1000)
    """Each run of each turn; the turns of all files at the same place were in the same round."""


class DeviceAnswers(_Strict):
    images: Count
    seconds: NotNegative
    """For all of them, with one thread: setting the image, running, reading the output."""
    predicted: tuple[Count, ...]
    highest: tuple[Finite, ...]
    """The largest value of each output."""
    largest_difference: NotNegative
    """Of any output to the one expected."""


class OperatorTime(_Strict):
    """What all operators of one kind take."""

    operator: Name
    count: Count
    ms: NotNegative
    share: NotNegative
    """Of the whole, 0 to 1."""


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
    peak_memory_bytes: Count | None = None
    answers: DeviceAnswers | None = None
    latency: dict[Way, DeviceLatency]
    """Number of threads, or what else ran it, such as "gpu" → times."""
    notes: dict[Way, Name] = Field(default_factory=dict)
    """The same → what is to be said of it, such as why it did not run so."""
    profile: tuple[OperatorTime, ...] = ()


class MeteredSpan(_Strict):
    """A time without work, in seconds since 1970 by the device's clock."""

    began: NotNegative
    ended: NotNegative

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.ended <= self.began:
            raise ValueError
        return self


class BurntSpan(MeteredSpan):
    """A time in which one file ran without a pause."""

    model: Name
    threads: int = Field(ge=1, le=100_000)
    inferences: int = Field(ge=1, le=2**53)


class DeviceResults(_Strict):
    """One measurement of a bundle on one device."""

    format: Literal[1]
    kind: Literal["nutshell-device-results", "nutshell-benchmark-results"]
    bundle: str = Field(pattern=r"^[0-9a-f]{16}$")
    run: Name
    begun: Moment
    ended: Moment
    resumed: Count
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
    outputs: dict[Name, str] = Field(default_factory=dict)
    """What a phone's tool printed, by file."""
    digest: Name
    """SHA-256 of all else."""

    @model_validator(mode="after")
    def _metered_sensibly(self) -> Self:
        """At rest and at work, and no longer than a day."""
        spans = (*self.energy, *self.idle)
        if bool(self.energy) != bool(self.idle):
            raise ValueError
        if sum(span.ended - span.began for span in spans) > MOST_METERED_S:
            raise ValueError
        return self

    @property
    def ways(self) -> tuple[str, ...]:
        """Numbers of threads, fewest first, then what else ran the files, such as "gpu"."""
        found = {way for model in self.models for way in model.latency}
        return tuple(sorted(found, key=lambda way: (not way.isdecimal(), int(way) if way.isdecimal() else 0, way)))
