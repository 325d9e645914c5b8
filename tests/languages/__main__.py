"""Bring the catalogues up to date: `python -m tests.languages`. Says what is not marked and not translated."""

from __future__ import annotations

import sys

from tests.languages.catalogues import TRANSLATED, differing_fields, unmarked, untranslated, write


def main() -> int:
    faults = 0
    for one in unmarked():
        sys.stdout.write(f"{one.file}:{one.line}: not marked: {one.english!r}\n")
        faults += 1
    for code in TRANSLATED:
        write(code)
        for message in untranslated(code):
            places = ", ".join(dict.fromkeys(place for place, _ in message.locations))
            sys.stdout.write(f"{code}.po: not translated ({places}): {message.id!r}\n")
            faults += 1
        for line in differing_fields(code):
            sys.stdout.write(f"{code}.po: other fields: {line}\n")
            faults += 1
    sys.stdout.write(f"{len(TRANSLATED)} catalogues written, {faults} to do.\n")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
