"""Takes the results of a device into the run that they are of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import DataError
from engine.device.device_results import DeviceResults
from engine.device.energy import aligned_energy
from engine.device.kept_results import KeptResults, keep_power, keep_results, matching_record
from engine.device.phone_results import read_phone_folder
from engine.device.power_log import PowerLog
from engine.device.results_file import parse_results, read_results
from engine.inspection.run_models import InspectedRun


@dataclass(frozen=True)
class ImportedResults:
    kept: KeptResults
    is_new: bool
    """Else the run had them already."""


def import_results(run: str, file: Path, runs: Path, power: Path | None = None) -> ImportedResults:
    """Check the results and keep them in the run's folder.

    Args:
        power: what a power meter wrote meanwhile, as CSV.

    Raises:
        NutshellError: there is no such run; or the file is damaged, or of another run. Nothing is changed then.
    """
    directory = InspectedRun.directory_of(run, runs)
    results, content = _read(file, directory)
    record = matching_record(directory, results, file)
    if power is not None:
        # Before anything is kept: it may be of another time.
        aligned_energy(results, PowerLog.read(power))
    try:
        path, is_new = keep_results(directory, content, results)
        kept = KeptResults(path, results, record)
        if power is not None:
            keep_power(kept, power.read_bytes())
    except OSError as error:
        raise DataError(f"The results cannot be kept in {directory}: {error.strerror or error}.") from None
    return ImportedResults(kept, is_new)


def _read(file: Path, directory: Path) -> tuple[DeviceResults, bytes]:
    """Results of measure.py, or a folder of what a phone's tool printed."""
    if file.is_dir():
        content = read_phone_folder(file, directory)
        return parse_results(content, file), content
    return read_results(file)
