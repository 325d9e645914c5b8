"""Reads the pickle in which PyTorch describes tensors, without unpickling: nothing that it names is imported or called.

A pickle is a program for a small machine. Here is one that knows plain containers and tensors only: what else a file
asks for is refused by its name (https://docs.python.org/3/library/pickletools.html lists the operations).
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from engine.contract.errors import DataError
from engine.weights.nesting import MAX_DEPTH, TOO_DEEP, Nesting
from engine.weights.tensor_view import TensorStorage, TensorView

SAVE_STATE = "save its weights alone, with torch.save(model.state_dict(), …), and give that file"
STORAGES: Mapping[str, str] = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool",
}  # fmt: skip
COMPLEX = frozenset({"ComplexFloatStorage", "ComplexDoubleStorage"})
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
DAMAGED = "its description is damaged: copy or download it again"
MAX_OPERATIONS = 500_000
"""A tensor takes about 40, so that a checkpoint of thousands of tensors with its optimizer stays far below."""
MAX_KEY_CHARACTERS = 1000
MAX_KEY = 1 << 60
"""Whole numbers below have a hash of their own, so that no file can make a dictionary slow."""
MAX_SHAPE_AXES = 64
_STORAGE_VALUES, _TENSOR_VALUES = 6, 4
_SHOWN_CHARACTERS = 80


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


def _operations(stream: IO[bytes]) -> Iterator[tuple[str, Any]]:
    try:
        for operation, argument, _ in pickletools.genops(stream):
            yield operation.name, argument
    except ValueError:
        raise ValueError("its description is cut short or damaged: copy or download it again") from None


class _Named(str):
    """What the pickle names, as "module.name": a word, and nothing that could be called."""


class _Machine:
    """No object of the file is compared, hashed or formatted before its type is known: deep or shared containers would
    make Python recurse without end."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._nesting = Nesting()

    def run(self, stream: IO[bytes]) -> object:
        for count, (name, argument) in enumerate(_operations(stream)):
            if name == "STOP":
                break
            if count >= MAX_OPERATIONS:
                raise ValueError(f"its description has more than {MAX_OPERATIONS:,} parts, more than any network needs")
            try:
                self._do(name, argument)
            except (LookupError, TypeError):  # It takes what is not there, or what is something else.
                raise ValueError(DAMAGED) from None
        if len(self._stack) != 1:
            raise ValueError(DAMAGED)
        return self._stack.pop()

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
            self._tuple_of([stack.pop() for _ in range(_TUPLES[name])][::-1])
        elif name in self._OTHERS:
            self._OTHERS[name](self, argument)
        else:
            raise NoPlainTensors(f"it holds a program (the pickle operation {name}); {SAVE_STATE}")

    def _since_mark(self) -> list[Any]:
        place = self._marks.pop()
        if place > len(self._stack):
            raise ValueError("a container begins after its end")
        found = self._stack[place:]
        del self._stack[place:]
        return found

    def _nothing(self, argument: Any) -> None:
        """Says how the pickle is written, and not what is in it."""

    def _mark(self, argument: Any) -> None:
        if len(self._marks) >= MAX_DEPTH:
            raise ValueError(TOO_DEEP)
        self._marks.append(len(self._stack))

    def _memoize(self, argument: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _tuple(self, argument: Any) -> None:
        self._tuple_of(self._since_mark())

    def _tuple_of(self, values: list[Any]) -> None:
        made = tuple(values)
        self._nesting.put(made, values)
        self._stack.append(made)

    def _append(self, argument: Any) -> None:
        self._extend([self._stack.pop()])

    def _appends(self, argument: Any) -> None:
        self._extend(self._since_mark())

    def _extend(self, values: list[Any]) -> None:
        into = self._stack[-1]
        if not isinstance(into, list):
            raise ValueError("something is appended to what is no list")
        self._nesting.put(into, values)
        into.extend(values)

    def _set_item(self, argument: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._update([key], [value])

    def _set_items(self, argument: Any) -> None:
        values = self._since_mark()
        self._update(values[::2], values[1::2])

    def _update(self, keys: list[Any], values: list[Any]) -> None:
        into = self._stack[-1]
        if not isinstance(into, dict):
            raise ValueError("an entry is put into what is no dictionary")
        for key in keys:
            _check_key(key)
        self._nesting.put(into, values)
        if len(keys) != len(values):
            raise ValueError(DAMAGED)
        into.update(zip(keys, values, strict=True))

    def _global(self, argument: Any) -> None:
        self._stack.append(_named(*str(argument).split(" ", 1)))

    def _stack_global(self, argument: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if type(module) is not str or type(name) is not str:
            raise ValueError("something is named by what is no text")
        self._stack.append(_named(module, name))

    def _reduce(self, argument: Any) -> None:
        arguments, called = self._stack.pop(), self._stack.pop()
        if not isinstance(called, _Named) or not isinstance(arguments, tuple) or not _makes_tensors(called):
            what = _shown(called) if isinstance(called, _Named) else "something"
            raise NoPlainTensors(f"it calls {what}, which makes no tensor; {SAVE_STATE}")
        if called == ORDERED:
            self._ordered(arguments)
        else:
            self._stack.append(_CALLS[called](arguments))

    def _ordered(self, arguments: tuple[Any, ...]) -> None:
        """An `OrderedDict`, empty, or from a list of pairs as Python 2 wrote it."""
        pairs = arguments[0] if arguments else []
        if len(arguments) > 1 or not isinstance(pairs, list):
            raise ValueError("a dictionary is made of what is no list of pairs")
        if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
            raise ValueError("a dictionary is made of what is no list of pairs")
        self._stack.append({})
        self._update([key for key, _ in pairs], [value for _, value in pairs])

    def _persistent(self, argument: Any) -> None:
        """A storage: ("storage", its type, key, device, count), and in old files a part of another storage."""
        described = self._stack.pop()
        if not isinstance(described, tuple) or not _STORAGE_VALUES - 1 <= len(described) <= _STORAGE_VALUES:
            raise ValueError("a storage is described in a way that is not known")
        word, kind, key, _, count, *part = described
        known = isinstance(word, str | bytes) and word in ("storage", b"storage") and isinstance(kind, _Named)
        if not known or any(one is not None for one in part) or type(key) not in (str, int):
            raise ValueError("a storage is described in a way that is not known")
        _check_key(key)
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
            "it holds quantised tensors; save the weights of the network as it was before quantisation "
            f"({_shown(whole)})"
        )
    if name in COMPLEX:
        raise NoPlainTensors("it holds complex numbers; weights of a network are real ones, such as float32")
    if not _makes_tensors(whole) and not (module in ("torch", "torch.storage") and name in STORAGES):
        raise NoPlainTensors(f"it holds a program ({_shown(whole)}), which is never run; {SAVE_STATE}")
    return whole


def _makes_tensors(name: str) -> bool:
    return name == ORDERED or name in _CALLS


def _shown(name: str) -> str:
    """A name of the file for a message, short and in one line."""
    return "".join(one if one.isprintable() else "?" for one in name[:_SHOWN_CHARACTERS])


def _check_key(key: object) -> None:
    """Raises: ValueError: it is nothing that PyTorch calls a tensor by, or slow to find."""
    if type(key) is str and len(key) <= MAX_KEY_CHARACTERS:
        return
    if type(key) is int and abs(key) < MAX_KEY:
        return
    if key is not None and type(key) not in (bool, float):
        raise ValueError("a dictionary has a key that is neither a short text nor a small number")


def _tensor(arguments: tuple[Any, ...]) -> object:
    if len(arguments) < _TENSOR_VALUES:
        raise ValueError(DAMAGED)
    storage, offset, shape, strides = arguments[:_TENSOR_VALUES]
    if not isinstance(storage, TensorStorage):
        raise ValueError("a tensor has no storage")
    return TensorView(storage, offset, _axes(shape), _axes(strides))


def _first(arguments: tuple[Any, ...]) -> object:
    """A parameter's tensor."""
    return arguments[0]


def _size(arguments: tuple[Any, ...]) -> object:
    return _axes(arguments[0])


def _axes(values: object) -> tuple[Any, ...]:
    """Raises: ValueError: it is no shape, whose numbers are checked later."""
    if not isinstance(values, list | tuple) or len(values) > MAX_SHAPE_AXES:
        raise ValueError("a tensor has a shape that is none")
    if not all(type(one) is int for one in values):
        raise ValueError("a tensor has a shape that is none")
    return tuple(values)


ORDERED = "collections.OrderedDict"
_CALLS: Mapping[str, Callable[[tuple[Any, ...]], object]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _first,
    "torch.Size": _size,
}
