"""What a bundle is made of: what it leaves out is never needed, and its parts say what they are."""

from __future__ import annotations

import configparser
import json
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from PIL import Image

import engine
import ui
import workers
from build_bundle import write_licences
from bundle_contents import CONTENTS_FILE, INTERNAL, contents_of, needed_distributions
from engine.doctor.system_library import LIBRARIES
from engine.licences.licensed_part import CollectedLicences
from icons import ICNS_PIXELS, ICO_PIXELS, draw_icons
from left_out import NEVER_IMPORTED, is_wanted
from linux_packages import UnknownLibrary, debian_packages, write_deb, write_tar

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="for Linux")
PACKAGING = Path(__file__).parents[2] / "resources" / "packaging"
LOADED = """
import importlib, sys
from importlib.machinery import PathFinder
class LeftOut:
    names = sys.argv[1].split()
    def find_spec(self, name, path=None, target=None):
        left_out = any(name == one or name.startswith(one + ".") for one in self.names)
        return None if left_out else PathFinder.find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = LeftOut()
from engine.training.tensorflow_setup import tensorflow_environment
tensorflow_environment()
for name in sys.argv[2:]:
    importlib.import_module(name)
import tensorflow as tf, tf_keras, ai_edge_quantizer.quantizer, optuna, typst
import matplotlib.backends.backend_svg, matplotlib.backends.backend_pdf
tf.keras.Sequential, tf.lite.TFLiteConverter, optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
print(*sorted(sys.modules))
"""


def test_nothing_is_left_out_that_the_program_loads(checkout: Path) -> None:
    names = [
        one.name for room in (engine, workers, ui) for one in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    ]
    command = [sys.executable, "-c", LOADED, " ".join(NEVER_IMPORTED), *names]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = done.stdout.split()
    assert {"tensorflow", "tf_keras", "ai_edge_quantizer", "optuna", "ui.main_window"} <= set(loaded)


@pytest.mark.parametrize(
    "name",
    [
        "tensorflow/include/a.h",
        "tf_keras.src.layers.core.dense_test",
        "ai_edge_litert/libLiteRtWebGpuAccelerator.so",
        "optuna.integration.botorch",
    ],
)
def test_tests_headers_and_compilers_are_left_out(name: str) -> None:
    assert not is_wanted(name)


def test_distributions_are_those_that_the_program_needs() -> None:
    needed = needed_distributions()
    assert {"tensorflow", "tf_keras", "PySide6_Essentials", "shiboken6", "numpy", "typst"} <= set(needed)
    assert not {"pytest", "mypy", "scikit-learn", "nutshell"} & set(needed)


def test_contents_name_the_distributions_of_files_and_modules(tmp_path: Path) -> None:
    package = tmp_path / INTERNAL / "typst"
    package.mkdir(parents=True)
    (package / "__init__.py").write_bytes(b"123")
    found = contents_of(tmp_path, {"jinja2.nodes", "jinja2.lexer", "engine.contract"}, "0.1.0", "2.34")
    assert [(one.name, one.files, one.bytes, one.modules) for one in found.distributions] == [
        ("Jinja2", 0, 0, 2),
        ("typst", 1, 3, 0),
    ]
    found.write(tmp_path)
    written = json.loads((tmp_path / CONTENTS_FILE).read_text("utf-8"))
    assert written["files"] == {f"{INTERNAL}/typst/__init__.py": 3}
    assert (written["bytes"], written["needs_glibc"]) == (3, "2.34")


def test_a_bundle_is_given_the_licences_of_what_it_holds(tmp_path: Path) -> None:
    contents_of(tmp_path, {"jinja2.nodes", "pydantic.main"}, "0.1.0", "2.34").write(tmp_path)
    write_licences(tmp_path)
    text = (tmp_path / INTERNAL / "resources" / "licences" / "collected.json").read_text("utf-8")
    licences = {part.name: part.licence for part in CollectedLicences.model_validate_json(text).parts}
    assert licences == {"Jinja2": "BSD-3-Clause", "pydantic": "MIT", "Python": "PSF-2.0"}


