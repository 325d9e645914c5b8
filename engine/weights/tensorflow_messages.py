"""The parts that are read here of TensorFlow's protocol buffer messages. No TensorFlow.

Fields and numbers are those of `tensor_bundle.proto`, `trackable_object_graph.proto` and Keras' `saved_metadata.proto`;
what is left out is skipped as it is read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message import Message

_OPTIONAL, _REPEATED = "LABEL_OPTIONAL", "LABEL_REPEATED"
# Message → field → (number, label, type); a type that is no word of the format is another of the messages.
_MESSAGES: dict[str, dict[str, tuple[int, str, str]]] = {
    "SavedMetadata": {"nodes": (1, _REPEATED, "SavedObject")},
    "SavedObject": {
        "node_path": (3, _OPTIONAL, "TYPE_STRING"),
        "identifier": (4, _OPTIONAL, "TYPE_STRING"),
        "metadata": (5, _OPTIONAL, "TYPE_STRING"),
    },
    "Dimension": {"size": (1, _OPTIONAL, "TYPE_INT64")},
    "Shape": {"dim": (2, _REPEATED, "Dimension")},
    "BundleHeader": {"num_shards": (1, _OPTIONAL, "TYPE_INT32"), "endianness": (2, _OPTIONAL, "TYPE_INT32")},
    "BundleEntry": {
        "dtype": (1, _OPTIONAL, "TYPE_INT32"),
        "shape": (2, _OPTIONAL, "Shape"),
        "shard_id": (3, _OPTIONAL, "TYPE_INT32"),
        "offset": (4, _OPTIONAL, "TYPE_INT64"),
        "size": (5, _OPTIONAL, "TYPE_INT64"),
    },
    "ObjectGraph": {"nodes": (1, _REPEATED, "TrackableObject")},
    "TrackableObject": {
        "children": (1, _REPEATED, "ObjectReference"),
        "attributes": (2, _REPEATED, "SerializedTensor"),
    },
    "ObjectReference": {
        "node_id": (1, _OPTIONAL, "TYPE_INT32"),
        "local_name": (2, _OPTIONAL, "TYPE_STRING"),
    },
    "SerializedTensor": {"checkpoint_key": (3, _OPTIONAL, "TYPE_STRING")},
}


def parsed(message: str, serialized: bytes) -> Message:
    """A message of the kind with this name.

    Raises:
        ValueError: the bytes are not such a message.
    """
    from google.protobuf.message import DecodeError
    from google.protobuf.message_factory import GetMessageClass

    try:
        return GetMessageClass(_pool().FindMessageTypeByName(message)).FromString(serialized)
    except DecodeError as error:
        raise ValueError(f"a damaged message: {error}") from None


@lru_cache(maxsize=1)
def _pool() -> DescriptorPool:
    """A pool of its own: in the default one TensorFlow's messages would meet these."""
    # Not with the window, which opens quickly.
    from google.protobuf import text_format
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool

    lines = ['name: "tensorflow_messages" syntax: "proto3"']
    for message, fields in _MESSAGES.items():
        lines.append(f'message_type {{ name: "{message}"')
        for name, (number, label, kind) in fields.items():
            type_ = f"type: {kind}" if kind.startswith("TYPE_") else f'type: TYPE_MESSAGE type_name: ".{kind}"'
            lines.append(f'field {{ name: "{name}" number: {number} label: {label} {type_} }}')
        lines.append("}")
    pool = DescriptorPool()
    pool.Add(text_format.Parse("\n".join(lines), FileDescriptorProto()))  # type: ignore[no-untyped-call]
    return pool
