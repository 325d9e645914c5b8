"""The licences of all that the program is made of, with their texts."""

from __future__ import annotations

import platform
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import lru_cache
from importlib.metadata import Distribution, PackagePath
from pathlib import Path

from pydantic import ValidationError

from engine.contract.errors import DataError
from engine.launch.program import VERSION
from engine.licences.bundled_distributions import ROOT, bundled_distributions, distribution_key
from engine.licences.licensed_part import CollectedLicences, LicenceText, LicensedPart
from engine.licences.spdx import metadata_field, told_licence
from engine.licences.told_by_hand import FOLDER, known_licences, parts_inside, standard_text
from engine.licences.wheel_contents import licence_texts, native_libraries, nested_components

KEPT = FOLDER / "collected.json"
"""What a build writes, since a built program lacks most metadata."""
PYTHON = "python"
BY_HAND = "resources/licences"


@lru_cache(maxsize=1)
def collected_licences() -> CollectedLicences:
    """All parts; takes a second at first.

    Raises:
        DataError: a package is not installed, or a built program's file cannot be read.
    """
    if getattr(sys, "frozen", False):
        return _kept(KEPT)
    return licences_of(bundled_distributions())


def licences_of(packages: Iterable[Distribution]) -> CollectedLicences:
    """The parts of these packages, what is inside of them, and Python."""
    parts = [_python()]
    for package in packages:
        # Read once: TensorFlow's list has thousands of lines.
        files = tuple(package.files or ())
        parts += [_part(package, files), *_inside(package, files)]
    return CollectedLicences(program=_program(), parts=tuple(sorted(parts, key=lambda part: part.name.lower())))


def _kept(path: Path) -> CollectedLicences:
    try:
        return CollectedLicences.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise DataError(f"The list of licences, {path}, is missing or damaged; install the program again.") from error


def _program() -> LicensedPart:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    licence = LicenceText(title="LICENSE", text=text)
    return LicensedPart(name="Nutshell", version=VERSION, licence="MIT", told_by="LICENSE", texts=(licence,))


def _part(package: Distribution, files: tuple[PackagePath, ...]) -> LicensedPart:
    known = known_licences().get(distribution_key(package))
    licence, told_by = (known.licence, known.because) if known else told_licence(package)
    components = nested_components(package.name, files)
    texts = licence_texts(files) + tuple(_standard(name) for name in (known.texts if known else ()))
    if components:
        lines = "\n".join(f"{one.name} {one.version}: {one.licence or 'licence not told'}" for one in components)
        texts = (*texts, LicenceText(title="Components, by the package's own bill of materials", text=lines))
    return LicensedPart(
        name=package.name,
        version=package.version,
        licence=licence,
        told_by=told_by,
        summary=metadata_field(package, "Summary"),
        homepage=_homepage(package),
        note=known.note if known else "",
        native_libraries=native_libraries(files),
        components=components,
        texts=texts,
    )


def _python() -> LicensedPart:
    path = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    try:
        texts: tuple[LicenceText, ...] = (LicenceText(title="LICENSE", text=path.read_text(encoding="utf-8")),)
    except OSError:
        texts = (_standard("PSF-2.0.txt"),)
    return LicensedPart(
        name="Python",
        version=platform.python_version(),
        licence="PSF-2.0",
        told_by="the licence of CPython",
        homepage="https://www.python.org",
        note="Inside of a built program; else the Python that is installed on the computer.",
        texts=texts,
    )


def _inside(package: Distribution, files: tuple[PackagePath, ...]) -> Iterator[LicensedPart]:
    key = distribution_key(package)
    for one in parts_inside():
        if key not in one.inside:
            continue
        patterns = one.files.split()
        found = {file.name for file in files if any(fnmatch(file.name, pattern) for pattern in patterns)}
        if found or not patterns:
            yield LicensedPart(
                name=one.name,
                version="",
                licence=one.licence,
                told_by=f"{BY_HAND}/inside.toml",
                inside=f"{package.name} {package.version}",
                homepage=one.homepage,
                note=one.note,
                native_libraries=tuple(sorted(found)),
                texts=tuple(_standard(name) for name in one.texts),
            )


def _standard(name: str) -> LicenceText:
    return LicenceText(title=name.removesuffix(".txt"), text=standard_text(name))


def _homepage(package: Distribution) -> str:
    """The page that its metadata name as home, else the one of its source."""
    pairs = (one.partition(",") for one in package.metadata.get_all("Project-URL") or ())
    links = {label.strip().lower(): url.strip() for label, _, url in pairs}
    wanted = ("homepage", "home", "home page", "repository", "source", "source code", "github")
    return metadata_field(package, "Home-page") or next((links[label] for label in wanted if label in links), "")
