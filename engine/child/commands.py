"""Reads the parent's commands from standard input and sets the control; the end of the input ends the engine."""

from __future__ import annotations

import os
import sys
import threading

from pydantic import ValidationError

from engine.contract.errors import EXIT_STOPPED
from engine.contract.events import Command
from engine.training.control import Control

PARENT_GONE_GRACE_S = 3.0
"""What a cancelled run gets to close its files before the process is ended."""


def follow_commands(control: Control) -> threading.Thread:
    """Start the thread that reads commands."""
    thread = threading.Thread(target=_follow, args=(control,), name="commands", daemon=True)
    thread.start()
    return thread


def _follow(control: Control) -> None:
    actions = {
        "pause": control.pause,
        "resume": control.resume,
        "stop": control.stop_stage,
        "cancel": control.cancel,
    }
    for line in sys.stdin.buffer:
        try:
            actions[Command.model_validate_json(line).command]()
        except ValidationError:
            print(f"Not a command: {line!r}", file=sys.stderr)
    control.cancel()
    threading.Timer(PARENT_GONE_GRACE_S, os._exit, args=(EXIT_STOPPED,)).start()
