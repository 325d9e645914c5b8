"""A part of the program with the texts of its licences, as plain text."""

from __future__ import annotations

from engine.licences.licensed_part import LicensedPart


def part_text(part: LicensedPart) -> str:
    """Name, licence, note and all texts of a part, as plain text."""
    head = [f"{part.name} {part.version}".strip(), f"Licence: {part.licence or 'not known'} ({part.told_by})"]
    head += [f"Inside of: {part.inside}"] if part.inside else []
    head += [part.homepage] if part.homepage else []
    head += ["", part.note] if part.note else []
    if part.native_libraries:
        head += ["", f"Libraries inside: {', '.join(part.native_libraries)}"]
    texts = [f"\n===== {text.title} =====\n\n{text.text.strip()}\n" for text in part.texts]
    if not texts:
        texts = [f"\nIts text is among those of {part.inside}.\n"]
    return "\n".join(head) + "\n" + "".join(texts)
