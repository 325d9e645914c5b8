"""How a child process behaves towards its parent: it ends with it, and runs at a lower priority."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def die_with_parent() -> None:
    """Ask the kernel, where it can, to end this process with its parent; elsewhere the end of stdin tells."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL)


NICE = 10
AUTOGROUP = Path("/proc/self/autogroup")


def give_way() -> None:
    """Lower this process's priority, so that the window stays smooth while both cores train."""
    if sys.platform == "win32":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(NICE)
        if sys.platform == "linux":
            # A child has a session of its own. Where the kernel shares time between sessions, niceness counts only
            # among the processes of one; that of the session is set here. Where it does not, there is no such file.
            with suppress(OSError):
                AUTOGROUP.write_text(str(NICE), encoding="ascii")
            # A batch process does not interrupt others when it wakes.
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
