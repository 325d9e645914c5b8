"""Reads the pickles of the CIFAR archives, and nothing else that a pickle can hold.

A pickle is a program: left to itself it may call anything that Python can import. These files need an array of
numbers only, so the few names that they look up lead to stand-ins that can build one, and every other is refused.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.contract.errors import DataError
from engine.datasets.files.printable import printable

INTEGERS = frozenset({"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"})


def read_cifar_pickle(path: Path) -> dict[str, Any]:
    """The dictionary in a file of the Python version, its keys as text.

    Raises:
        DataError: it is damaged, or holds anything but dictionaries, lists, texts, numbers and arrays of integers.
    """
    try:
        with path.open("rb") as stream:
            content = _CifarUnpickler(stream, encoding="bytes").load()
    except _Refused as error:
        raise DataError(
            f"{path} wants to use {printable(error)}, which no CIFAR file does; it was not run. Do not trust the file, "
            "and get the archive from where it was published."
        ) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); check the file.") from None
    except Exception as error:  # noqa: BLE001 - a damaged pickle makes the unpickler raise nearly anything
        raise DataError(
            f"{path} is no CIFAR file of the Python version, or damaged ({printable(error)}); get it again."
        ) from None
    if not isinstance(content, dict):
        raise DataError(f"{path} is no CIFAR file of the Python version: it holds no dictionary.")
    return {_text(key): value for key, value in content.items()}


def _text(key: object) -> str:
    return key.decode("latin1") if isinstance(key, bytes) else str(key)


class _Refused(Exception):
    """A name that a pickle asked for and may not have."""


# In Python, not in C: there a few bytes can say that an object is the four-thousand-millionth, and room for the others
# is made at once.
class _CifarUnpickler(pickle._Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return ALLOWED[module_name, global_name]
        except KeyError:
            raise _Refused(f"{module_name}.{global_name}") from None

    def persistent_load(self, pid: Any) -> Any:
        raise _Refused("a persistent object")


class _NumberType:
    """Stands in for `numpy.dtype`: an integer type and its byte order."""

    __slots__ = ("_code", "dtype")

    def __init__(self, code: Any, *_: Any) -> None:
        text = _text(code)
        if text not in INTEGERS:
            raise ValueError(f"an array of {text!r}")
        self._code = text
        self.dtype = np.dtype(text)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order = _text(state[1])
        if order not in {"<", ">", "|", "="}:
            raise ValueError(f"a byte order {order!r}")
        self.dtype = np.dtype(order + self._code)


class _Array:
    """Stands in for `numpy.ndarray`: what its state says, checked, as a real array in `values`."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values = np.empty(0, np.uint8)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, column_major, raw = state
        if not isinstance(kind, _NumberType) or not isinstance(raw, bytes):
            raise ValueError("an array that is not of integers")
        self.values = np.frombuffer(raw, kind.dtype).reshape(shape, order="F" if column_major else "C")


class _Call:
    """A function without attributes that a pickle could set."""

    __slots__ = ()

    def __call__(self, *arguments: Any) -> Any:
        raise NotImplementedError


class _Nothing(_Call):
    """Stands in for the class `numpy.ndarray`, that a pickle only names."""


class _EmptyArray(_Call):
    """Stands in for `numpy.core.multiarray._reconstruct`."""

    def __call__(self, *arguments: Any) -> _Array:
        return _Array()


class _MadeNumberType(_Call):
    def __call__(self, *arguments: Any) -> _NumberType:
        return _NumberType(*arguments)


class _Bytes(_Call):
    """Stands in for `_codecs.encode`, by which Python 3 writes bytes where it must not use a newer protocol."""

    def __call__(self, *arguments: Any) -> bytes:
        text, encoding = arguments
        if not isinstance(text, str) or _text(encoding) not in {"latin1", "latin-1"}:
            raise ValueError("an encoding other than latin1")
        return text.encode("latin1")


ALLOWED: Mapping[tuple[str, str], Any] = MappingProxyType(
    {
        ("numpy", "ndarray"): _Nothing(),
        ("numpy", "dtype"): _MadeNumberType(),
        ("numpy.core.multiarray", "_reconstruct"): _EmptyArray(),
        ("numpy._core.multiarray", "_reconstruct"): _EmptyArray(),
        ("_codecs", "encode"): _Bytes(),
    }
)


def array_of(value: Any) -> np.ndarray:
    """What stands in a file as an array or as a list of whole numbers.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, _Array):
        return value.values
    if isinstance(value, list) and all(type(number) is int for number in value):
        return np.asarray(value, dtype=np.int64)
    raise ValueError("neither an array nor a list of numbers")
