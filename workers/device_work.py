"""Work for another device in a `QThread`: a bundle, a measurement over SSH, an import. One at a time, and it says when
a cancelled one has ended."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal

from engine.contract.errors import Cancelled, NutshellError
from engine.contract.progress import Progress
from workers.program_work import run_program

if TYPE_CHECKING:
    from engine.device.result_import import ImportedResults

CANCELLED = "Stopped."
END_MS = 60_000
NOT_PACKED = "The bundle could not be written; try it again."


class DeviceWork(QObject):
    """Its signals come in the thread of whoever made it."""

    succeeded = Signal(object)
    failed = Signal(str)
    cancelled = Signal(str)
    """What is left of the work that was cancelled."""
    progressed = Signal(int, int)
    phased = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asked = threading.Event()
        self._thread: _Thread | None = None

    def is_running(self) -> bool:
        return self._thread is not None and self._thread.isRunning()

    def start(self, work: Callable[[Progress], object]) -> None:
        """Do this; the work before has ended."""
        if self._thread is not None:
            # It has told its end, and is about to have ended.
            self._thread.wait(END_MS)
        self._asked.clear()
        self._thread = _Thread(work, self._progress(), self)
        self._thread.succeeded.connect(self.succeeded)
        self._thread.failed.connect(self.failed)
        self._thread.cancelled.connect(self.cancelled)
        self._thread.start()

    def cancel(self) -> None:
        """Ask it to stop; `cancelled` says when it has."""
        self._asked.set()

    def shut_down(self) -> None:
        """Stop it and wait until it has ended."""
        self.cancel()
        if self._thread is not None:
            self._thread.wait(END_MS)

    def _progress(self) -> Progress:
        def raise_if_cancelled() -> None:
            if self._asked.is_set():
                raise Cancelled(CANCELLED)

        return Progress(raise_if_cancelled, self.progressed.emit, self.phased.emit)


class _Thread(QThread):
    succeeded = Signal(object)
    failed = Signal(str)
    cancelled = Signal(str)

    def __init__(self, work: Callable[[Progress], object], progress: Progress, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("device")
        self._work, self._progress = work, progress

    def run(self) -> None:
        try:
            self.succeeded.emit(self._work(self._progress))
        except Cancelled as cancelled:
            self.cancelled.emit(str(cancelled))
        except NutshellError as error:
            self.failed.emit(str(error))
        except Exception as error:  # noqa: BLE001 - the dialog must say so rather than wait for ever
            self.failed.emit(f"That did not work: {error}")


def pack_apart(run: Path, variants: tuple[str, ...], images: int, out: Path, progress: Progress) -> Path:
    """Write a bundle in a process of its own: answering for the images here would make the window stand still.

    Raises:
        NutshellError, Cancelled: as the command.
    """
    arguments = ["device", "bundle", str(run), "--runs", str(run.parents[1]), "--images", str(images)]
    arguments += ["--out", str(out), "--progress", *(["--variants", *variants] if variants else [])]
    run_program(arguments, progress, NOT_PACKED)
    return out


def measure_over_ssh(
    run: Path, variants: tuple[str, ...], images: int, host: str, name: str, progress: Progress
) -> ImportedResults:
    """Pack a bundle, measure it on a device, and take the results into the run.

    Raises:
        NutshellError, Cancelled: as the work.
    """
    from engine.device.remote_measurement import measure_there, measuring_options
    from engine.device.secure_shell import SecureShell

    shell = SecureShell(host)
    with tempfile.TemporaryDirectory(prefix="nutshell-") as folder:
        file = pack_apart(run, variants, images, Path(folder) / "bundle.zip", progress)
        return measure_there(file, shell, run, measuring_options(name), progress)
