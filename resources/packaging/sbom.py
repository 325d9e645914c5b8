"""Writes a software bill of materials: CycloneDX 1.6 as JSON, of what is installed for the program, not for its tests.

python resources/packaging/sbom.py OUT                   of this Python's packages
python resources/packaging/sbom.py OUT --bundle FOLDER   of a built program, by the bundle-contents.json in its folder
python resources/packaging/sbom.py OUT --report FILE     with the SHA-256 of each package, by `pip install --report`

Exit code 0: written; 2: something named cannot be read or written; 3: a part has no known or no accepted licence.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# What is bundled, and its licences, are the program's own to tell.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dependencies.bill_of_materials import bill_of_materials, hashes_of_report
from dependencies.licence_audit import objections
from dependencies.pins import DependencyError
from engine.contract.errors import EXIT_BAD_INPUT, EXIT_DONE, EXIT_FAILED, NutshellError
from engine.licences.bundled_distributions import bundled_distributions, distributions_of_bundle
from engine.licences.collection import licences_of
from engine.store.durable_file import write_durably


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        packages = distributions_of_bundle(chosen.bundle) if chosen.bundle else bundled_distributions()
        collected = licences_of(packages)
        text = bill_of_materials(collected, packages, hashes_of_report(chosen.report) if chosen.report else {})
    except (DependencyError, NutshellError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_INPUT
    try:
        write_durably(chosen.out, text)
    except OSError as error:
        sys.stderr.write(f"{chosen.out} cannot be written ({error.strerror}); name another file.\n")
        return EXIT_BAD_INPUT
    nested = sum(1 for part in collected.parts if part.inside) + sum(len(part.components) for part in collected.parts)
    sys.stdout.write(f"{chosen.out}: {len(packages)} packages and Python, {nested} components inside of them.\n")
    found = objections(collected)
    sys.stderr.writelines(f"{sentence}\n" for sentence in found)
    return EXIT_FAILED if found else EXIT_DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("sbom.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT", help="the file, such as nutshell.cdx.json")
    parser.add_argument("--bundle", type=Path, metavar="FOLDER", help="a built program")
    parser.add_argument("--report", type=Path, metavar="FILE", help="a report of pip, with hashes")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
