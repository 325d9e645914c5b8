"""Events of runs before steps told evidence: rounds of pruning had an event, ranges of calibrations only a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.store.event_file import line_digest

EVENTS, DIGESTS = "events.jsonl", "events.digests"
ROUND_FINISHED = b'"pruning_round_finished"'
READ = (b'"run_started"', ROUND_FINISHED, b'"variant_measured"', b'"run_finished"')
RANGES_FILE = b'"ranges_file":"'
RENAMED_METHODS = {"tflite_converter": "minmax", "minmax": "tight_minmax"}
"""Of a calibration in version 1 of its record → in version 2."""


def with_evidence(read: Callable[[str], bytes | None]) -> Mapping[str, bytes]:
    """The run's events as this version tells them.

    Args:
        read: gives a file of the run's folder; None where there is none.

    Returns:
        The files that change, the digests of the events first; nothing where no event does.
    """
    events = read(EVENTS) or b""
    if ROUND_FINISHED not in events and RANGES_FILE not in events:
        return {}
    whole, end, half = events.rpartition(b"\n")
    lines = whole.split(b"\n") if end else []
    told = (read(DIGESTS) or b"").split(b"\n")[:-1]
    intact = [
        place >= len(told) or told[place].decode("ascii", "replace") == line_digest(line)
        for place, line in enumerate(lines)
    ]
    changed = _Evidence(read).changed(lines, intact)
    if changed == lines:
        return {}
    digests = [
        line_digest(new).encode() if new is not old else told[place] if place < len(told) else line_digest(new).encode()
        for place, (old, new) in enumerate(zip(lines, changed, strict=True))
    ]
    return {
        DIGESTS: b"".join(one + b"\n" for one in digests),
        EVENTS: b"".join(line + b"\n" for line in changed) + half,
    }


class _Evidence:
    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._titles: dict[str, str] = {}
        self._parents: dict[str, str | None] = {}
        self._rounds: dict[str, dict[str, Any]] = {}
        """Stage → its piece of evidence so far."""
        self._stages: dict[tuple[str, str], str] = {}
        """Chain and image setting → the stage of its file."""

    def changed(self, lines: list[bytes], intact: list[bool]) -> list[bytes]:
        """The lines; those that stay are the same objects, and so is a damaged one."""
        return [self._line(line) if is_intact else line for line, is_intact in zip(lines, intact, strict=True)]

    def _line(self, line: bytes) -> bytes:
        # Most lines are epochs.
        if not any(kind in line for kind in READ):
            return line
        try:
            event = json.loads(line)
        except ValueError:
            return line
        match event.get("event"):
            case "run_started":
                for stage in event["stages"]:
                    self._titles[stage["key"]], self._parents[stage["key"]] = stage["title"], stage["parent"]
                return line
            case "pruning_round_finished":
                return _line_of(self._of_round(event))
            case "variant_measured":
                variant = event["variant"]
                self._stages[variant["chain"], variant.get("setting", "")] = event["stage"]
                return _line_of(event) if self._completed(variant) else line
            case "run_finished":
                # Every one of them, and not only until the first that changes.
                completed = [self._completed(variant) for variant in event["result"]["variants"]]
                return _line_of(event) if any(completed) else line
        return line

    def _of_round(self, event: dict[str, Any]) -> dict[str, Any]:
        stage, one = event["stage"], event["round"]
        before = self._rounds.get(stage, {"document": {"rounds": []}})["document"]["rounds"]
        rounds = [*before[: event["number"] - 1], one]
        sentence = (
            f"round {event['number']} of {event['rounds']}, {one['sparsity_fraction']:.4g} zeros, validation accuracy "
            f"{one['validation_accuracy_after_pruning']:.3f} right after pruning, "
            f"{one['validation_accuracy_after_fine_tuning']:.3f} after fine-tuning."
        )
        self._rounds[stage] = {
            "stage": self._titles.get(stage, ""),
            "kind": "pruning_rounds",
            "document": {"planned": event["rounds"], "rounds": rounds},
            "sentence": sentence,
        }
        kept = {key: event[key] for key in ("version", "time") if key in event}
        return kept | {"event": "evidence_found", "stage": stage, "evidence": self._rounds[stage]}

    def _completed(self, variant: dict[str, Any]) -> bool:
        """Whether evidence could be given to a variant that has none."""
        if variant.get("evidence"):
            return False
        stage = self._stages.get((variant["chain"], variant.get("setting", "")), "")
        found = [self._rounds[one] for one in self._way_to(stage) if one in self._rounds]
        rounds = [one for piece in found for one in piece["document"]["rounds"]]
        # A step that began with a new network has left the rounds before it behind.
        evidence = found if rounds == list(variant.get("pruning_rounds", ())) else []
        if (record := self._calibration(variant.get("ranges_file", ""))) is not None:
            title = self._titles.get(stage, "")
            evidence.append({"stage": title, "kind": "calibration", "document": record, "sentence": ""})
        if evidence:
            variant["evidence"] = evidence
        return bool(evidence)

    def _way_to(self, stage: str) -> Iterator[str]:
        """The stages from the baseline to this one."""
        if stage in self._titles:
            yield from self._way_to(self._parents[stage] or "")
            yield stage

    def _calibration(self, file: str) -> dict[str, Any] | None:
        """What the file beside the variant's holds; None where there is none that can be read."""
        content = self._read(file) if file else None
        try:
            record = json.loads(content or b"null")
        except ValueError:
            return None
        if not isinstance(record, dict) or "ranges" not in record:
            return None
        method = record.get("method", "")
        return (
            {**record, "version": 2, "method": RENAMED_METHODS.get(method, method)}
            if (record.get("version") == 1)
            else record
        )


def _line_of(event: dict[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
