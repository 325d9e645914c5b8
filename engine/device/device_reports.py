"""All that a run knows of other devices, ready to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import DataError
from engine.device.device_figures import DeviceFigures, device_figures
from engine.device.kept_results import KeptResults, kept_results
from engine.device.result_import import ImportedResults, import_results
from engine.device.results_file import read_results
from engine.store.locations import Locations


@dataclass(frozen=True)
class DeviceReport:
    """One measurement with its figures."""

    kept: KeptResults
    figures: tuple[DeviceFigures, ...]
    title: str
    """The device's name; with the date where it was measured more than once."""

    def of(self, variant: str) -> DeviceFigures | None:
        return next((one for one in self.figures if one.variant == variant), None)


@dataclass(frozen=True)
class DeviceReports:
    reports: tuple[DeviceReport, ...]
    troubles: tuple[str, ...]
    """A sentence for each file that cannot be read."""


def device_reports(directory: Path) -> DeviceReports:
    """Of a run's folder, by device and date."""
    found = kept_results(directory)
    titles = _titles(found.measurements)
    reports = tuple(
        DeviceReport(kept, device_figures(directory, kept), title)
        for kept, title in zip(found.measurements, titles, strict=True)
    )
    return DeviceReports(reports, found.troubles)


def import_into_its_run(file: Path, locations: Locations, shown: Path | None = None) -> tuple[ImportedResults, Path]:
    """Take results into the run that they name.

    Args:
        shown: a run's folder that is looked at first, as it may lie elsewhere.

    Returns:
        The results, and the folder of their run.

    Raises:
        DataError: the file is damaged, or its run is not here.
    """
    results, _ = read_results(file)
    folders = [shown] if shown is not None and shown.name == results.run else []
    folders.append(locations.runs / Path(results.run).name)
    directory = next((folder for folder in folders if folder.is_dir()), None)
    if directory is None:
        raise DataError(f"{file} was measured for the run {results.run}, which is not in {locations.runs}.")
    return import_results(str(directory), file, locations.root), directory


def _titles(measurements: Sequence[KeptResults]) -> list[str]:
    names = [kept.results.machine.name for kept in measurements]
    return [kept.title if names.count(name) > 1 else name for kept, name in zip(measurements, names, strict=True)]
