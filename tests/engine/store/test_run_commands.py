"""What is asked of a run through its folder is read once, whole, and from now on."""

from __future__ import annotations

import threading
from itertools import islice
from pathlib import Path

from engine.contract.events import Command
from engine.store.run_commands import COMMANDS_FILE, ask, asked


def test_commands_are_read_in_their_order_and_earlier_ones_are_not(tmp_path: Path) -> None:
    ask(tmp_path, "cancel")
    commands = asked(tmp_path)
    # It notes where it begins at its first step, which waits for something.
    threading.Timer(0.5, lambda: [ask(tmp_path, name) for name in ("pause", "resume")]).start()
    found = [Command.model_validate_json(line).command for line in islice(commands, 2)]
    assert found == ["pause", "resume"]


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    def write_in_two() -> None:
        with (tmp_path / COMMANDS_FILE).open("ab") as stream:
            stream.write(b'{"command":')
            stream.flush()
            threading.Event().wait(0.8)
            stream.write(b'"stop"}\n')

    threading.Timer(0.1, write_in_two).start()
    (line,) = islice(asked(tmp_path), 1)
    assert Command.model_validate_json(line).command == "stop"
