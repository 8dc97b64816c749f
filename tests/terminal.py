"""A program in a pseudo-terminal, and the screen that its user would see."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path

import pexpect
import pyte

from conftest import ROOT

SGR = re.compile(r"\x1b\[([\d;]*)m")


class _Screen(pyte.HistoryScreen):
    """A screen that answers "where is the cursor?", as a terminal does, unless it is one that does not."""

    def __init__(self, terminal: Terminal, columns: int, rows: int, answers: bool) -> None:
        super().__init__(columns, rows, history=5000)
        self._terminal = terminal
        self._answers = answers

    def write_process_input(self, data: str) -> None:
        if self._answers:
            self._terminal.type(data)


class Terminal:
    """`python -m bot` in a terminal of its own; use `with`, so that it never outlives a test."""

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        rows: int = 24,
        answers: bool = True,
        env: dict[str, str | None] | None = None,
        command: list[str] | None = None,
        cwd: Path = ROOT,
    ) -> None:
        surroundings: dict[str, str | None] = {**os.environ, "TERM": "xterm-256color", "COLUMNS": None, "LINES": None}
        surroundings |= {"NO_COLOR": None, "ACCESSIBLE": None, "INPUTRC": "/nowhere", **(env or {})}
        self.child = pexpect.spawn(
            sys.executable if command is None else command[0],
            ["-m", "bot", *arguments] if command is None else command[1:],
            cwd=cwd,
            env={key: value for key, value in surroundings.items() if value is not None},
            dimensions=(rows, columns),
            timeout=60,
        )
        self.child.delaybeforesend = None
        self.raw = b""
        self._screen = _Screen(self, columns, rows, answers)
        self._stream = pyte.ByteStream(self._screen)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)

    def type(self, text: str | bytes) -> None:
        """Send keys, and read on while they are taken, as a terminal does."""
        data = text.encode() if isinstance(text, str) else text
        for start in range(0, len(data), 1024):
            self.child.send(data[start : start + 1024])
            if len(data) > 1024:
                self.read(0.001)

    def read(self, seconds: float = 0.05) -> bool:
        """Take in what comes within a time; False once the program has ended."""
        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True

    @property
    def text(self) -> str:
        """What the screen shows, as lines without what is empty at their ends."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def scrollback(self) -> str:
        """The same with all that has left it at the top."""
        lines = ["".join(row[x].data for x in range(self._screen.columns)) for row in self._screen.history.top]
        return "\n".join(line.rstrip() for line in [*lines, *self._screen.display]).rstrip()

    def style_of(self, text: str) -> tuple[str, bool]:
        """The colour and the weight of the first letter of a text on the screen."""
        for y, line in reversed(list(enumerate(self._screen.display))):
            if (x := line.find(text)) >= 0:
                letter = self._screen.buffer[y][x]
                return letter.fg, letter.bold
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text}")

    def wait_for(self, text: str, seconds: float = 20) -> None:
        """Until the screen shows a text, however it is broken into lines."""
        wanted = "".join(text.split())
        self.wait_until(lambda: wanted in "".join(self.text.split()), text, seconds)

    def wait_until(self, is_so, what: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, f"{what!r} did not come in:\n{self.text}"
            assert self.read() or is_so(), f"it ended before {what!r}:\n{self.text}"

    def settle(self, seconds: float = 0.3) -> None:
        """Until nothing has come for a while."""
        last = -1
        while last != len(self.raw):
            last = len(self.raw)
            self.read(seconds)

    def ask(self, question: str, shows: str = "") -> None:
        """Type a question, and wait for what is to come and until all has come."""
        self.type(question)
        self.wait_for(question[-10:])
        self.settle(0.15)
        self.type("\r")
        self.wait_for(shows)
        self.settle()

    def resize(self, columns: int, rows: int) -> None:
        self.child.setwinsize(rows, columns)
        self._screen.resize(rows, columns)

    def kill(self, number: int = signal.SIGTERM) -> None:
        self.child.kill(number)

    def code(self, seconds: float = 20) -> int:
        """The exit code, negative for a signal, once it has ended."""
        end = time.monotonic() + seconds
        while self.read():
            assert time.monotonic() < end, f"it did not end:\n{self.text}"
        self.child.close()
        return self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus
