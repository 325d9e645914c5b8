"""How an engine child ended, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_STOPPED
from engine.contract.events import Event, RatesFound, RunCancelled, RunFailed, RunFinished, SensitivityFound
from engine.contract.rate_curve import RateCurve
from engine.contract.run_result import RunResult
from engine.contract.sensitivity import Sensitivity
from engine.launch.program import typed_command

ILLEGAL_INSTRUCTION = 4
"""The signal's number on every POSIX system."""
OWN_FAULTS = frozenset({-6, -8, -11})
"""Return codes of SIGABRT, SIGFPE and SIGSEGV: a library's own check, not a system that is short of memory."""
UNKNOWN_TO_PROCESSOR = (
    "The engine was ended by an instruction that this processor does not have. Every finished stage is kept: run the "
    f"recipe on a newer processor; {typed_command('doctor')} tells what this one has."
)


class Ending(StrEnum):
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DIED = "died"


@dataclass(frozen=True)
class ProcessOutcome:
    """What became of the child."""

    ending: Ending
    exit_code: int
    """For the command line: 0 done, 2 bad recipe or data, 3 failed, 130 stopped."""
    message: str = ""
    """A sentence for the user where it did not end well."""
    log: str = ""
    """The log with details, where there is one."""
    result: RunResult | None = None
    """Of a run; of a failed one, what the chains gave that did not fail."""
    died_again: bool = False
    """Whether it died where the engine before it did, so that to run it once more is of little use."""
    curve: RateCurve | None = None
    """Of a search for a learning rate."""
    sensitivity: Sensitivity | None = None
    """Of a measurement of it."""

    @classmethod
    def of_last_event(
        cls, event: Event | None, return_code: int | None, running: str = "", died_again: bool = False
    ) -> ProcessOutcome:
        """From the last of the closing events that the child sent, or None where it sent none.

        Args:
            running: the stage that was under way, as `RunningStage` names it; empty: none was.
            died_again: whether the engine before it died there too.
        """
        if isinstance(event, RunFinished):
            return cls(Ending.DONE, EXIT_DONE, result=event.result)
        if isinstance(event, RatesFound):
            return cls(Ending.DONE, EXIT_DONE, curve=event.curve)
        if isinstance(event, SensitivityFound):
            return cls(Ending.DONE, EXIT_DONE, sensitivity=event.sensitivity)
        if isinstance(event, RunCancelled):
            return cls(Ending.CANCELLED, EXIT_STOPPED, event.message)
        if isinstance(event, RunFailed):
            return cls(Ending.FAILED, event.exit_code, event.message, event.log, event.result)
        if return_code == -ILLEGAL_INSTRUCTION:
            return cls(Ending.DIED, EXIT_FAILED, UNKNOWN_TO_PROCESSOR)
        signal = f"signal {-return_code}" if return_code is not None and return_code < 0 else f"exit code {return_code}"
        during = f" in {running}" if running else ""
        if died_again:
            message = (
                f"The engine ended unexpectedly ({signal}){during}, as it did the time before. Every finished stage is "
                "kept, but it will most likely end there again: take that step or setting out of the recipe, or change "
                "it."
            )
            return cls(Ending.DIED, EXIT_FAILED, message, died_again=True)
        message = (
            f"The engine ended unexpectedly ({signal}){during}. Every finished stage is kept: run the recipe again to "
            "resume."
        )
        if return_code not in OWN_FAULTS:
            message += " If the machine ran out of memory, use smaller images or a smaller batch."
        if running:
            message += " If it ends there again, take that chain or setting out of the recipe."
        return cls(Ending.DIED, EXIT_FAILED, message)

    @classmethod
    def not_started(cls, error: OSError) -> ProcessOutcome:
        """The operating system would not start the child."""
        message = f"The engine could not be started ({error.strerror or error}); close other programs and try again."
        return cls(Ending.DIED, EXIT_FAILED, message)
