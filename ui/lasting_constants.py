"""Keeps Python 3.11 alive under PySide6: the reference counts of None, True and False must not reach zero."""

from __future__ import annotations

import ctypes
import sys

EXTRA_REFERENCES = 2**40
"""More than any session can use up; the lower 32 bits stay as they are, since newer headers look at their sign."""


def make_constants_last() -> None:
    """Call once before the first widget.

    PySide6's wheels (6.12) are built with the headers of a Python in which these objects are immortal (PEP 683, from
    3.12 on), for one stable ABI. On 3.11 each call of a Qt method that returns nothing therefore takes one reference
    of None too many, and some ten thousand calls later the interpreter aborts: "none_dealloc: deallocating None".
    """
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython" or hasattr(sys, "getobjects"):
        return  # Immortal already, or objects do not begin with their count of references.
    for constant in (None, True, False, NotImplemented):
        references = ctypes.c_ssize_t.from_address(id(constant))
        if references.value < EXTRA_REFERENCES:
            references.value += EXTRA_REFERENCES
