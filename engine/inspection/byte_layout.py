"""Where the bytes of a shipped file lie: a row per layer, and rows for what no layer owns; they add up to the file."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from engine.inspection.observed_layers import observed_layers
from engine.inspection.shipped_graph import ShippedGraph
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.size import zipped_bytes

PartKind = Literal["layer", "constants", "graph", "metadata"]


@dataclass(frozen=True)
class BytesOf:
    """One part of a file."""

    name: str
    kind: PartKind
    """layer: kernel and bias; constants: what other operators need, such as shapes; graph: operators, names, scales and
    padding; metadata: labels, feeding and TFLite metadata."""
    raw_bytes: int
    zipped_bytes: int
    """Its share of the zipped file: each part is deflated by itself (level 9), and what the file takes as a ZIP is
    divided in that proportion. A deflated file as such has no borders between its parts."""


def byte_layout(model: ShippedModel) -> tuple[BytesOf, ...]:
    """The parts, layers in order first. Raw bytes add up to the file's, zipped bytes to those of its ZIP (DEFLATE 9).

    A buffer that several layers share counts for the first.
    """
    content = model.content
    graph = ShippedGraph(content)
    places = _buffer_places(content)
    metadata = graph.metadata_buffers
    parts: dict[tuple[str, PartKind], list[tuple[int, int]]] = {}
    taken: set[int] = set()
    for layer in observed_layers(graph):
        buffers = [graph.buffer_of(place) for place in (layer.kernel_place, layer.bias_place)]
        owned = {number for number in buffers if number in places} - taken
        parts[f"{layer.number} {layer.name}", "layer"] = [places[number] for number in owned]
        taken |= owned
    others = [place for number, place in places.items() if number not in taken | metadata]
    parts["other constants", "constants"] = others
    archive = _archive_start(content)
    behind = [(archive, len(content))] if archive < len(content) else []
    parts["metadata", "metadata"] = [*(places[number] for number in metadata if number in places), *behind]
    spans = sorted(span for one in parts.values() for span in one)
    chunks = {part: b"".join(content[start:end] for start, end in sorted(one)) for part, one in parts.items()}
    chunks["operators, names and scales", "graph"] = _between(content, spans)
    zipped = _shares(
        [len(zlib.compress(chunk, 9)) if chunk else 0 for chunk in chunks.values()], zipped_bytes(model.path)
    )
    return tuple(
        BytesOf(name, kind, len(chunk), share)
        for ((name, kind), chunk), share in zip(chunks.items(), zipped, strict=True)
    )


def _buffer_places(content: bytes) -> dict[int, tuple[int, int]]:
    """Number of each buffer that holds something → where it begins and ends in the file; none twice."""
    from ai_edge_litert import schema_py_generated as schema

    root: Any = schema.Model.GetRootAs(content, 0)
    found: dict[int, tuple[int, int]] = {}
    for number in range(root.BuffersLength()):
        buffer = root.Buffers(number)
        if buffer.DataLength():
            start = buffer._tab.Vector(buffer._tab.Offset(4))
            place = (start, start + buffer.DataLength())
        elif buffer.Offset() > 1 and buffer.Size():
            place = (buffer.Offset(), buffer.Offset() + buffer.Size())
        else:
            continue
        if place not in found.values():
            found[number] = place
    return found


def _archive_start(content: bytes) -> int:
    """Where the ZIP archive behind the flatbuffer begins; the file's end where there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return min((member.header_offset for member in archive.infolist()), default=len(content))
    except zipfile.BadZipFile:
        return len(content)


def _between(content: bytes, spans: list[tuple[int, int]]) -> bytes:
    """What no span covers."""
    left, at = [], 0
    for start, end in spans:
        left.append(content[at:start])
        at = max(at, end)
    return b"".join([*left, content[at:]])


def _shares(weights: list[int], total: int) -> list[int]:
    """`total` in whole numbers in the proportion of the weights, by largest remainders."""
    exact = [total * weight / max(sum(weights), 1) for weight in weights]
    shares = [int(one) for one in exact]
    largest = sorted(range(len(exact)), key=lambda place: shares[place] - exact[place])
    for place in largest[: total - sum(shares)]:
        shares[place] += 1
    return shares
