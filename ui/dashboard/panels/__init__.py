"""The tabs beside stages and curves: each file declares one, and nothing else has to know it."""

from engine.contract.extensions import with_extensions

__path__ = with_extensions(__path__, "panels")
