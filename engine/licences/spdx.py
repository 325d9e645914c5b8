"""Which licence a package's metadata name, as an SPDX expression."""

from __future__ import annotations

from importlib.metadata import Distribution
from types import MappingProxyType

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

WORDS = MappingProxyType(
    {
        "apache 2.0": "Apache-2.0",
        "apache license 2.0": "Apache-2.0",
        "bsd 3-clause": "BSD-3-Clause",
        "3-clause bsd license": "BSD-3-Clause",
        "2-clause bsd license": "BSD-2-Clause",
        "mit license": "MIT",
    }
)
"""What authors write in the field License, in lower case; "BSD" alone names several licences."""
CLASSIFIERS = MappingProxyType(
    {
        "License :: OSI Approved :: Apache Software License": "Apache-2.0",
        "License :: OSI Approved :: ISC License (ISCL)": "ISC",
        "License :: OSI Approved :: MIT License": "MIT",
        "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    }
)
"""Those that mean one licence; "BSD License" does not."""


def told_licence(package: Distribution) -> tuple[str, str]:
    """The SPDX expression that a package's metadata give, and the field that says so; twice "" where none does."""
    metadata = package.metadata
    if expression := spdx_expression(metadata_field(package, "License-Expression")):
        return expression, "License-Expression in its metadata"
    words = metadata_field(package, "License").strip()
    if expression := WORDS.get(words.lower()) or spdx_expression(words):
        return expression, "License in its metadata"
    told = {CLASSIFIERS[one] for one in metadata.get_all("Classifier") or () if one in CLASSIFIERS}
    others = [
        one
        for one in metadata.get_all("Classifier") or ()
        if one.startswith("License ::") and one not in CLASSIFIERS and one != "License :: OSI Approved"
    ]
    if len(told) == 1 and not others:
        return told.pop(), "a classifier in its metadata"
    return "", ""


def metadata_field(package: Distribution, name: str) -> str:
    """A field of a package's metadata; empty where it is not given."""
    return (package.metadata.get_all(name) or [""])[0]


def spdx_expression(text: str) -> str:
    """`text` in SPDX's spelling; empty where it is no expression of SPDX ids."""
    try:
        return str(canonicalize_license_expression(text)) if text else ""
    except InvalidLicenseExpression:
        return ""