@LINUX
@pytest.mark.skipif(shutil.which("objdump") is None, reason="binutils is not installed")
def test_needs_of_compiled_files_are_read(tmp_path: Path) -> None:
    import numpy

    from elf_needs import elf_needs

    (file,) = (Path(numpy.__file__).parent / "_core").glob("_multiarray_umath.*.so")
    shutil.copy(file, tmp_path)
    needs = elf_needs(tmp_path)
    assert "libc.so.6" in needs.libraries
    assert any("openblas" in name for name in needs.libraries), "which lies elsewhere"
    assert re.fullmatch(r"2\.\d+", needs.glibc)


def test_debian_packages_of_libraries() -> None:
    assert debian_packages(["libc.so.6", "libEGL.so.1", "ld-linux-x86-64.so.2"], "2.36") == [
        "libc6 (>= 2.36)",
        "fonts-dejavu-core",
        "libegl1",
    ]
    assert len(debian_packages([one.name for one in LIBRARIES], "2.36")) > 10
    with pytest.raises(UnknownLibrary, match=r"needs libwalnut\.so\.1 of the system; add the package"):
        debian_packages(["libwalnut.so.1"], "2.36")


@LINUX
@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg is not installed")
def test_both_packages_hold_the_program_and_its_menu_entry(tmp_path: Path) -> None:
    bundle = tmp_path / "nutshell"
    bundle.mkdir()
    (bundle / "nutshell").write_text("#!/bin/sh\n", "utf-8")
    tar, deb = tmp_path / "nutshell-0.1.0.tar.xz", tmp_path / "nutshell.deb"
    write_tar(bundle, tar, tmp_path / "scratch")
    write_deb(bundle, deb, tmp_path / "scratch", "0.1.0", "x86_64", ["libc6 (>= 2.36)"])
    with tarfile.open(tar) as opened:
        assert {f"nutshell-0.1.0/{name}" for name in ("install.sh", "nutshell.desktop", "nutshell/nutshell")} <= set(
            opened.getnames()
        )
        assert {member.uid for member in opened} == {0}
    listed = subprocess.run(["dpkg-deb", "--contents", deb], capture_output=True, text=True, check=True).stdout
    assert "./usr/bin/nutshell -> /opt/nutshell/nutshell" in listed
    assert "./usr/share/applications/nutshell.desktop" in listed
    field = subprocess.run(["dpkg-deb", "--field", deb, "Depends"], capture_output=True, text=True, check=True).stdout
    assert field == "libc6 (>= 2.36)\n"
    assert (bundle / "nutshell").is_file()


def test_a_build_without_its_tools_says_what_to_install(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "PyInstaller").mkdir()
    (tmp_path / "PyInstaller" / "__init__.py").touch()
    build = [sys.executable, "resources/packaging/build_bundle.py", str(tmp_path / "out")]
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(build, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    if sys.platform == "linux":
        assert done.stderr == "The build needs objdump, strip, tar, xz, dpkg-deb; install: binutils dpkg tar xz-utils\n"
    assert not (tmp_path / "out").exists()


def test_icons_have_every_size(tmp_path: Path) -> None:
    ico, icns = draw_icons(tmp_path)
    with Image.open(ico) as icon:
        assert icon.info["sizes"] == {(pixels, pixels) for pixels in ICO_PIXELS}
        icon.size = (16, 16)
        icon.load()
        assert icon.getpixel((8, 12))[3] == 255, "in the shell"
        assert icon.getpixel((0, 0))[3] == 0, "around it"
    with Image.open(icns) as icon:
        assert {width * scale for width, _, scale in icon.info["sizes"]} == set(ICNS_PIXELS)


def test_the_menu_entry_is_valid_and_starts_the_program(checkout: Path) -> None:
    entry = PACKAGING / "linux" / "nutshell.desktop"
    parsed = configparser.ConfigParser(interpolation=None, delimiters="=")
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(entry, encoding="utf-8")
    assert [shlex.split(parsed[section]["Exec"]) for section in parsed.sections()] == [
        ["nutshell"],
        ["nutshell", "--demo"],
    ]
    help_text = subprocess.run(
        [sys.executable, "main.py", "--help"], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout
    assert "usage: nutshell" in help_text
    assert "--demo" in help_text
    if validate := shutil.which("desktop-file-validate"):
        done = subprocess.run([validate, entry], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")
