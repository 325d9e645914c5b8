"""A part of the program with the texts of its licences, as plain text."""

from __future__ import annotations

from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from engine.licences.licensed_part import LicensedPart


def part_text(part: LicensedPart) -> str:
    """Name, licence, note and all texts of a part, as plain text."""
    licence = tr(
        "Licence: {licence} ({told_by})", licence=part.licence or tr("not known"), told_by=recognised(part.told_by)
    )
    head = [f"{part.name} {part.version}".strip(), licence]
    head += [tr("Inside of: {inside}", inside=part.inside)] if part.inside else []
    head += [part.homepage] if part.homepage else []
    head += ["", recognised(part.note)] if part.note else []
    if part.native_libraries:
        head += ["", tr("Libraries inside: {names}", names=", ".join(part.native_libraries))]
    texts = [f"\n===== {text.title} =====\n\n{text.text.strip()}\n" for text in part.texts]
    if not texts:
        texts = ["\n" + tr("Its text is among those of {inside}.", inside=part.inside) + "\n"]
    return "\n".join(head) + "\n" + "".join(texts)
