"""`device`: bundles for other devices, their results, and measuring on one over SSH."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from engine.contract.errors import EXIT_DONE, NutshellError
from engine.contract.progress import Progress
from engine.device.bundle import AskedBundle, write_bundle
from engine.device.device_figures import device_figures
from engine.device.kept_results import KeptResults, kept_results
from engine.device.remote_measurement import measure_there, measuring_options
from engine.device.result_import import import_results
from engine.device.secure_shell import SecureShell
from engine.inspection.run_models import InspectedRun
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from engine.measurement.interpreter import load_interpreter
from engine.store.run_hashes import is_damaged
from ui.byte_sizes import bytes_text
from ui.counts import counted
from ui.terminal.device_table import device_lines, device_table
from ui.terminal.plain_console import plain_console
from ui.terminal.quiet_stderr import quiet_stderr
from ui.terminal.stop_on_signal import StopOnSignal
from ui.terminal.told_progress import told_on_stderr


def asked_bundle(chosen: argparse.Namespace) -> AskedBundle:
    """What the options say."""
    return AskedBundle(chosen.run, tuple(chosen.variants), chosen.images, chosen.wheels, chosen.names)


def device_command(chosen: argparse.Namespace) -> int:
    """Do one part.

    Raises:
        NutshellError: as the part's work.
        Cancelled: Ctrl-C.
    """
    if chosen.part == "bundle":
        return _bundle(chosen)
    if chosen.part == "import":
        return _import(chosen.run, chosen.results, chosen.runs, chosen.power)
    if chosen.part == "run":
        return _run(chosen)
    return _list(chosen.run, chosen.runs)


def _bundle(chosen: argparse.Namespace) -> int:
    _start_runtime(chosen.run, chosen.runs)
    with StopOnSignal(tr("Stopped; {folder} is as it was.", folder=chosen.out)) as stop:
        progress = told_on_stderr(stop.raise_if_asked)
        if chosen.progress:
            progress = Progress(
                stop.raise_if_asked,
                on_report=lambda done, total: _tell_window(done=done, total=total),
                on_phase=lambda text: _tell_window(phase=text),
            )
        written = write_bundle(asked_bundle(chosen), chosen.out, chosen.runs, progress)
    models, images = len(written.manifest.models), max(len(one.labels) for one in written.manifest.image_sets)
    sys.stdout.write(
        f"{written.file}: {counted(models, 'file')}, {counted(images, 'test image')}, "
        f"{bytes_text(written.bytes)}\n"  # not shown
        + tr("Unpack it on the device, start run.sh there, and bring results.json back:")
        + f"\n    device import {chosen.run} results.json\n"  # not shown
    )
    return EXIT_DONE


def _tell_window(**told: object) -> None:
    """The window that started this reads its progress as JSON lines."""
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


def _start_runtime(run: str, runs: Path) -> None:
    """LiteRT greets on stderr when it runs its first file."""
    opened = InspectedRun.open(run, runs)
    with suppress(NutshellError, OSError), quiet_stderr():
        if not is_damaged(opened.directory, opened.first_baseline.file):
            load_interpreter(opened.first_baseline.file)


def _import(run: str, results: Path, runs: Path, power: Path | None) -> int:
    imported = import_results(run, results, runs, power)
    directory = InspectedRun.directory_of(run, runs)
    _print(directory, imported.kept)
    file = imported.kept.file
    kept = tr("Kept in {file}.", file=file)
    sys.stdout.write(
        (kept if imported.is_new else tr("The run had these results already, in {file}.", file=file)) + "\n"
    )
    return EXIT_DONE


def _run(chosen: argparse.Namespace) -> int:
    shell = SecureShell(chosen.host, chosen.ssh_config)
    options = measuring_options(chosen.name, chosen.seconds, chosen.energy)
    directory = InspectedRun.directory_of(chosen.run, chosen.runs)
    _start_runtime(chosen.run, chosen.runs)
    with StopOnSignal(tr("Stopped.")) as stop, tempfile.TemporaryDirectory(prefix="nutshell-") as folder:
        file = Path(folder) / "bundle.zip"
        progress = told_on_stderr(stop.raise_if_asked)
        write_bundle(asked_bundle(chosen), file, chosen.runs, progress)
        # The device says itself how long it takes.
        phases = Progress(progress.raise_if_cancelled, on_phase=progress.phase)
        imported = measure_there(file, shell, directory, options, phases)
    _print(directory, imported.kept)
    sys.stdout.write(tr("Kept in {file}.", file=imported.kept.file) + "\n")
    return EXIT_DONE


def _list(run: str, runs: Path) -> int:
    directory = InspectedRun.directory_of(run, runs)
    found = kept_results(directory)
    for kept in found.measurements:
        _print(directory, kept)
    for trouble in found.troubles:
        sys.stderr.write(f"{recognised(trouble)}\n")
    if not found.measurements:
        sys.stdout.write(tr("No other device has measured this run's files yet.") + "\n")
    return EXIT_DONE


def _print(directory: Path, kept: KeptResults) -> None:
    figures = device_figures(directory, kept)
    console = plain_console()
    console.print(device_table(kept, figures))
    for line in device_lines(kept, figures):
        console.print(line, soft_wrap=True, highlight=False)
