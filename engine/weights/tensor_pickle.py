"""Reads the pickle in which PyTorch describes tensors, without unpickling: nothing that it names is imported or called.

A pickle is a program for a small machine. Here is one that knows plain containers and tensors only: what else a file
asks for is refused by its name (https://docs.python.org/3/library/pickletools.html lists the operations).
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from typing import IO, Any

from engine.contract.errors import DataError
from engine.weights.tensor_view import TensorStorage, TensorView

SAVE_STATE = "save its weights alone, with torch.save(model.state_dict(), …), and give that file"
STORAGES: Mapping[str, str] = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool",
}  # fmt: skip
QUANTIZED = frozenset({"_rebuild_qtensor", "QInt8Storage", "QUInt8Storage", "QInt32Storage"})
_VALUES = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
        *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "SHORT_BINSTRING", "BINSTRING"),
        *("SHORT_BINBYTES", "BINBYTES"),
    }
)
_CONSTANTS: Mapping[str, object] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: Mapping[str, Callable[[], object]] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_PUTS, _GETS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"}), frozenset({"GET", "BINGET", "LONG_BINGET"})
_TUPLES: Mapping[str, int] = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MARK = object()


class NoPlainTensors(DataError):
    """The pickle holds more than tensors and plain containers; the message says what, and what to do."""


def tensors_of_pickle(stream: IO[bytes]) -> object:
    """What a pickle describes, read up to its end and no further.

    Returns:
        dictionaries, lists, tuples, texts and numbers, with a `TensorView` for each tensor.

    Raises:
        NoPlainTensors: it holds something else.
        ValueError, LookupError, TypeError: it is damaged.
    """
    return _Machine().run(stream)


class _Named(str):
    """What the pickle names, as "module.name": a word, and nothing that could be called."""


class _Machine:
    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, stream: IO[bytes]) -> object:
        for operation, argument, _ in pickletools.genops(stream):
            if operation.name == "STOP":
                return self._stack.pop()
            self._do(operation.name, argument)
        raise ValueError("it is cut short")

    def _do(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _VALUES:
            stack.append(argument)
        elif name in _PUTS:
            self._memo[argument] = stack[-1]
        elif name in _GETS:
            stack.append(self._memo[argument])
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            count = _TUPLES[name]
            stack[-count:] = [tuple(stack[-count:])]
        elif name in self._OTHERS:
            self._OTHERS[name](self, argument)
        else:
            raise NoPlainTensors(f"it holds a program (the pickle operation {name}); {SAVE_STATE}")

    def _since_mark(self) -> list[Any]:
        place = max(place for place, value in enumerate(self._stack) if value is _MARK)
        found = self._stack[place + 1 :]
        del self._stack[place:]
        return found

    def _nothing(self, argument: Any) -> None:
        """Says how the pickle is written, and not what is in it."""

    def _mark(self, argument: Any) -> None:
        self._stack.append(_MARK)

    def _memoize(self, argument: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _tuple(self, argument: Any) -> None:
        self._stack.append(tuple(self._since_mark()))

    def _append(self, argument: Any) -> None:
        value = self._stack.pop()
        self._list().append(value)

    def _appends(self, argument: Any) -> None:
        values = self._since_mark()
        self._list().extend(values)

    def _list(self) -> list[Any]:
        if not isinstance(self._stack[-1], list):
            raise ValueError("something is appended to what is no list")
        return self._stack[-1]

    def _set_item(self, argument: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._dict()[key] = value

    def _set_items(self, argument: Any) -> None:
        values = self._since_mark()
        self._dict().update(zip(values[::2], values[1::2], strict=True))

    def _dict(self) -> dict[Any, Any]:
        if not isinstance(self._stack[-1], dict):
            raise ValueError("an entry is put into what is no dictionary")
        return self._stack[-1]

    def _global(self, argument: Any) -> None:
        self._stack.append(_named(*str(argument).split(" ", 1)))

    def _stack_global(self, argument: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._stack.append(_named(str(module), str(name)))

    def _reduce(self, argument: Any) -> None:
        arguments, called = self._stack.pop(), self._stack.pop()
        if not isinstance(called, _Named) or called not in _CALLS or not isinstance(arguments, tuple):
            raise NoPlainTensors(f"it calls {called!s:.60}, which makes no tensor; {SAVE_STATE}")
        self._stack.append(_CALLS[called](arguments))

    def _persistent(self, argument: Any) -> None:
        """A storage: ("storage", its type, key, device, count), and in old files a part of another storage."""
        word, kind, key, _, count, *part = self._stack.pop()
        if isinstance(word, bytes):
            word = word.decode()
        if word != "storage" or not isinstance(kind, _Named) or any(one is not None for one in part):
            raise ValueError("a storage is described in a way that is not known")
        name = kind.rpartition(".")[2]
        if name not in STORAGES or type(count) is not int or count < 0:
            raise ValueError(f"it holds numbers of the type {name}")
        self._stack.append(TensorStorage(str(key), STORAGES[name], count))

    def _build(self, argument: Any) -> None:
        """A dictionary's own attributes, such as the versions of modules, which are not needed."""
        self._stack.pop()
        if not isinstance(self._stack[-1], dict):
            raise NoPlainTensors(f"it holds an object with a state of its own; {SAVE_STATE}")

    _OTHERS: Mapping[str, Callable[[_Machine, Any], None]] = {
        "PROTO": _nothing,
        "FRAME": _nothing,
        "MARK": _mark,
        "MEMOIZE": _memoize,
        "TUPLE": _tuple,
        "APPEND": _append,
        "APPENDS": _appends,
        "SETITEM": _set_item,
        "SETITEMS": _set_items,
        "GLOBAL": _global,
        "STACK_GLOBAL": _stack_global,
        "REDUCE": _reduce,
        "BINPERSID": _persistent,
        "BUILD": _build,
    }


def _named(module: str, name: str) -> _Named:
    """Raises: NoPlainTensors: it is the name of something that is neither tensor nor container."""
    whole = _Named(f"{module}.{name}")
    if name in QUANTIZED:
        raise NoPlainTensors(
            f"it holds quantised tensors; save the weights of the network as it was before quantisation ({module}."
            f"{name})"
        )
    if whole not in _CALLS and not (module in ("torch", "torch.storage") and name in STORAGES):
        raise NoPlainTensors(f"it holds a program ({whole:.80}), which is never run; {SAVE_STATE}")
    return whole


def _ordered(arguments: tuple[Any, ...]) -> object:
    return dict(*arguments)


def _tensor(arguments: tuple[Any, ...]) -> object:
    storage, offset, shape, strides = arguments[:4]
    if not isinstance(storage, TensorStorage):
        raise ValueError("a tensor has no storage")
    return TensorView(storage, offset, tuple(shape), tuple(strides))


def _first(arguments: tuple[Any, ...]) -> object:
    """A parameter's tensor."""
    return arguments[0]


def _size(arguments: tuple[Any, ...]) -> object:
    return tuple(arguments[0])


_CALLS: Mapping[str, Callable[[tuple[Any, ...]], object]] = {
    "collections.OrderedDict": _ordered,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _first,
    "torch.Size": _size,
}
