"""Builds the bundle: python resources/packaging/build_bundle.py OUT [--without-packages]

OUT/nutshell is the program with its own Python: one folder that runs where it lies. On Linux, OUT holds a .tar.xz with
an installer and a .deb too. Prints sizes and, where there is a display, how fast it starts.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

PACKAGING = Path(__file__).resolve().parent
sys.path.insert(0, str(PACKAGING.parents[1]))

from bundle_contents import CONTENTS_FILE, INTERNAL, WITHOUT_CUDA, BundleContents, contents_of, plain_name  # noqa: E402
from elf_needs import elf_needs, is_elf, remove_with_libraries  # noqa: E402
from engine.launch.program import VERSION  # noqa: E402
from engine.licences.bundled_distributions import distributions_of_bundle  # noqa: E402
from engine.licences.collection import KEPT, licences_of  # noqa: E402
from left_out import PLUGINS_OF_QT, STRIPPED  # noqa: E402
from linux_packages import ARCHITECTURES, debian_packages, write_deb, write_tar  # noqa: E402
from start_figures import measure_start  # noqa: E402

FAILED = 3
TOOLS = {"objdump": "binutils", "strip": "binutils", "tar": "tar", "xz": "xz-utils", "dpkg-deb": "dpkg"}
"""Of Linux → Debian's package that has it."""
NOT_TRUE_ANY_MORE = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
"""Of a package's metadata: where pip had put it."""


def lacking_tool() -> str:
    """What the build needs and does not find, as a sentence; empty: nothing."""
    if find_spec("PyInstaller") is None:
        return "This Python lacks PyInstaller; install it: pip install -c constraints.txt '.[bundle]'"
    if sys.platform == "linux" and (missing := [name for name in TOOLS if shutil.which(name) is None]):
        return f"The build needs {', '.join(missing)}; install: {' '.join(sorted({TOOLS[name] for name in missing}))}"
    return ""


def build(out: Path) -> tuple[Path, BundleContents]:
    """Make OUT/nutshell; an older one is replaced."""
    work = out / "work"
    paths = ("--distpath", str(out), "--workpath", str(work))
    spec = str(PACKAGING / "nutshell.spec")
    subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", *paths, spec], check=True
    )
    bundle = out / "nutshell"
    # Only a build needs it.
    from PyInstaller.archive.readers import ZlibArchiveReader

    modules = frozenset(ZlibArchiveReader(str(work / "nutshell" / "PYZ-00.pyz")).toc)
    return bundle, finish(bundle, modules)


def finish(bundle: Path, modules: Collection[str]) -> BundleContents:
    """Take out what a user's computer has no use for, and write down what is left.

    Args:
        modules: names of those in the program's archive.
    """
    for metadata in (bundle / INTERNAL).glob("*.dist-info"):
        for name in NOT_TRUE_ANY_MORE:
            (metadata / name).unlink(missing_ok=True)
    glibc = ""
    if sys.platform == "linux":
        plugins = bundle / INTERNAL / "PySide6" / "Qt" / "plugins"
        remove_with_libraries(bundle, [path for pattern in PLUGINS_OF_QT for path in plugins.glob(pattern)])
        for file in (path for pattern in STRIPPED for path in (bundle / INTERNAL).glob(pattern)):
            if not file.is_symlink() and is_elf(file):
                subprocess.run(["strip", "--strip-unneeded", file], check=True)
        glibc = elf_needs(bundle).glibc
    contents = contents_of(bundle, modules, VERSION, glibc)
    held = {one.name for one in contents.distributions}
    for metadata in (bundle / INTERNAL).glob("*.dist-info"):
        if not _metadata_names(metadata) & held:
            shutil.rmtree(metadata)
    contents.write(bundle)
    write_licences(bundle)
    contents = contents_of(bundle, modules, VERSION, glibc)
    contents.write(bundle)
    return contents


def write_licences(bundle: Path) -> None:
    """Give the program the list that its About and `licences` show: it lacks the lists of files to make it from."""
    collected = licences_of(distributions_of_bundle(bundle))
    kept = bundle / INTERNAL / KEPT.relative_to(PACKAGING.parents[1])
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(collected.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")


def pack(bundle: Path, out: Path, contents: BundleContents) -> list[Path]:
    """The .tar.xz and the .deb of Linux."""
    machine = platform.machine()
    tar, deb = (
        out / f"nutshell-{VERSION}-linux-{machine}.tar.xz",
        out / f"nutshell_{VERSION}_{ARCHITECTURES[machine]}.deb",
    )
    scratch = out / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    depends = debian_packages(elf_needs(bundle).libraries, contents.needs_glibc)
    write_tar(bundle, tar, scratch)
    write_deb(bundle, deb, scratch, VERSION, machine, depends)
    shutil.rmtree(scratch)
    return [tar, deb]


def _metadata_names(metadata: Path) -> set[str]:
    lines = (metadata / "METADATA").read_text(encoding="utf-8", errors="replace").splitlines()
    return {line.partition(":")[2].strip() for line in lines if line.startswith("Name:")}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Build the program with its own Python.")
    parser.add_argument("out", type=Path, metavar="OUT", help="a folder; OUT/nutshell is replaced")
    parser.add_argument("--without-packages", action="store_true", help="no .tar.xz and no .deb")
    chosen = parser.parse_args(arguments)
    if lacking := lacking_tool():
        sys.stderr.write(f"{lacking}\n")
        return FAILED
    out = chosen.out.absolute()
    bundle, contents = build(out)
    sys.stdout.write(
        f"{bundle}: {contents.bytes / 1e6:,.0f} MB in {len(contents.files):,} files, "
        f"{len(contents.distributions)} packages ({CONTENTS_FILE} lists them)\n"
    )
    if WITHOUT_CUDA not in {plain_name(one.name) for one in contents.distributions}:
        sys.stdout.write(
            f"It holds TensorFlow with CUDA; {WITHOUT_CUDA}, installed over it, makes it smaller by a third.\n"
        )
    if contents.needs_glibc:
        sys.stdout.write(f"runs on Linux with glibc {contents.needs_glibc} or newer\n")
    if sys.platform == "linux":
        if not chosen.without_packages:
            for file in pack(bundle, out, contents):
                sys.stdout.write(f"{file}: {file.stat().st_size / 1e6:,.0f} MB packed\n")
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            sys.stdout.write(measure_start([str(bundle / "nutshell")], bundle).text())
        else:
            sys.stdout.write("There is no display, so its start was not timed; call this with xvfb-run -a before it.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
