"""The kinds of evidence that the steps' folders declare, and what a stage has found."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from engine.contract.document import Document
from engine.contract.evidence import Evidence, StageEvidence
from engine.contract.registry import Registry

EVIDENCE: Registry[Evidence] = Registry("engine.steps", Evidence, "kind of evidence")
EVIDENCE_FILE = "evidence.json"

Found = tuple[StageEvidence, ...]


def evidence_text(found: Found) -> str:
    """As it is kept in a stage's folder."""
    return TypeAdapter(Found).dump_json(found).decode()


def stored_evidence(folder: Path) -> Found:
    """What a finished stage has found."""
    file = folder / EVIDENCE_FILE
    return TypeAdapter(Found).validate_json(file.read_bytes()) if file.is_file() else ()


def parsed(one: StageEvidence) -> Evidence:
    """With the type that its step has declared."""
    return EVIDENCE[one.kind].model_validate(one.document)


def earlier_fields(found: Found, files: dict[str, str]) -> Document:
    """The fields of a variant that say the same as its evidence.

    Args:
        files: kind → where it is kept beside the variant's file.
    """
    fields: Document = {}
    for kind in dict.fromkeys(one.kind for one in found):
        own = [parsed(one) for one in found if one.kind == kind]
        fields |= EVIDENCE[kind].earlier_fields(own, files.get(kind, ""))
    return fields
