"""Which runtimes run a file that ships, and how far their answers are from LiteRT's: tried, not guessed."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engine.contract.errors import NutshellError
from engine.contract.progress import UNWATCHED, Progress
from engine.contract.runtime import RUNTIMES
from engine.contract.runtime_figures import RuntimeFigures
from engine.measurement.accuracy import both_classes, predicted, share_equal
from engine.measurement.clean_process import MeasurementCrashed, MeasurementTooLong, measure_in_clean_process
from engine.measurement.measurement_job import RuntimeAnswer, RuntimeJob

MOST_IMAGES, LEAST_IMAGES = 128, 32
MACS_BUDGET = 1e9
"""Multiply-accumulates that a runtime may take for more than the fewest images: kernels that are written to be read do
some 4 × 10⁸ a second."""
LONGEST_S = 600.0
FAILED_IN_PYTHON = 1
"""Exit code of a process that an exception ended."""
NOT_MEASURED = "not measured: "


def tried_places(macs: int, images: int) -> np.ndarray:
    """On which of the test images a network of so many multiply-accumulates is tried: int64, spread evenly."""
    count = min(int(np.clip(MACS_BUDGET // max(macs, 1), LEAST_IMAGES, MOST_IMAGES)), images)
    return np.linspace(0, images - 1, count).round().astype(np.int64)


def untried(known: Mapping[str, RuntimeFigures]) -> tuple[str, ...]:
    """The runtimes that have still to be tried: those that nothing is known of, and those installed since."""
    return tuple(
        key for key in RUNTIMES if key not in known or (known[key].runs is None and not RUNTIMES[key]().missing())
    )


def runtime_figures(
    file: Path,
    images: Callable[[], np.ndarray],
    expected: np.ndarray,
    keys: Collection[str],
    progress: Progress = UNWATCHED,
    longest_s: float = LONGEST_S,
    quiet: bool = False,
) -> dict[str, RuntimeFigures]:
    """Runtime's key → how it runs a file; each in a process of its own, all at once, as nothing is timed.

    Args:
        images: gives float32 (n, height, width, channels), as the network is fed.
        expected: LiteRT's outputs for them, float32 (n, classes or 1).
        quiet: as `measure_in_clean_process`.

    Raises:
        Cancelled: out of `progress`.
    """
    known = {key: RuntimeFigures(runs=None, reason=f"{NOT_MEASURED}{why}") for key, why in _missing(keys).items()}
    there = [key for key in keys if key not in known]
    if there:
        progress.phase("trying the file in other runtimes")
        with tempfile.TemporaryDirectory(prefix="nutshell-") as folder, ThreadPoolExecutor(len(there)) as pool:
            fed = Path(folder) / "images.npy"
            np.save(fed, images(), allow_pickle=False)

            def tried(key: str) -> RuntimeFigures:
                outputs = Path(folder) / f"{key}.npy"
                job = RuntimeJob(runtime=key, file=str(file), images=str(fed), outputs=str(outputs))
                return _tried(job, expected, progress, longest_s, quiet)

            known |= dict(zip(there, pool.map(tried, there), strict=True))
    return {key: known[key] for key in keys}


def _missing(keys: Collection[str]) -> dict[str, str]:
    return {key: why for key in keys if (why := RUNTIMES[key]().missing())}


def _tried(job: RuntimeJob, expected: np.ndarray, progress: Progress, longest_s: float, quiet: bool) -> RuntimeFigures:
    name = RUNTIMES[job.runtime].name
    try:
        answer = measure_in_clean_process(job, progress, longest_s, quiet).runtime
    except MeasurementCrashed as crash:
        if crash.return_code == FAILED_IN_PYTHON:
            # No native code ends so: it is a fault of this program.
            return RuntimeFigures(runs=None, reason=f"{NOT_MEASURED}{crash}")
        return RuntimeFigures(
            runs=False, reason=f"{name} ended its process on this file ({_ended(crash.return_code)})."
        )
    except MeasurementTooLong:
        reason = f"{name} did not answer {len(expected)} images within {longest_s:.0f} s, and was ended."
        return RuntimeFigures(runs=False, reason=reason)
    except NutshellError as error:
        # The process itself could not be had, which says nothing of the file.
        return RuntimeFigures(runs=None, reason=f"{NOT_MEASURED}{error}")
    assert answer is not None
    if answer.refusal:
        return RuntimeFigures(runs=False, reason=answer.refusal)
    return _compared(np.load(job.outputs, allow_pickle=False), expected, answer, name)


def _compared(found: np.ndarray, expected: np.ndarray, answer: RuntimeAnswer, name: str) -> RuntimeFigures:
    told = {"arena_bytes": answer.arena_bytes, "operators": answer.operators, "images": len(expected)}
    wrong = int((~np.isfinite(found)).any(axis=1).sum())
    if wrong:
        reason = f"{name} gives no numbers (NaN or infinity) for {wrong} of {len(found)} images."
        return RuntimeFigures(runs=False, reason=reason, **told)
    return RuntimeFigures(
        runs=True,
        agreement=share_equal(predicted(found), predicted(expected)),
        max_difference=float(np.abs(both_classes(found) - both_classes(expected)).max()),
        **told,
    )


def _ended(return_code: int) -> str:
    """Such as "SIGABRT", or "exit code 3"."""
    if return_code < 0 and -return_code in set(signal.Signals):
        return signal.Signals(-return_code).name
    return f"exit code {return_code}"
