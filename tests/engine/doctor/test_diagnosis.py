"""The doctor's text says what is here and wrong, and nothing of whose computer it is."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.doctor.owner_names import OwnerNames
from engine.doctor.system_library import FONT_PACKAGES, LIBRARIES, NeededBy, needed_packages
from tests.bare_system import run_program

PLATFORM_LIBRARIES = {"libqxcb.so": NeededBy.X11, "libqwayland.so": NeededBy.WAYLAND, "libqoffscreen.so": NeededBy.QT}
QT_LIBRARIES = {
    "Core": NeededBy.QT, "Gui": NeededBy.QT, "Widgets": NeededBy.QT, "DBus": NeededBy.QT, "Svg": NeededBy.QT,
    "XcbQpa": NeededBy.X11, "WaylandClient": NeededBy.WAYLAND,
}  # fmt: skip
OF_THE_C_LIBRARY = re.compile(r"lib(c|m|dl|rt|pthread|resolv)\.so|ld-linux")


def test_no_name_of_the_user_the_host_or_the_home_is_in_it(checkout: Path, tmp_path: Path) -> None:
    home = tmp_path / "homes" / "Zorblax Q"
    home.mkdir(parents=True)
    names = {"HOME": str(home), "USER": "zorblax", "LOGNAME": "zorblax", "HOSTNAME": "qwertbox.lab.example"}
    runs = home.parent / "zorblax-runs"
    command = [sys.executable, "main.py", "doctor", "--runs", str(runs), "--json", str(tmp_path / "found.json")]
    done = run_program(command, checkout, **names)
    assert done.stderr == ""
    told = done.stdout + (tmp_path / "found.json").read_text(encoding="utf-8")
    for name in ("zorblax", "Zorblax", "qwertbox", platform.node()):
        assert name not in told, name
    assert "(user)-runs, not there yet, can be created" in done.stdout
    assert re.search(r"Weights: +~/\.keras/models", done.stdout)
    assert not runs.exists(), "it changes nothing"


def test_the_json_has_what_the_text_has_and_the_code_says_whether_it_is_sound(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for runs, code in ((tmp_path / "runs", 0), (tmp_path / "file", 3)):
        arguments = ["doctor", "--json", str(tmp_path / "found.json")]
        done = run_program([sys.executable, "main.py", "--runs", str(runs), *arguments], checkout)
        assert done.returncode == code, done.stdout
        found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
        assert (found["schema"], found["sound"]) == (1, code == 0)
        for part in found["parts"]:
            assert part["title"] in done.stdout
            assert all(fact["value"] in done.stdout for fact in part["facts"])
            assert all(trouble["remedy"] in done.stdout for trouble in part["troubles"])
    assert f"The folder {tmp_path / 'file'} cannot be written" in done.stdout


def test_json_that_cannot_be_written_is_told_and_no_folder_is_made(checkout: Path, tmp_path: Path) -> None:
    command = [sys.executable, "main.py", "doctor", "--json"]
    missing = tmp_path / "nowhere"
    done = run_program([*command, str(missing / "found.json")], checkout)
    assert done.returncode == 2
    assert done.stderr == f"--json {missing / 'found.json'}: there is no folder {missing}; create it first.\n"
    assert not missing.exists()
    done = run_program([*command, str(tmp_path)], checkout)
    assert done.returncode == 2
    assert done.stderr.startswith(f"--json {tmp_path} cannot be written (")


def test_the_home_is_hidden_where_a_path_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/root")
    monkeypatch.delenv("USER", raising=False)
    names = OwnerNames()
    assert names.hidden("/mnt/root/x, /root/x (/root)") == "/mnt/root/x, ~/x (~)"
    assert names.hidden("--runs=/root/x and /rooted") == "--runs=~/x and /rooted"


def test_a_short_name_is_taken_out_only_where_it_is_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/al")
    monkeypatch.setenv("USER", "al")
    names = OwnerNames()
    assert names.hidden("/home/al/runs, /data/al/x, all metal") == "~/runs, /data/(user)/x, all metal"
    assert names.hidden("/home/albert") == "/home/albert"


def test_it_loads_nothing_that_is_large(checkout: Path) -> None:
    program = "import sys; from ui.terminal.doctor_command import doctor_command; doctor_command(None, None)"
    done = run_program([sys.executable, "-c", f"{program}; print(*sys.modules)"], checkout)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "engine.doctor.checks.window_check" in loaded
    assert not loaded & {"tensorflow", "tf_keras", "PySide6", "numpy", "pydantic"}


@pytest.mark.skipif(shutil.which("readelf") is None, reason="there is no readelf")
def test_the_list_of_libraries_is_what_the_installed_qt_links_to() -> None:
    spec = find_spec("PySide6")
    assert spec is not None
    assert spec.submodule_search_locations
    qt = Path(spec.submodule_search_locations[0]) / "Qt"
    files = {qt / "plugins" / "platforms" / name: part for name, part in PLATFORM_LIBRARIES.items()}
    files |= {qt / "lib" / f"libQt6{name}.so.6": part for name, part in QT_LIBRARIES.items()}
    linked: dict[str, NeededBy] = {}
    for file, part in files.items():
        told = subprocess.run(["readelf", "-d", file], capture_output=True, text=True, check=True).stdout
        for name in re.findall(r"NEEDED.*\[(.+)\]", told):
            if not (qt / "lib" / name).exists() and not OF_THE_C_LIBRARY.match(name):
                linked[name] = min(linked.get(name, part), part, key=list(NeededBy).index)
    assert linked == {one.name: one.needed_by for one in LIBRARIES}


def test_the_readme_names_the_same_packages(checkout: Path) -> None:
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    command = re.search(r"sudo apt-get install -y ([^`]+)```", readme)
    assert command is not None
    named = set(command[1].replace("\\", " ").split())
    window = tuple(one for one in LIBRARIES if one.needed_by is not NeededBy.WAYLAND)
    needed = {one.debian for one in needed_packages(window)} - {"zlib1g", "libzstd1", "libstdc++6", "libgcc-s1"}
    assert named == needed | {"python3-venv", FONT_PACKAGES.debian}
