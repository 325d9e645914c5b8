"""Takes the results of a device into the run that they are of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import DataError
from engine.device.kept_results import KeptResults, keep_results, matching_record
from engine.device.results_file import read_results
from engine.inspection.run_models import InspectedRun


@dataclass(frozen=True)
class ImportedResults:
    kept: KeptResults
    is_new: bool
    """Else the run had them already."""


def import_results(run: str, file: Path, runs: Path) -> ImportedResults:
    """Check the results and keep them in the run's folder.

    Raises:
        NutshellError: there is no such run; or the file is damaged, or of another run. Nothing is changed then.
    """
    directory = InspectedRun.directory_of(run, runs)
    results, content = read_results(file)
    record = matching_record(directory, results, file)
    try:
        path, is_new = keep_results(directory, content, results)
    except OSError as error:
        raise DataError(f"The results cannot be kept in {directory}: {error.strerror or error}.") from None
    return ImportedResults(KeptResults(path, results, record), is_new)
