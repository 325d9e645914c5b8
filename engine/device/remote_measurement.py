"""Measures a run's files on a device over SSH: copies, starts, follows, fetches; goes on after a lost connection."""

from __future__ import annotations

import re
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.contract.errors import Cancelled, DataError, NutshellError
from engine.contract.progress import UNWATCHED, Progress
from engine.device.bundle_manifest import MANIFEST_FILE, BundleManifest
from engine.device.result_import import ImportedResults, import_results
from engine.device.secure_shell import ConnectionLost, DeviceRefused, SecureShell

FOLDER = ".cache/nutshell-device"
"""In the home of the user there; `remote.py` has it too."""
PROGRESS_LINE = re.compile(r"\[ *(\d+) %\] (.*)")
RECONNECT_S = 600.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
LOOK_EVERY_S = 0.1
STOPPED_THERE, VANISHED = 130, -1
MIB = 2**20
MOST_SECONDS, MOST_ENERGY_S = 3600, 600
"""As `measure.py` has them."""
UNPACK_AGAIN = "unpack the bundle again"  # not shown
"""What measure.py says of files that were changed there."""


@dataclass
class RemoteMeasurement:
    """The work with one device."""

    shell: SecureShell
    bundle: str
    """Its id, which names the folder there."""
    progress: Progress
    reconnect_s: float = RECONNECT_S
    """How long a lost connection is tried again."""
    _said: list[str] = field(default_factory=list)
    """The last lines that are no progress."""
    _reached: bool = False

    def measure(self, archive: Path, options: Sequence[str], target: Path) -> None:
        """Fetch the results of the device as `target`.

        Args:
            archive: the bundle's file.
            options: of measure.py.

        Raises:
            NutshellError: the device cannot be used, or the connection stays lost: then it goes on measuring there, and
                the same call fetches the results later.
            Cancelled: out of the progress; nothing runs there any more.
        """
        try:
            self._prepare(archive)
            self._again(lambda: self._ask("start", *options))
            self._follow()
            self._again(lambda: self.shell.fetch(f"{self._folder}/results.json", target, self.progress))
        except Cancelled as cancelled:
            raise self._stop(cancelled) from None
        self._again(lambda: self._ask("clean"))

    @property
    def _folder(self) -> str:
        return f"{FOLDER}/{self.bundle}"

    def _ask(self, part: str, *arguments: str) -> dict[str, Any]:
        return self.shell.ask(self.progress, part, self.bundle, *arguments)

    def _prepare(self, archive: Path) -> None:
        self.progress.phase(f"connecting to {self.shell.host}")
        # Not tried again: a device that was never there is more likely mistyped than lost.
        found = self._ask("prepare")
        self._reached = True
        if found.get("running") or found.get("there"):
            return
        self.progress.phase(f"copying to {self.shell.host}")
        try:
            _refuse_full(self.shell.host, archive, found["free_bytes"])
            self._again(lambda: self.shell.send(archive, f"{self._folder}/bundle.zip", self.progress))
            self._again(lambda: self._ask("unpack"))
        except DeviceRefused as refused:
            # Nothing was measured yet, and a part of a bundle is of no use there.
            with suppress(NutshellError):
                self._ask("clean")
            raise refused from None

    def _follow(self) -> None:
        offset, code = 0, None
        while code is None:

            def listen() -> None:
                nonlocal offset, code
                for told in self.shell.lines(self.progress, "follow", self.bundle, str(offset)):
                    for line in told.get("text", "").splitlines():
                        self._tell(line)
                    offset = told.get("offset", offset)
                    code = told.get("ended", code)

            self._again(listen)
        if code:
            self._refuse(code)

    def _refuse(self, code: int) -> None:
        said = " ".join(self._said[-2:]) or f"exit code {code}"
        if code in (STOPPED_THERE, VANISHED):
            raise DeviceRefused(
                f"The measurement on {self.shell.host} was ended, as by a restart; give the same command again."
            )
        if UNPACK_AGAIN in said:
            self._again(lambda: self._ask("clean"))
        raise DeviceRefused(f"The measurement failed on {self.shell.host}: {said}")

    def _tell(self, line: str) -> None:
        found = PROGRESS_LINE.match(line)
        if found:
            self.progress.phase(found[2])
            self.progress.report(int(found[1]), 100)
        elif line.strip():
            self._said.append(line.strip())

    def _again(self, work: Callable[[], object]) -> None:
        """Do it, and once more after each lost connection, for a while."""
        since: float | None = None
        wait = FIRST_WAIT_S
        while True:
            began = time.monotonic()
            try:
                work()
                return
            except ConnectionLost as error:
                now = time.monotonic()
                # One that held for a while was a new loss.
                if since is None or now - began > LONGEST_WAIT_S:
                    since, wait = now, FIRST_WAIT_S
                if now - since > self.reconnect_s:
                    raise NutshellError(
                        f"The connection to {self.shell.host} is lost; it goes on measuring there. Give the same "
                        f"command again to fetch the results. ({error})"
                    ) from None
                self.progress.phase(f"the connection to {self.shell.host} is lost; trying again")
                self._wait(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.progress.raise_if_cancelled()
            time.sleep(LOOK_EVERY_S)

    def _stop(self, cancelled: Cancelled) -> Cancelled:
        """End what runs there, and see that it has ended."""
        if not self._reached:
            return cancelled
        host = self.shell.host
        try:
            left = self.shell.ask(UNWATCHED, "stop", self.bundle).get("left", True)
        except NutshellError as error:
            return Cancelled(f"{cancelled} But {host} does not answer, so it may still measure there. {error}")
        if left:
            return Cancelled(f"{cancelled} But a process on {host} does not end; look there.")
        return Cancelled(f"{cancelled} Nothing runs on {host} any more; what is done is kept there.")


def _refuse_full(host: str, archive: Path, free_bytes: int) -> None:
    with zipfile.ZipFile(archive) as packed:
        needed = archive.stat().st_size + sum(one.file_size for one in packed.infolist())
    if free_bytes < needed:
        raise DeviceRefused(
            f"{host} has {free_bytes / MIB:,.1f} MiB left for {needed / MIB:,.1f} MiB of the bundle; make room there, "
            "and give the same command again."
        )


def measuring_options(name: str = "", seconds: float | None = None, energy_s: float = 0.0) -> list[str]:
    """What measure.py is given.

    Args:
        name: what to call the device; empty: as it calls itself.
        seconds: of timing per file; None: as usual.
        energy_s: how long each file runs for a power meter; 0: there is none.

    Raises:
        DataError: measure.py takes no such times.
    """
    # Written so that NaN is refused as well.
    if seconds is not None and not 0 < seconds <= MOST_SECONDS:
        raise DataError(f"--seconds is {seconds:g}; it has to be more than 0 and at most {MOST_SECONDS}.")
    if not 0 <= energy_s <= MOST_ENERGY_S:
        raise DataError(f"--energy is {energy_s:g}; it has to be from 0 to {MOST_ENERGY_S}.")
    options = [f"--name={name}"] if name else []
    options += [f"--seconds={seconds:g}"] if seconds else []
    return options + ([f"--energy={energy_s:g}"] if energy_s else [])


def measure_there(
    file: Path, shell: SecureShell, run: Path, options: Sequence[str], progress: Progress = UNWATCHED
) -> ImportedResults:
    """Measure a bundle on a device, and take the results into its run.

    Args:
        file: the bundle.
        run: the run's folder.
        options: of measure.py.

    Raises:
        NutshellError, Cancelled: as `RemoteMeasurement.measure` and `import_results`.
    """
    with zipfile.ZipFile(file) as archive:
        manifest = BundleManifest.model_validate_json(archive.read(MANIFEST_FILE))
    with tempfile.TemporaryDirectory(prefix="nutshell-") as folder:
        target = Path(folder) / "results.json"
        RemoteMeasurement(shell, manifest.bundle, progress).measure(file, options, target)
        return import_results(str(run), target, run.parents[1])
