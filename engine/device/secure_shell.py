"""The system's own `ssh` and `scp`, with the user's keys and known hosts; no password is asked for or kept."""

from __future__ import annotations

import json
import queue
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.contract.errors import DataError, NutshellError
from engine.contract.progress import Progress
from engine.launch.resources import RESOURCES

HOST = re.compile(r"(?:[\w.][\w.+-]*@)?[\w.\[:][\w.:%\]-]*")
CONNECT_S = 10
ALIVE_S, ALIVE_COUNT = 5, 3
OPTIONS = (
    "-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_S}", "-o", f"ServerAliveInterval={ALIVE_S}",
    "-o", f"ServerAliveCountMax={ALIVE_COUNT}",
)  # fmt: skip
NO_PYTHON, OLD_PYTHON, NO_CONNECTION = 41, 42, 255
CHANGED_KEY = re.compile(r"Host key for (\S+) has changed")
OFFENDING_KEY = re.compile(r"Offending \S+ key in (.+):\d+")
LOOK_EVERY_S = 0.1
END_S = 5.0
REMOTE = RESOURCES / "device" / "remote.py"
SCRIPT = f'command -v python3 >/dev/null 2>&1 || exit {NO_PYTHON}; exec python3 - "$@"'  # not shown


class ConnectionLost(NutshellError):
    """The device could be reached before, or may be again; trying once more can help."""


class DeviceRefused(DataError):
    """The device cannot be used as it is; trying again does not help."""


@dataclass(frozen=True)
class SecureShell:
    """One device that is reached over SSH."""

    host: str
    """Such as "pi@raspberrypi.local", or a name of SSH's configuration."""
    config: Path | None = None
    """SSH's configuration; None: the user's own."""

    def __post_init__(self) -> None:
        if not HOST.fullmatch(self.host):
            raise DataError(f'"{self.host}" names no device; write it as ssh takes it, such as pi@raspberrypi.local.')
        missing = [name for name in ("ssh", "scp") if shutil.which(name) is None]
        if missing:
            raise DataError(f"There is no {missing[0]} on this computer; install the OpenSSH client.")
        if self.config is not None and not self.config.is_file():
            raise DataError(f"There is no file {self.config} with SSH's configuration; check the path.")

    def ask(self, progress: Progress, part: str, *arguments: str) -> dict[str, Any]:
        """What the device answers to one part of `remote.py`.

        Raises:
            ConnectionLost, DeviceRefused: it does not.
            Cancelled: out of the progress.
        """
        answer: dict[str, Any] = {}
        for line in self.lines(progress, part, *arguments):
            answer = line
        return answer

    def lines(self, progress: Progress, part: str, *arguments: str) -> Iterator[dict[str, Any]]:
        """What the device tells, as it comes.

        Raises:
            ConnectionLost, DeviceRefused: it does not.
            Cancelled: out of the progress; the connection is ended then, which ends nothing that was started there.
        """
        script = " ".join(shlex.quote(one) for one in ("sh", "-c", SCRIPT, "sh", part, *arguments))
        command = ["ssh", *self._options(), "-T", self.host, script]
        with _Conversation(command, REMOTE.read_bytes()) as talk:
            for line in talk.lines(progress):
                try:
                    yield json.loads(line)
                except ValueError:
                    # What a login shell greets with.
                    continue
            self._raise_unless_done(talk)

    def send(self, file: Path, target: str, progress: Progress) -> None:
        """Copy a file there.

        Raises:
            ConnectionLost, DeviceRefused, Cancelled: as `lines`.
        """
        self._copy([str(file), f"{self.host}:{target}"], progress)

    def fetch(self, source: str, file: Path, progress: Progress) -> None:
        """Copy a file from there; as `send`."""
        self._copy([f"{self.host}:{source}", str(file)], progress)

    def _copy(self, ends: list[str], progress: Progress) -> None:
        with _Conversation(["scp", "-q", *self._options(), "--", *ends], b"") as talk:
            for _ in talk.lines(progress):
                continue
            self._raise_unless_done(talk)

    def _raise_unless_done(self, talk: _Conversation) -> None:
        if code := talk.code():
            raise connection_error(self.host, code, talk.faults(), self.config)

    def _options(self) -> list[str]:
        return [*OPTIONS, *(["-F", str(self.config)] if self.config else [])]


