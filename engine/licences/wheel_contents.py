"""What a package brings along beside its own code, read from its list of files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib.metadata import PackagePath

from packaging.utils import canonicalize_name

from engine.licences.licensed_part import LicenceText, NestedComponent
from engine.licences.spdx import spdx_expression
from engine.licences.told_by_hand import absent_components, known_components

LICENCE_FILE = re.compile(
    r"(?i)^(licen[cs]e|copying|notice|authors|patents|third.?party)|licen[cs]e.*\.txt$|_licen[cs]e"
)
CODE = frozenset({".py", ".pyc", ".pyi", ".h", ".hpp", ".so", ".json", ".toml"})
LIBRARY_FOLDERS = (".libs", ".dylibs")
"""Where auditwheel, delocate and delvewheel put compiled libraries."""


def licence_texts(files: Iterable[PackagePath]) -> tuple[LicenceText, ...]:
    """All files of licences among those that a package installed, each text once."""
    texts: dict[str, str] = {}
    for file in files:
        if _is_licence(file) and (text := _text(file)) and text not in texts:
            texts[text] = _title(file)
    return tuple(LicenceText(title=title, text=text) for text, title in texts.items())


def native_libraries(files: Iterable[PackagePath]) -> tuple[str, ...]:
    """Names of compiled libraries of others, as in "libgfortran-040039e1.so.5.0.0"."""
    return tuple(sorted(file.name for file in files if any(one.endswith(LIBRARY_FOLDERS) for one in file.parts[:-1])))


def nested_components(package: str, files: Iterable[PackagePath]) -> tuple[NestedComponent, ...]:
    """Those of the bills of materials that a package holds (PEP 770, CycloneDX as JSON), but for itself."""
    found: dict[tuple[str, str], NestedComponent] = {}
    absent = {package, *absent_components().get(str(canonicalize_name(package)), ())}
    left_out = {canonicalize_name(name) for name in absent}
    for file in files:
        if "sboms" not in file.parts or file.suffix != ".json":
            continue
        for one in json.loads(_text(file) or "{}").get("components", ()):
            name, version = str(one.get("name", "")), str(one.get("version", ""))
            if name and canonicalize_name(name) not in left_out:
                licence = _licence(one.get("licenses") or ()) or known_components().get(name, "")
                found[name, version] = NestedComponent(
                    name=name, version=version, licence=licence, purl=str(one.get("purl", ""))
                )
    return tuple(found[key] for key in sorted(found))


def _is_licence(file: PackagePath) -> bool:
    if file.suffix.lower() in CODE:
        return False
    in_metadata = file.parts[0].endswith(".dist-info") and "licenses" in file.parts
    return in_metadata or LICENCE_FILE.search(file.name) is not None


def _text(file: PackagePath) -> str:
    try:
        return file.locate().read_bytes().decode("utf-8", "replace").strip("\ufeff")  # type: ignore[attr-defined]
    except OSError:
        return ""


def _title(file: PackagePath) -> str:
    parts = [part for part in file.parts if not part.endswith(".dist-info") and part != "licenses"]
    return "/".join(parts)


def _licence(licences: list[dict] | tuple[dict, ...]) -> str:
    """CycloneDX has one expression, or a list of licences that all hold."""
    told = [told for one in licences if (told := one.get("expression") or (one.get("license") or {}).get("id"))]
    return spdx_expression(" AND ".join(f"({one})" for one in told) if len(told) > 1 else "".join(told))
