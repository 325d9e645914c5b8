"""The program's software bill of materials: CycloneDX 1.6, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import Distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseAcknowledgement, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dependencies.pins import DependencyError
from engine.licences.bundled_distributions import direct_requirements
from engine.licences.licensed_part import CollectedLicences, LicensedPart, NestedComponent

Hashes = Mapping[tuple[str, str], str]
"""(canonical name, version) → SHA-256 of the file that was installed."""
NATIVE = "nutshell:native-library"
NOTE = "nutshell:note"


def bill_of_materials(collected: CollectedLicences, packages: Sequence[Distribution], hashes: Hashes) -> str:
    """All parts with versions, purl, licences and what they need, valid by the schema.

    Args:
        packages: those that `collected` was read from; they say what needs what.

    Raises:
        DependencyError: the document is not as the schema of CycloneDX wants it.
    """
    bom = Bom()
    root = _component(collected.program, ComponentType.APPLICATION, "nutshell", ())
    bom.metadata.component = root
    inside = [part for part in collected.parts if part.inside]
    components: dict[str, Component] = {}
    for part in collected.parts:
        if not part.inside:
            key = str(canonicalize_name(part.name))
            nested = [one for one in inside if one.inside == f"{part.name} {part.version}"]
            components[key] = _package(part, nested, hashes)
            bom.components.add(components[key])
    _register(bom, root, components, packages)
    text = str(JsonV1Dot6(bom).output_as_string(indent=1)) + "\n"
    if error := schema_error(text):
        raise DependencyError(f"The bill of materials is not valid by its schema: {error}")
    return text


def schema_error(text: str) -> str:
    """What the schema of CycloneDX 1.6 says against the document; empty where it is valid."""
    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return "" if found is None else str(found)


def hashes_of_report(path: Path) -> dict[tuple[str, str], str]:
    """From the report of an installation, `pip install --report FILE`.

    Raises:
        DependencyError: it is no such report.
    """
    try:
        installs = json.loads(path.read_text(encoding="utf-8"))["install"]
        found = {
            (str(canonicalize_name(one["metadata"]["name"])), one["metadata"]["version"]): one["download_info"]
            .get("archive_info", {})
            .get("hashes", {})
            .get("sha256", "")
            for one in installs
        }
    except OSError as error:
        raise DependencyError(f"--report {path} cannot be read ({error.strerror}); name a file of pip.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DependencyError(f"--report {path} is no report of pip; make one with pip install --report.") from None
    return {key: sha256 for key, sha256 in found.items() if sha256}


def _package(part: LicensedPart, inside: Iterable[LicensedPart], hashes: Hashes) -> Component:
    key = str(canonicalize_name(part.name))
    is_python = part.name == "Python"
    purl = (
        PackageURL("generic", None, "python", part.version)
        if is_python
        else PackageURL("pypi", None, key, part.version)
    )
    nested = [_component(one, ComponentType.LIBRARY, f"{key}/{one.name}", ()) for one in inside]
    nested += [_nested(one, key) for one in part.components]
    component = _component(part, ComponentType.PLATFORM if is_python else ComponentType.LIBRARY, str(purl), nested)
    component.purl = purl
    if sha256 := hashes.get((key, part.version)):
        component.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=sha256))
    return component


def _component(part: LicensedPart, kind: ComponentType, ref: str, nested: Iterable[Component]) -> Component:
    properties = [Property(name=NATIVE, value=name) for name in part.native_libraries]
    if part.note:
        properties.append(Property(name=NOTE, value=part.note))
    links = [ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(part.homepage))] if part.homepage else []
    return Component(
        name=part.name,
        type=kind,
        bom_ref=ref,
        version=part.version or None,
        description=part.summary or None,
        licenses=_licences(part.licence),
        external_references=links,
        properties=properties,
        components=nested,
    )


def _nested(one: NestedComponent, parent: str) -> Component:
    purl = PackageURL.from_string(one.purl) if one.purl else None
    ref = f"{parent}/{one.name}@{one.version}"
    licences = _licences(one.licence)
    return Component(name=one.name, version=one.version or None, bom_ref=ref, licenses=licences, purl=purl)


def _licences(expression: str) -> list:
    if not expression:
        return []
    if expression.startswith("LicenseRef-"):
        return [LicenseExpression(expression, acknowledgement=LicenseAcknowledgement.DECLARED)]
    return [LicenseFactory().make_from_string(expression, license_acknowledgement=LicenseAcknowledgement.DECLARED)]


def _register(bom: Bom, root: Component, components: Mapping[str, Component], packages: Sequence[Distribution]) -> None:
    """Who needs whom; the program needs what pyproject.toml says, Python, and what no other part needs."""
    needed: set[str] = set()
    for package in packages:
        own = str(canonicalize_name(package.name))
        keys = {key for text in package.requires or () if (key := _wanted(text)) in components and key != own}
        needed |= keys
        bom.register_dependency(components[own], [components[key] for key in sorted(keys)])
    direct = {_wanted(text) for text in direct_requirements()}
    bom.register_dependency(root, [one for key, one in components.items() if key in direct or key not in needed])


def _wanted(text: str) -> str:
    """The canonical name, where the requirement holds here without an extra."""
    requirement = Requirement(text)
    holds = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    return str(canonicalize_name(requirement.name)) if holds else ""
