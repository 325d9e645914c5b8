"""The measurements of other devices that a run has: each in a file of its own, and none is ever overwritten."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from engine.contract.errors import DataError
from engine.device.bundle_manifest import DEVICES, BundleRecord
from engine.device.device_results import DeviceResults
from engine.device.results_file import read_results
from engine.store.durable_file import write_durably

POWER_SUFFIX = ".power.csv"


@dataclass(frozen=True)
class KeptResults:
    """One measurement, with what its run knows of the bundle."""

    file: Path
    results: DeviceResults
    record: BundleRecord

    @property
    def power(self) -> Path | None:
        """What a power meter told meanwhile; None: nothing was imported with it."""
        beside = self.file.with_name(self.file.stem + POWER_SUFFIX)
        return beside if beside.is_file() else None

    @property
    def title(self) -> str:
        """Such as "Raspberry Pi 4 Model B, 2026-03-01 14:25:00"."""
        return f"{self.results.machine.name}, {self.results.begun.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class AllKept:
    """Of one run, by device and date."""

    measurements: tuple[KeptResults, ...]
    troubles: tuple[str, ...]
    """A sentence for each file that cannot be read; it stays where it is."""


def kept_results(directory: Path) -> AllKept:
    """All measurements of a run's folder."""
    found, troubles = [], []
    for file in sorted((directory / DEVICES).glob("*.json")):
        try:
            results, _ = read_results(file)
            found.append(KeptResults(file, results, matching_record(directory, results, file)))
        except DataError as error:
            troubles.append(str(error))
    return AllKept(tuple(found), tuple(troubles))


def keep_results(directory: Path, content: bytes, results: DeviceResults) -> tuple[Path, bool]:
    """Keep them under the device's name and the date.

    Returns:
        The file, and whether it is new: the same results are kept once.

    Raises:
        OSError: the run's folder cannot be written.
    """
    folder = directory / DEVICES
    plain = re.sub(r"[^a-z0-9]+", "-", results.machine.name.lower()).strip("-")[:40] or "device"
    stem = f"{plain}-{results.begun.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    for number in range(1, 10_000):
        file = folder / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")
        if not file.exists():
            write_durably(file, content)
            return file, True
        if file.read_bytes() == content:
            return file, False
    raise FileExistsError(17, "too many results of one device and date", str(folder))  # not shown


def keep_power(kept: KeptResults, content: bytes) -> None:
    """Keep what a power meter wrote beside the results.

    Raises:
        DataError: there is another meter's file already.
        OSError: the run's folder cannot be written.
    """
    file = kept.file.with_name(kept.file.stem + POWER_SUFFIX)
    if file.exists() and file.read_bytes() != content:
        raise DataError(
            f"The results have another file of a power meter, {file}; it stays. Move it away to replace it."
        )
    write_durably(file, content)


def matching_record(directory: Path, results: DeviceResults, file: Path) -> BundleRecord:
    """What the run keeps of the bundle that was measured.

    Raises:
        DataError: the results are of another run, or of other files than the bundle's.
    """
    record = BundleRecord.of(directory, results.bundle)
    if record is None:
        if results.run != directory.name:
            raise DataError(
                f"{file} was measured for the run {results.run}, and this is {directory.name}; import it there."
            )
        raise DataError(
            f"{file} was measured with a bundle that this run does not know; make a bundle again and measure that."
        )
    packed = record.manifest
    told = {model.name: model.sha256 for model in results.models}
    if told != {model.name: packed.files[model.file].sha256 for model in packed.models}:
        raise DataError(f"{file} tells of other files than those in the bundle of this run; measure the bundle again.")
    classes = {model.name: packed.classes(model) for model in packed.models}
    for model in results.models:
        if model.answers and any(place >= classes[model.name] for place in model.answers.predicted):
            raise DataError(f"{file} has answers of {model.name} that are no class of it; measure the bundle again.")
        if model.answers and len(model.answers.predicted) != len(record.predicted[model.name]):
            raise DataError(f"{file} has answers for other images than the bundle's; measure the bundle again.")
    return record
