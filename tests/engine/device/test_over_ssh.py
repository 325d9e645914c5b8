"""The round trip over SSH to a real server on loopback: cancel, lost connection, wrong host key, no Python."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.errors import Cancelled, DataError, NutshellError
from engine.contract.progress import Progress
from engine.device.bundle import AskedBundle, write_bundle
from engine.device.device_figures import device_figures
from engine.device.kept_results import kept_results
from engine.device.remote_measurement import RemoteMeasurement, measure_there, measuring_options
from engine.device.result_import import ImportedResults
from engine.device.secure_shell import SecureShell, connection_error
from tests.loopback_sshd import LoopbackServer, make_key

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the server is started on Linux and macOS")
MEASURE_S = 240
GONE_S = 15.0


class Watch:
    """Remembers what was told, and does something once at a phase."""

    def __init__(self, phase: str = "", action: Callable[[], None] = lambda: None) -> None:
        self.phases: list[str] = []
        self.shares: list[int] = []
        self._phase, self._action = phase, action
        self._cancelled = False

    @property
    def progress(self) -> Progress:
        return Progress(self._raise, lambda done, total: self.shares.append(done), self._on_phase)

    def cancel(self) -> None:
        self._cancelled = True

    def _raise(self) -> None:
        if self._cancelled:
            raise Cancelled("Stopped.")

    def _on_phase(self, text: str) -> None:
        self.phases.append(text)
        if self._phase and self._phase in text:
            self._phase = ""
            self._action()


def packed(run: Path, folder: Path) -> Path:
    write_bundle(AskedBundle(str(run), images=6), folder / "bundle.zip", run.parents[1])
    return folder / "bundle.zip"


def measure(server: LoopbackServer, run: Path, file: Path, watch: Watch, seconds: float = 0.3) -> ImportedResults:
    shell = SecureShell("device", server.config)
    return measure_there(file, shell, run, [f"--seconds={seconds}", "--name=Loop"], watch.progress)


def wait_until_quiet(server: LoopbackServer) -> None:
    deadline = time.monotonic() + GONE_S
    while server.measuring() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.measuring() == []


def test_the_command_measures_there_and_takes_the_results(
    ssh_device: LoopbackServer, device_run: Path, checkout: Path
) -> None:
    arguments = ["device", "run", device_run, "device", "--ssh-config", ssh_device.config, "--seconds", "0.3"]
    arguments += ["--images", "6", "--runs", device_run.parents[1]]
    command = [sys.executable, checkout / "main.py", *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=MEASURE_S, check=False)
    assert done.returncode == 0, done.stderr
    assert "timing, round" in done.stderr
    assert "as here" in done.stdout
    (kept,) = kept_results(device_run).measurements
    assert all(one.differing == () and one.error == "" for one in device_figures(device_run, kept))
    # Nothing runs there, and nothing but the environment of later measurements is kept.
    wait_until_quiet(ssh_device)
    assert not [one for one in ssh_device.there.iterdir() if one.name != "venv"]


def test_cancel_leaves_nothing_running_there(ssh_device: LoopbackServer, device_run: Path, tmp_path: Path) -> None:
    file = packed(device_run, tmp_path)
    watch = Watch("timing, round 2", lambda: watch.cancel())
    with pytest.raises(Cancelled, match="Nothing runs on device any more"):
        measure(ssh_device, device_run, file, watch, seconds=30)
    assert ssh_device.measuring() == []
    assert not kept_results(device_run).measurements


def test_ctrl_c_ends_the_measurement_there(ssh_device: LoopbackServer, device_run: Path, checkout: Path) -> None:
    arguments = ["device", "run", device_run, "device", "--ssh-config", ssh_device.config, "--seconds", "60"]
    command = [sys.executable, checkout / "main.py", *arguments, "--images", "6", "--runs", device_run.parents[1]]
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "timing, round" in line:
            break
    assert ssh_device.measuring()
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(60) == 130, rest
    assert "Nothing runs on device any more" in rest
    assert ssh_device.measuring() == []


def test_a_lost_connection_is_taken_up_again(ssh_device: LoopbackServer, device_run: Path, tmp_path: Path) -> None:
    def cut() -> None:
        sessions = ssh_device.sessions()
        assert sessions
        for session in sessions:
            session.kill()

    watch = Watch("timing, round 3", cut)
    imported = measure(ssh_device, device_run, packed(device_run, tmp_path), watch, seconds=3)
    assert imported.is_new
    assert imported.kept.results.resumed == 0
    assert any("is lost; trying again" in phase for phase in watch.phases)
    assert watch.shares == sorted(watch.shares)
    wait_until_quiet(ssh_device)


def test_a_connection_that_stays_lost_leaves_it_measuring_and_the_same_command_fetches_it(
    ssh_device: LoopbackServer, device_run: Path, tmp_path: Path
) -> None:
    config = ssh_device.config.read_text()

    def cut() -> None:
        ssh_device.config.write_text(config.replace("  Port ", "  Port 1\n  # "))
        for session in ssh_device.sessions():
            session.kill()

    file = packed(device_run, tmp_path)
    shell = SecureShell("device", ssh_device.config)
    with zipfile.ZipFile(file) as archive:
        bundle = json.loads(archive.read("manifest.json"))["bundle"]
    watch = Watch("timing, round 2", cut)
    work = RemoteMeasurement(shell, bundle, watch.progress, reconnect_s=0.5)
    with pytest.raises(NutshellError, match="it goes on measuring there"):
        work.measure(file, ["--seconds=2", "--name=Loop"], tmp_path / "results.json")
    assert ssh_device.measuring()
    ssh_device.config.write_text(config)
    imported = measure(ssh_device, device_run, file, Watch(), seconds=2)
    assert imported.kept.results.resumed == 0


def test_what_was_measured_while_nobody_was_connected_is_fetched(
    ssh_device: LoopbackServer, device_run: Path, tmp_path: Path
) -> None:
    file = packed(device_run, tmp_path)
    with zipfile.ZipFile(file) as archive:
        bundle = json.loads(archive.read("manifest.json"))["bundle"]
    shell, options = SecureShell("device", ssh_device.config), ["--seconds=0.3", "--name=Loop"]
    work = RemoteMeasurement(shell, bundle, Watch().progress)
    work._prepare(file)
    work._ask("start", *options)
    deadline = time.monotonic() + MEASURE_S
    while not (ended := list(ssh_device.there.glob("*/run.exit"))) and time.monotonic() < deadline:
        time.sleep(0.2)
    there = json.loads(ended[0].with_name("results.json").read_text())
    kept = measure(ssh_device, device_run, file, Watch()).kept
    assert json.loads(kept.file.read_text())["digest"] == there["digest"]


@pytest.mark.parametrize(
    ("code", "said", "sentence"),
    [
        (1, "PermissionError: [Errno 13] Permission denied: '/home/pi/.cache/x'", "make that folder yours"),
        (255, "pi@board: Permission denied (publickey).", "does not let this computer in with a key"),
        (1, "scp: failed to upload file bundle.zip", "could not do what it was asked (scp: failed to upload file"),
        (1, "OSError: [Errno 28] No space left on device: 'run.log'", "has no space left"),
    ],
)
def test_what_ssh_says_is_told_as_what_it_means(code: int, said: str, sentence: str) -> None:
    assert sentence in str(connection_error("board", code, said))


@pytest.mark.parametrize(("seconds", "energy"), [(float("nan"), 0), (-1, 0), (1, -3), (1, float("inf"))])
def test_times_that_nothing_can_take_are_refused_first(seconds: float, energy: float) -> None:
    with pytest.raises(DataError, match="it has to be"):
        measuring_options("", seconds, energy)


@pytest.mark.parametrize("option", ["--seconds=nan", "--seconds=-1", "--energy=inf", "--threads=-3", "--out=/"])
def test_the_device_refuses_them_too(checkout: Path, option: str) -> None:
    command = [sys.executable, str(checkout / "resources" / "device" / "measure.py"), option]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MEASURE_S, check=False)
    assert done.returncode == 2
    assert "has to" in done.stderr


def test_a_killed_measurement_is_told_and_gone_on_with(
    ssh_device: LoopbackServer, device_run: Path, tmp_path: Path
) -> None:
    def power_cut() -> None:
        for process in ssh_device.measuring():
            os.kill(process, signal.SIGKILL)

    file = packed(device_run, tmp_path)
    with pytest.raises(DataError, match="as by a restart"):
        measure(ssh_device, device_run, file, Watch("timing, round 2", power_cut), seconds=2)
    imported = measure(ssh_device, device_run, file, Watch(), seconds=2)
    assert imported.kept.results.resumed == 1


@pytest.mark.parametrize("known", ["other", "none"])
def test_a_wrong_or_unknown_host_key_is_refused(
    ssh_device: LoopbackServer, device_run: Path, tmp_path: Path, known: str
) -> None:
    place = ssh_device.known_hosts.read_text().split()[0]
    other = make_key(tmp_path / "other_key")
    ssh_device.known_hosts.write_text(f"{place} {other}\n" if known == "other" else "")
    sentence = "another host key than the one" if known == "other" else "does not know the host key"
    with pytest.raises(DataError, match=sentence) as refused:
        measure(ssh_device, device_run, packed(device_run, tmp_path), Watch())
    assert list(ssh_device.home.iterdir()) == []
    advised = shlex.split(str(refused.value).partition("with: " if known == "other" else "confirm it: ")[2])
    if known == "other":
        assert subprocess.run(advised, capture_output=True, timeout=MEASURE_S, check=False).returncode == 0
        assert place not in ssh_device.known_hosts.read_text()
    else:
        assert advised == ["ssh", "-F", str(ssh_device.config), "device"]


def test_a_device_without_space_is_told_before_anything_is_copied(
    ssh_device: LoopbackServer, device_run: Path, tmp_path: Path
) -> None:
    file = packed(device_run, tmp_path)
    with zipfile.ZipFile(file, "a") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        # As large as no disk is, in a few bytes of the archive's own list.
        archive.infolist()[0].file_size = 2**60
        archive.writestr("more", b"")
    shell = SecureShell("device", ssh_device.config)
    with pytest.raises(DataError, match=r"MiB left for .* make room there"):
        RemoteMeasurement(shell, manifest["bundle"], Watch().progress)._prepare(file)
    assert list((ssh_device.home / ".cache" / "nutshell-device").iterdir()) == []


def test_a_configuration_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no file .* with SSH's configuration"):
        SecureShell("device", tmp_path / "none")


def test_no_python_there_is_a_sentence(
    ssh_device_without_python: LoopbackServer, device_run: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="There is no python3 on device"):
        measure(ssh_device_without_python, device_run, packed(device_run, tmp_path), Watch())


def test_no_key_is_a_sentence(ssh_device: LoopbackServer, device_run: Path, tmp_path: Path) -> None:
    (ssh_device.folder / "authorized_keys").write_text("")
    with pytest.raises(DataError, match="does not let this computer in with a key"):
        measure(ssh_device, device_run, packed(device_run, tmp_path), Watch())


def test_a_device_that_is_not_there_is_a_sentence(device_run: Path, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("Host device\n  HostName 127.0.0.1\n  Port 1\n")
    shell = SecureShell("device", tmp_path / "config")
    with pytest.raises(NutshellError, match="cannot be reached"):
        measure_there(packed(device_run, tmp_path), shell, device_run, [], Watch().progress)


@pytest.mark.parametrize("host", ["-oProxyCommand=touch /tmp/x", "", "pi@", "a b", "pi@host;ls"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(DataError, match="names no device"):
        SecureShell(host)
