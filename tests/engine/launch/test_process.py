"""A child gives way to its parent, also where the kernel shares time between sessions."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from engine.launch.process import AUTOGROUP, NICE

CHILD = f"""
import os
from engine.launch.process import give_way
give_way()
print(os.nice(0), os.sched_getscheduler(0), open({str(AUTOGROUP)!r}).read())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no batch processes")
def test_a_child_gives_way_in_its_session_too() -> None:
    if not AUTOGROUP.is_file():
        pytest.skip("this kernel does not share time between sessions")
    child = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, start_new_session=True)
    niceness, policy, *session = child.stdout.split()
    assert (int(niceness), int(policy)) == (min(os.nice(0) + NICE, 19), os.SCHED_BATCH)
    assert session[-2:] == ["nice", str(NICE)], "such as /autogroup-908 nice 10"
