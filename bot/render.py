"""Replies for a terminal: wrapped at the width of the window, freed of anything a terminal would obey."""

from __future__ import annotations

import shutil
import textwrap

from bot.text import strip_controls

__all__ = ["shorten", "wrap"]

WIDEST = 88
"""Characters a line: longer ones are hard to read."""


def shorten(text: str, longest: int = 75) -> str:
    """`text` on one line, cut with an ellipsis.

    >>> shorten("one  two three", 8)
    'one two…'
    """
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"


def wrap(text: str, width: int | None = None) -> str:
    """`text` in lines of at most `width` characters (default: the window's, up to `WIDEST`), line breaks kept.

    >>> print(wrap("• one two three four five", 20))
    • one two three four
      five
    """
    width = max(20, min(width or shutil.get_terminal_size().columns, WIDEST))
    return "\n".join(_wrap_line(line, width) for line in strip_controls(text).split("\n"))


def _wrap_line(line: str, width: int) -> str:
    mark = line.split(" ", maxsplit=1)[0]
    hanging = " " * (len(mark) + 1) if mark in ("•", "—") or mark.rstrip(".").isdecimal() else ""
    return textwrap.fill(line, width, subsequent_indent=hanging, break_on_hyphens=False) if line.strip() else ""
