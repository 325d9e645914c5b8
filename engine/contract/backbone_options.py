"""The declared options of one backbone, such as the depth of a wide residual network."""

from __future__ import annotations

from engine.contract.registry import Registry
from engine.contract.section import Section


class BackboneOptions(Section):
    """Base of the options of those backbones that have some; a subclass sets `key`, that of its backbone.

    Every field has a title, a range and a default, as those of a step's parameters.
    """

    def label(self) -> str:
        """A short name for tables and the stage tree, such as "28-10"."""
        raise NotImplementedError


BACKBONE_OPTIONS: Registry[BackboneOptions] = Registry("engine.backbones", BackboneOptions, "backbone with options")
