"""Data as files and pipes have it, before a model has checked it."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
"""A table of TOML or an object of JSON; its values may be anything that these can write."""