class _Conversation:
    """One process of ssh or scp; ended with the block."""

    def __init__(self, command: list[str], said: bytes) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._said = said
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._faults: list[bytes] = []
        self._threads = [
            threading.Thread(target=one, daemon=True) for one in (self._read, self._read_faults, self._write)
        ]

    def __enter__(self) -> _Conversation:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for thread in self._threads:
            thread.join(END_S)

    def lines(self, progress: Progress) -> Iterator[bytes]:
        while True:
            progress.raise_if_cancelled()
            try:
                line = self._lines.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                continue
            if line is None:
                return
            yield line

    def code(self) -> int:
        """With which it ended; waits for that."""
        return self._process.wait()

    def faults(self) -> str:
        """What it said of them, once it has ended."""
        self._threads[1].join(END_S)
        return b"".join(self._faults).decode("utf-8", "replace")

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self._lines.put(line)
        self._lines.put(None)

    def _read_faults(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self._faults.append(line)

    def _write(self) -> None:
        assert self._process.stdin is not None
        try:
            with self._process.stdin as stream:
                stream.write(self._said)
        except OSError:
            # It has ended; its exit code says why.
            return


def connection_error(host: str, code: int, said: str, config: Path | None = None) -> NutshellError:
    """What ssh's exit code and words mean.

    Args:
        config: SSH's configuration, which the commands to give instead have to name too; None: the user's own.
    """
    device = f"-F {shlex.quote(str(config))} {host}" if config else host
    if code == NO_PYTHON:
        return DeviceRefused(f"There is no python3 on {host}; install Python 3.9 or newer there.")
    if code == OLD_PYTHON:
        return DeviceRefused(f"The python3 of {host} is older than 3.9; install a newer one there.")
    if "IDENTIFICATION HAS CHANGED" in said:
        # With another port the key is listed as [address]:port, and of an alias as the name behind it.
        changed, offending = CHANGED_KEY.search(said), OFFENDING_KEY.search(said)
        name = shlex.quote(changed[1]) if changed else host.rpartition("@")[2]
        name = f"{name} -f {shlex.quote(offending[1])}" if offending else name
        return DeviceRefused(
            f"{host} has another host key than the one that this computer knows, so nothing was sent there; if the "
            f"device was set up again, forget the old key with: ssh-keygen -R {name}"
        )
    if "Host key verification failed" in said or "host key is known" in said:
        return DeviceRefused(
            f"This computer does not know the host key of {host} yet; connect once in a terminal and confirm it: "
            f"ssh {device}"
        )
    if "Permission denied" in said and (code == NO_CONNECTION or "Permission denied (" in said):
        return DeviceRefused(
            f"{host} does not let this computer in with a key; copy your key there with: ssh-copy-id {device}"
        )
    if "No space left" in said:
        return DeviceRefused(f"{host} has no space left; make room there, and give the same command again.")
    if "Permission denied" in said:
        return DeviceRefused(
            f"{host} lets nobody write to ~/.cache/nutshell-device with this login; make that folder yours there."
        )
    if "Could not resolve" in said:
        return DeviceRefused(f"There is no device {host} in this network; check its name, or write its address.")
    lines = [line for line in said.strip().splitlines() if line.strip()]
    why = lines[-1].strip() if lines else f"exit code {code}"
    if code == NO_CONNECTION or "lost connection" in said or "Connection" in said:
        return ConnectionLost(f"{host} cannot be reached ({why}); check that it is on and in the network.")
    return DeviceRefused(f"{host} could not do what it was asked ({why}).")
