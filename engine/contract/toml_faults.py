"""What is wrong with a text that is not TOML, in words for users who do not know the format."""

from __future__ import annotations

import re
import tomllib

PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
KEY = re.compile(r"""\s*([\w."'-]+)\s*=\s*""")
MAX_SHOWN = 60
"""Characters of a line."""


def toml_fault(error: tomllib.TOMLDecodeError, text: str) -> str:
    """Such as 'line 1: a value is missing after "name ="; write for example name = "study".'"""
    found = PLACE.search(str(error))
    message = str(error)[: found.start()] if found else str(error)
    lines = text.splitlines() or [""]
    number = int(found[1]) if found and found[1] else len(lines)
    line = lines[min(number, len(lines)) - 1].strip()
    return f"line {number}: {_words(message, line)}"


def _words(message: str, line: str) -> str:
    shown = line if len(line) <= MAX_SHOWN else f"{line[: MAX_SHOWN - 1]}…"
    shown = shown if shown.isprintable() else shown.encode("unicode_escape").decode("ascii")
    key = KEY.match(line)
    value = line[key.end() :] if key else ""
    if key and not value:
        return f'a value is missing after "{shown}"; write for example {key[1]} = "text".'
    if key and re.fullmatch(r"[A-Za-z_][\w .-]*", value) and value not in ("true", "false"):
        return f'"{value}" is not a value; write text in quotes: {key[1]} = "{value}".'
    if "Unterminated string" in message or "Illegal character '\\n'" in message:
        return f'a text is not closed; put a quote at the end of "{shown}".'
    if "Unescaped" in message:
        return f"text contains a backslash; write it twice, or put the text in single quotes: {shown}."
    if "twice" in message:
        return f'the table "{shown}" occurs twice; merge the two.'
    if "Cannot overwrite" in message:
        return f'"{key[1] if key else shown}" already has a value; remove one of the two lines.'
    if "end of a table" in message or "table declaration" in message:
        return f'the table\'s name "{shown}" is not closed; write it in brackets, such as [dataset].'
    if "Unclosed" in message or (key and value.startswith(("[", "{"))):
        return f'a list or table is not closed, or a comma is missing: "{shown}".'
    if "newline or end of document" in message:
        return f'there is more after the value: "{shown}"; put each key on a line of its own.'
    if "Invalid statement" in message or "after a key" in message:
        return f'"{shown}" is not a key with a value; write key = value, or [table].'
    return f'"{shown}" cannot be read ({message[:1].lower()}{message[1:]}).'
