"""Starts the engine where this computer can compute; else tells the parent why not, in one sentence."""

from __future__ import annotations

from engine.child.channel import EventChannel
from engine.contract.errors import EXIT_FAILED
from engine.contract.events import RunFailed
from engine.doctor.import_trouble import import_sentence, is_of_others
from engine.doctor.instruction_sets import avx_refusal


def start_engine() -> int:
    """Run one job; returns the exit code. Without AVX, TensorFlow would end this process with no word of its own."""
    channel = EventChannel()
    refusal = avx_refusal()
    if not refusal:
        try:
            from engine.child.main import main

            return main(channel)
        except ImportError as error:
            if not is_of_others(error):
                raise
            refusal = import_sentence(error)
    channel.send(RunFailed(message=refusal, exit_code=EXIT_FAILED))
    return EXIT_FAILED
