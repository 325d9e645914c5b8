"""The compression techniques: a folder each, and those of a lab's own (`NUTSHELL_EXTENSIONS`)."""

from engine.contract.extensions import with_extensions

__path__ = with_extensions(__path__, "steps")
