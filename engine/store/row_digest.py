"""The digest that verifies a row of the database."""

from __future__ import annotations

import hashlib


def row_digest(*values: object) -> str:
    """SHA-256 over a row's values, 64 digits; each with its type and length, so that none runs into the next."""
    digest = hashlib.sha256()
    for value in values:
        content = value if isinstance(value, bytes) else repr(value).encode()
        digest.update(f"{type(value).__name__} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()
