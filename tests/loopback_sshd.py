"""A real sshd on this machine's loopback, run by an unprivileged user, with keys of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

START_S = 10.0
SERVER = shutil.which("sshd") or "/usr/sbin/sshd"
REST = ("sh", "cat", "mkdir", "rm", "env")
"""What a device without Python has."""


@dataclass
class LoopbackServer:
    """One server; `config` is SSH's configuration in which it is called "device"."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def there(self) -> Path:
        """What the program keeps on the device."""
        return self.home / ".cache" / "nutshell-device"

    def sessions(self) -> list[psutil.Process]:
        """The server's processes for connections that are open."""
        return [one for one in psutil.Process(self.process.pid).children(recursive=True) if "sshd" in one.name()]

    def measuring(self) -> list[int]:
        """Processes of measurements on the device."""
        found = []
        for one in psutil.process_iter():
            try:
                if one.cwd().startswith(str(self.there)) and one.status() != psutil.STATUS_ZOMBIE:
                    found.append(one.pid)
            except psutil.Error:
                continue
        return found


def make_key(file: Path) -> str:
    """A new key pair; returns the public one."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    return " ".join(file.with_suffix(".pub").read_text().split()[:2])


@contextmanager
def loopback_server(with_python: bool = True) -> Iterator[LoopbackServer]:
    """A server of a user without rights, in a folder that this user may read."""
    if not Path(SERVER).is_file() or shutil.which("ssh") is None:
        pytest.skip("there is no OpenSSH server here; install the package openssh-server")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="nutshell-sshd-"))
    try:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        _configure(folder, port, user, with_python)
        _give(folder, user)
        rights: dict[str, Any] = {}
        if os.getuid() == 0:
            rights = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        process = subprocess.Popen(
            [SERVER, "-D", "-e", "-f", folder / "sshd_config"],
            stderr=(folder / "sshd.log").open("wb"),
            **rights,
        )
        try:
            _await(port, process, folder)
            yield LoopbackServer(folder, process)
        finally:
            for one in psutil.Process(process.pid).children(recursive=True):
                one.kill()
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> pwd.struct_passwd:
    """This one; where that is root, one without its rights."""
    if os.getuid():
        return pwd.getpwuid(os.getuid())
    shells = ("/bin/bash", "/bin/sh", "/bin/dash", "/bin/zsh")
    plain = (one for one in pwd.getpwall() if one.pw_uid >= 1000 and one.pw_shell in shells)
    found = next(plain, None)
    if found is None:
        pytest.skip("root runs the tests, and there is no other user with a shell to run the server as")
    return found


def _configure(folder: Path, port: int, user: pwd.struct_passwd, with_python: bool) -> None:
    home = folder / "home"
    home.mkdir()
    host_key = make_key(folder / "host_key")
    (folder / "authorized_keys").write_text(make_key(folder / "client_key") + "\n")
    path = "/usr/local/bin:/usr/bin:/bin"
    if not with_python:
        (folder / "bin").mkdir()
        for name in REST:
            (folder / "bin" / name).symlink_to(shutil.which(name) or name)
        path = str(folder / "bin")
    environment = f"HOME={home} PATH={path} {_python(user)}"
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host_key\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"Subsystem sftp internal-sftp -d {home}\nSetEnv {environment}\n"
    )
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    (folder / "config").write_text(
        f"Host device\n  HostName 127.0.0.1\n  Port {port}\n  User {user.pw_name}\n  IdentityFile {folder}/client_key\n"
        f"  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known_hosts\n  GlobalKnownHostsFile none\n"
        "  StrictHostKeyChecking yes\n"
    )


def _python(user: pwd.struct_passwd) -> str:
    """How that user runs LiteRT: with this Python, or with the system's and this one's packages."""
    if os.getuid():
        return f"PYTHON={sys.executable}"
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    if not Path(system).is_file():
        pytest.skip(f"root runs the tests, and there is no {system} for the user of the server")
    return f"PYTHON={system} PYTHONPATH={packages}"


def _give(folder: Path, user: pwd.struct_passwd) -> None:
    """All but the client's key, which SSH wants to be this user's own."""
    if os.getuid() == 0:
        folder.chmod(0o755)
        for one in (folder, folder / "home", folder / "host_key", folder / "authorized_keys"):
            os.chown(one, user.pw_uid, user.pw_gid)


def _await(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"sshd did not start: {(folder / 'sshd.log').read_text()}")


@pytest.fixture
def ssh_device() -> Iterator[LoopbackServer]:
    with loopback_server() as server:
        yield server


@pytest.fixture
def ssh_device_without_python() -> Iterator[LoopbackServer]:
    with loopback_server(with_python=False) as server:
        yield server
