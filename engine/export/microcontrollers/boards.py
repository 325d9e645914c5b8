"""Boards with a microcontroller, and whether a file with its arena fits each; read from `resources/boards.toml`."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field

from engine.launch.resources import RESOURCES

BOARDS_FILE = RESOURCES / "boards.toml"
KIB = 1024
CYCLES_PER_MHZ_MS = 1000.0
"""Of a clock of one MHz in one millisecond."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CoreRule(_Read):
    """By what the cycles of a kind of core are estimated."""

    cycles_per_mac: float = Field(gt=0)
    """Of int8."""
    rule: str
    source: str


class Board(_Read):
    """One board."""

    name: str
    chip: str
    processor: str
    core: str
    """Of the rules."""
    clock_mhz: float = Field(gt=0)
    flash_bytes: int = Field(gt=0)
    ram_bytes: int = Field(gt=0)
    """As one block."""
    note: str = ""
    source: str
    """The maker's own page."""
    seen: str
    """Where the figures were read."""
    date: date
    shares_ram: bool = False
    """Whether the file lies in the RAM too while it runs."""


class BoardTable(_Read):
    cores: dict[str, CoreRule]
    boards: tuple[Board, ...]


class BoardFit(_Read):
    """How a file stands to one board."""

    board: str
    processor: str
    flash_bytes: int
    ram_bytes: int
    fits: bool | None
    """None: its arena is not known."""
    why: str
    """In a sentence: what is left for the program, or what does not fit."""
    estimated_cycles: int | None = None
    """For one image; None where the rule does not hold, as for floats. An estimate, not measured."""
    estimated_ms: float | None = None
    rule: str = ""
    """What the estimate goes by."""


@lru_cache(maxsize=1)
def board_table() -> BoardTable:
    """All boards, in the order of the file."""
    return BoardTable.model_validate(tomllib.loads(BOARDS_FILE.read_text(encoding="utf-8")))


def board_fits(model_bytes: int, arena_bytes: int | None, int8_macs: int | None) -> tuple[BoardFit, ...]:
    """Of every board.

    Args:
        arena_bytes: as TensorFlow Lite Micro told it on this computer; None: it does not run the file, or is missing.
        int8_macs: for one image; None: the file does not compute in int8.
    """
    table = board_table()
    return tuple(_fit(board, table.cores[board.core], model_bytes, arena_bytes, int8_macs) for board in table.boards)


def _fit(board: Board, rule: CoreRule, model_bytes: int, arena_bytes: int | None, int8_macs: int | None) -> BoardFit:
    fits, why = _verdict(board, model_bytes, arena_bytes)
    cycles = None if int8_macs is None else round(int8_macs * rule.cycles_per_mac)
    return BoardFit(
        board=board.name,
        processor=board.processor,
        flash_bytes=board.flash_bytes,
        ram_bytes=board.ram_bytes,
        fits=fits,
        why=why,
        estimated_cycles=cycles,
        estimated_ms=None if cycles is None else cycles / (board.clock_mhz * CYCLES_PER_MHZ_MS),
        rule="" if cycles is None else f"{rule.cycles_per_mac:g} cycles per MAC: {rule.rule} ({rule.source})",
    )


def _verdict(board: Board, model_bytes: int, arena_bytes: int | None) -> tuple[bool | None, str]:
    if model_bytes > board.flash_bytes:
        return False, (
            f"The file takes {model_bytes / KIB:,.1f} KiB, and the flash has {board.flash_bytes / KIB:,.0f} KiB."
        )
    if arena_bytes is None:
        return None, "The arena is not known: TensorFlow Lite Micro does not run the file, or is not installed."
    in_ram = arena_bytes + (model_bytes if board.shares_ram else 0)
    if in_ram > board.ram_bytes:
        what = "File and arena take" if board.shares_ram else "The arena takes"
        return False, f"{what} {in_ram / KIB:,.1f} KiB, and the RAM has {board.ram_bytes / KIB:,.0f} KiB."
    flash, ram = (board.flash_bytes - model_bytes) / KIB, (board.ram_bytes - in_ram) / KIB
    return True, f"{flash:,.0f} KiB of flash and {ram:,.0f} KiB of RAM are left for the program."
