"""Does one thing with a bundle on a device; it comes over SSH's standard input: python3 - PART BUNDLE [arguments].

Prints one JSON line, but for `follow`, which prints what measure.py says. Python 3.9 or newer, nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
import zipfile
from pathlib import Path

OLD_PYTHON, NO_BUNDLE = 42, 43
LOOK_EVERY_S, BREATH_S, END_S = 0.5, 5.0, 10.0
HOME = Path.home() / ".cache" / "nutshell-device"


def tell(**found):
    print(json.dumps(found), flush=True)


def group_of(folder):
    """The process group that measures here; 0: none does."""
    try:
        group = int((folder / "run.group").read_text())
        os.killpg(group, 0)
    except (OSError, ValueError):
        return 0
    return group if is_ours(group, folder) else 0


def is_ours(group, folder):
    """Numbers of processes are used again, after a power cut above all."""
    if not Path("/proc/self").exists():
        return True
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # A process that has ended and was not collected yet has no folder.
            if os.getpgid(int(process.name)) == group and (process / "cwd").readlink() == folder.resolve():
                return True
        except (OSError, ValueError):
            continue
    return False


def prepare(folder):
    folder.mkdir(parents=True, exist_ok=True)
    there = (folder / "manifest.json").is_file()
    tell(folder=str(folder), there=there, running=bool(group_of(folder)), free_bytes=shutil.disk_usage(folder).free)


def unpack(folder):
    packed = folder / "bundle.zip"
    with zipfile.ZipFile(packed) as archive:
        names = [name for name in archive.namelist() if name != "manifest.json"]
        for name in [*names, "manifest.json"]:
            archive.extract(name, folder)
    packed.unlink()
    tell()


def text_of(file):
    """Empty where there is none."""
    try:
        return file.read_text()
    except OSError:
        return ""


def start(folder, *arguments):
    if not (folder / "run.sh").is_file():
        sys.exit(NO_BUNDLE)
    if group_of(folder):
        tell(started=False)
        return
    asked = json.dumps(arguments)
    if (folder / "results.json").is_file() and text_of(folder / "run.asked") == asked:
        # It ended while nobody was connected: what it found is fetched.
        (folder / "run.exit").write_text("0")
        tell(started=False)
        return
    for name in ("run.exit", "results.json"):
        if (folder / name).exists():
            (folder / name).unlink()
    (folder / "run.asked").write_text(asked)
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        os.read(reader, 1)
        tell(started=True)
        return
    # A session of its own: it does not end with the connection.
    os.setsid()
    os.chdir(folder)
    (folder / "run.group").write_text(str(os.getpid()))
    log = os.open("run.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ["VENV"] = str(HOME / "venv")
    os.close(writer)
    script = 'sh run.sh "$@"; echo $? >run.exit.part; mv run.exit.part run.exit'
    os.execvp("sh", ["sh", "-c", script, "sh", *arguments])


def follow(folder, offset):
    """What is new in the log, and at the end the exit code; an empty line now and then, which fails where nobody
    reads it any more."""
    place, breathed = int(offset), time.monotonic()
    while True:
        running = group_of(folder)
        ended = (folder / "run.exit").is_file()
        try:
            with (folder / "run.log").open("rb") as log:
                log.seek(place)
                new = log.read()
        except OSError:
            new = b""
        whole = new if ended or not running else new[: new.rfind(b"\n") + 1]
        if whole:
            place += len(whole)
            tell(text=whole.decode("utf-8", "replace"), offset=place)
        elif ended:
            tell(ended=int((folder / "run.exit").read_text() or -1))
            return
        elif not running:
            tell(ended=-1)
            return
        elif time.monotonic() - breathed > BREATH_S:
            breathed = time.monotonic()
            tell()
        time.sleep(LOOK_EVERY_S)


def stop(folder):
    group, deadline = group_of(folder), time.monotonic() + END_S
    if group:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(group, number)
            except OSError:
                break
            while group_of(folder) and time.monotonic() < deadline:
                time.sleep(0.05)
            deadline += END_S
    tell(left=bool(group_of(folder)))


def clean(folder):
    shutil.rmtree(folder, ignore_errors=True)
    tell()


PARTS = {"prepare": prepare, "unpack": unpack, "start": start, "follow": follow, "stop": stop, "clean": clean}

if __name__ == "__main__":
    if sys.version_info < (3, 9):  # noqa: UP036 - it runs with whatever Python the device has
        sys.exit(OLD_PYTHON)
    PARTS[sys.argv[1]](HOME / sys.argv[2], *sys.argv[3:])
