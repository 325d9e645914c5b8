"""Every part that is passed on has a licence that is known, accepted with a reason, and brings its text."""

from __future__ import annotations

import json
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from PIL import features

from dependencies.licence_audit import is_accepted, objections
from engine.contract.errors import DataError
from engine.licences import collection
from engine.licences.bundled_distributions import (
    BUNDLE_CONTENTS,
    bundled_distributions,
    direct_requirements,
    distributions_of_bundle,
)
from engine.licences.collection import collected_licences, licences_of
from engine.licences.licensed_part import CollectedLicences, LicensedPart
from engine.licences.spdx import spdx_expression, told_licence
from engine.licences.told_by_hand import TEXTS, absent_components, accepted_licences, known_licences, parts_inside
from ui.terminal.command_line import command_line


@pytest.fixture(scope="module")
def collected() -> CollectedLicences:
    return collected_licences()


class WrittenDistribution(Distribution):
    """A package that is only its METADATA."""

    def __init__(self, text: str) -> None:
        self._text = text

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: object) -> Path:
        return Path(str(path))


def package(*lines: str) -> Distribution:
    return WrittenDistribution("\n".join(("Metadata-Version: 2.4", "Name: a-package", "Version: 1.0", *lines, "", "")))


def test_all_that_is_bundled_may_be_passed_on(collected: CollectedLicences) -> None:
    assert objections(collected) == ()


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (("License: GPL-3.0-only",), "a-package 1.0 is under GPL-3.0-only, which"),
        (("License-Expression: MIT AND AGPL-3.0-only",), "a-package 1.0 is under MIT AND AGPL-3.0-only, which"),
        (("License: Proprietary",), "a-package 1.0 has no known licence"),
        (("Classifier: License :: OSI Approved :: BSD License",), "a-package 1.0 has no known licence"),
        (("License-Expression: MIT",), "a-package 1.0 brings no text of its licence"),
    ],
)
def test_a_package_that_may_not_be_passed_on_is_named(lines: tuple[str, ...], sentence: str) -> None:
    found = objections(licences_of([package(*lines)]))
    assert found
    assert found[0].startswith(sentence)


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        (("License-Expression: mit or gpl-2.0-only",), "MIT OR GPL-2.0-only"),
        (("License: Apache License 2.0",), "Apache-2.0"),
        (("Classifier: License :: OSI Approved :: MIT License",), "MIT"),
        (
            (
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
            ),
            "",
        ),
        (("License: see the file",), ""),
    ],
)
def test_what_metadata_say_becomes_spdx(lines: tuple[str, ...], licence: str) -> None:
    assert told_licence(package(*lines))[0] == licence


def test_expressions_are_met_by_accepted_licences_alone() -> None:
    accepted = ("MIT", "Apache-2.0", "GPL-3.0-or-later WITH GCC-exception-3.1")
    assert is_accepted("GPL-2.0-only OR (MIT AND Apache-2.0)", accepted)
    assert is_accepted("GPL-3.0-or-later WITH GCC-exception-3.1", accepted)
    assert not is_accepted("GPL-3.0-or-later", accepted)
    assert not is_accepted("MIT AND GPL-2.0-only", accepted)


def test_what_is_written_by_hand_is_needed_and_right(collected: CollectedLicences) -> None:
    installed = {one.metadata["Name"]: one for one in bundled_distributions()}
    for name, known in known_licences().items():
        assert spdx_expression(known.licence) == known.licence, name
        one = distribution(name)
        assert one.metadata["Name"] in installed, f"{name} is no dependency any more"
        assert told_licence(one)[0] != known.licence or known.texts, f"the metadata of {name} say so themselves"
    used = {text for one in (*known_licences().values(), *parts_inside()) for text in one.texts} | {"PSF-2.0.txt"}
    assert {file.name for file in TEXTS.iterdir()} == used
    assert all(one.because for one in accepted_licences())


def test_what_pillow_says_to_be_optional_is_not_there(collected: CollectedLicences) -> None:
    assert absent_components() == {"pillow": ["libimagequant"]}
    assert not features.check("libimagequant")
    pillow = _part(collected, "pillow")
    assert "libimagequant" not in {one.name for one in pillow.components}


def test_what_metadata_do_not_hold_is_told(collected: CollectedLicences) -> None:
    qt = _part(collected, "Qt 6")
    assert qt.licence == "LGPL-3.0-only"
    assert "replace" in qt.note
    assert {text.title for text in qt.texts} == {"LGPL-3.0", "GPL-3.0"}
    assert _part(collected, "Libertinus Serif").inside.startswith("typst ")
    assert any("FFmpeg" in text.text for text in _part(collected, "opencv-python-headless").texts)
    assert not {"pytest", "ruff", "mypy"} & {part.name for part in collected.parts}


def test_needs_of_needs_are_there() -> None:
    names = {one.metadata["Name"].lower() for one in bundled_distributions()}
    assert len(names) > len(direct_requirements())
    assert {"tensorflow", "keras", "h5py", "shiboken6"} <= names


def test_a_bundle_is_read_by_its_contents(tmp_path: Path) -> None:
    contents = tmp_path / BUNDLE_CONTENTS
    rich = distribution("rich").version
    contents.write_text(json.dumps({"distributions": [{"name": "Rich", "version": rich}]}), encoding="utf-8")
    assert [one.metadata["Name"] for one in distributions_of_bundle(tmp_path)] == ["rich"]
    contents.write_text(json.dumps({"distributions": {"rich": "0.1"}}), encoding="utf-8")
    with pytest.raises(DataError, match=r"lists rich 0\.1, and this Python has"):
        distributions_of_bundle(tmp_path)
    contents.write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="does not list"):
        distributions_of_bundle(tmp_path)
    contents.unlink()
    with pytest.raises(DataError, match="build the program first"):
        distributions_of_bundle(tmp_path)


def test_a_built_program_reads_what_its_build_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, collected: CollectedLicences
) -> None:
    kept = tmp_path / "collected.json"
    kept.write_text(collected.model_dump_json(by_alias=True), encoding="utf-8")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(collection, "KEPT", kept)
    assert collected_licences.__wrapped__() == collected
    kept.write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="missing or damaged; install the program again"):
        collected_licences.__wrapped__()


def test_the_command_lists_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line(["licences"], _no_window) == 0
    assert "PySide6_Essentials" in capsys.readouterr().out
    assert command_line(["licences", "qt-6"], _no_window) == 0
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in capsys.readouterr().out
    assert command_line(["licences", "tensor"], _no_window) == 2
    assert "No part is called tensor; there is safetensors, tensorboardX, tensorflow" in capsys.readouterr().err
    assert command_line(["licences", "rich", "--json"], _no_window) == 0
    assert CollectedLicences.model_validate_json(capsys.readouterr().out).parts[0].name == "rich"
    assert command_line(["licences", "--json", str(tmp_path / "all.json")], _no_window) == 0
    written = CollectedLicences.model_validate_json((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert written == collected_licences()


def _no_window(*_: object) -> int:
    raise AssertionError("no window was asked for")


def _part(collected: CollectedLicences, name: str) -> LicensedPart:
    return next(part for part in collected.parts if part.name == name)
