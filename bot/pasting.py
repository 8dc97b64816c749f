"""Reading a terminal so that a paste is one thing, at once, however long it is, be it marked as one or not."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from prompt_toolkit.input.posix_utils import PosixStdinReader

__all__ = ["BURST", "PasteReader"]

BURST = 1000
"""Characters that arrive at once from which they are taken for a paste in a terminal that does not mark pastes. Key by
key, 20,000 took 8 seconds. Below it, a line end stays the Enter key, for somebody may have typed ahead."""

MOST_AT_ONCE = 1 << 18
"""Characters after which what was read is passed on, though there be more."""

START, END = "\x1b[200~", "\x1b[201~"
"""Before and behind what is pasted, in terminals that mark it (xterm's bracketed paste)."""

_PRINTABLE = re.compile("[^\x00-\x1f\x7f]+")


class PasteReader(PosixStdinReader):
    """Reads all that is there, every paste between marks; of what is typed into a full line, only keys that do things.

    A paste whose end has not come yet is passed on in parts, each marked, so that no lost mark swallows the keyboard: a
    single key behind one is a key.
    """

    def __init__(self, fileno: int, encoding: str, is_full: Callable[[], bool]) -> None:
        super().__init__(fileno, encoding=encoding)
        self._is_full = is_full
        self._is_pasting = False
        self._held = ""  # What may be the first half of an end mark.

    def read(self, count: int = 1 << 16) -> str:
        """All that is there, as text; "" where nothing is."""
        data = ""
        while len(data) < MOST_AT_ONCE and (more := super().read(count)):
            data += more
        if not data and not os.isatty(self.stdin_fd):
            self.closed = True  # The terminal is gone; its file would be "ready" for ever.
        return self.mark(data) if data else ""

    def mark(self, data: str) -> str:
        """What was read, with marks around each paste."""
        data, self._held, marked = self._held + data, "", ""
        while data:
            if self._is_pasting and len(data) > 1:
                text, end, data = data.partition(END)
                self._is_pasting = not end
                if not end:
                    self._held = _find_half(text)
                    text = text.removesuffix(self._held)
                marked += f"{START}{text}{END}"
            else:
                text, start, data = data.partition(START)
                self._is_pasting = bool(start)
                marked += self._mark_typed(text)
        return marked

    def _mark_typed(self, text: str) -> str:
        if len(text) > BURST:
            return f"{START}{text}{END}" + ("\r" if text[-1] in "\r\n" else "")
        if self._is_full() and "\x1b" not in text:
            return _PRINTABLE.sub("", text)
        return text


def _find_half(text: str) -> str:
    """The end of a text that may be the first half of an end mark, or ""."""
    return next((END[:n] for n in range(len(END) - 1, 0, -1) if text.endswith(END[:n])), "")
