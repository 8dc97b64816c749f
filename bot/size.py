"""The size of the terminal, for what lays text out in it."""

from __future__ import annotations

import os
import sys

__all__ = ["measure_terminal"]


def measure_terminal() -> tuple[int, int]:
    """Columns and rows of the terminal itself, whatever COLUMNS said before it was resized; else what that says.

    As `shutil.get_terminal_size`, which takes a tenth of the way to an answer to import.
    """
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        size = os.terminal_size((0, 0))
    columns, rows = (os.environ.get(name, "") for name in ("COLUMNS", "LINES"))
    return size.columns or int(columns.isdecimal() and columns) or 80, size.lines or int(
        rows.isdecimal() and rows
    ) or 24
