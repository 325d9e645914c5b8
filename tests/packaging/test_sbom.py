"""The bill of materials is valid CycloneDX, and says what is installed for the program."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from dependencies.bill_of_materials import bill_of_materials, hashes_of_report, schema_error
from dependencies.pins import DependencyError
from engine.licences.bundled_distributions import BUNDLE_CONTENTS, bundled_distributions
from engine.licences.collection import collected_licences


def test_it_is_valid_and_complete() -> None:
    packages = bundled_distributions()
    # It raises where the schema is not met.
    text = bill_of_materials(collected_licences(), packages, {("rich", distribution("rich").version): "ab" * 32})
    document = json.loads(text)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["name"] == "Nutshell"
    components = {one["name"]: one for one in document["components"]}
    assert components.keys() == {package.metadata["Name"] for package in packages} | {"Python"}
    tensorflow = components["tensorflow"]
    assert tensorflow["purl"] == f"pkg:pypi/tensorflow@{tensorflow['version']}"
    assert tensorflow["licenses"] == [{"license": {"acknowledgement": "declared", "id": "Apache-2.0"}}]
    assert components["rich"]["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert "hashes" not in tensorflow
    assert "Qt 6" in {one["name"] for one in components["PySide6_Essentials"]["components"]}
    assert all(one["licenses"] for one in components.values())
    needs = {one["ref"]: one.get("dependsOn", []) for one in document["dependencies"]}
    assert components["numpy"]["bom-ref"] in needs[tensorflow["bom-ref"]]
    assert {components["tensorflow"]["bom-ref"], components["numpy"]["bom-ref"]} <= set(needs["nutshell"])
    assert components["keras"]["bom-ref"] not in needs["nutshell"]


def test_what_is_not_by_the_schema_is_told() -> None:
    assert "'bomFormat' is a required property" in schema_error('{"specVersion": "1.6"}')


def test_the_program_writes_that_of_a_bundle(checkout: Path, tmp_path: Path) -> None:
    program, out = checkout / "resources" / "packaging" / "sbom.py", tmp_path / "bundle.cdx.json"
    listed = [{"name": "rich", "version": distribution("rich").version}]
    (tmp_path / BUNDLE_CONTENTS).write_text(json.dumps({"distributions": listed}), encoding="utf-8")
    command = [sys.executable, str(program), str(out), "--bundle", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{out}: 1 packages and Python, 0 components inside of them.\n"
    assert {one["name"] for one in json.loads(out.read_text(encoding="utf-8"))["components"]} == {"rich", "Python"}
    (tmp_path / BUNDLE_CONTENTS).unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "build the program first" in done.stderr
    assert "Traceback" not in done.stderr


def test_hashes_come_from_a_report_of_pip(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    hashed = {
        "metadata": {"name": "A.B", "version": "1"},
        "download_info": {"archive_info": {"hashes": {"sha256": "12"}}},
    }
    without = {"metadata": {"name": "c", "version": "1"}, "download_info": {"url": "file:///c"}}
    report.write_text(json.dumps({"install": [hashed, without]}), encoding="utf-8")
    assert hashes_of_report(report) == {("a-b", "1"): "12"}
    report.write_text("[]", encoding="utf-8")
    with pytest.raises(DependencyError, match="is no report of pip"):
        hashes_of_report(report)
