"""Events are lines with digests; a killed run leaves whole lines."""

from __future__ import annotations

from pathlib import Path

from engine.store.event_file import EventFile, digests_file, line_digest


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")[:-1]


def test_each_line_has_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventFile(path) as events:
        events.append('{"event": "ä"}')
        events.append("{}")
    assert lines(path) == ['{"event": "ä"}'.encode(), b"{}"]
    assert [digest.decode() for digest in lines(digests_file(path))] == [line_digest(line) for line in lines(path)]


def test_half_a_line_is_cut_and_a_missing_digest_is_made(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"a":1}\n{"b":2}\n{"c"')
    first = line_digest(b'{"a":1}')
    digests_file(path).write_text(f"{first}\n{first[:5]}")
    with EventFile(path) as events:
        events.append('{"d":4}')
    assert lines(path) == [b'{"a":1}', b'{"b":2}', b'{"d":4}']
    assert [digest.decode() for digest in lines(digests_file(path))] == [line_digest(line) for line in lines(path)]
