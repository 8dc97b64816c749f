"""The chat, in a terminal of its own."""

from __future__ import annotations

import os
import select
import sys
import time

import pytest

from bot import Bot
from conftest import ROOT, Run

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")


class Terminal:
    """`python -m bot` in a pseudo-terminal."""

    def __init__(self, *arguments: str) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.environ["TERM"] = "xterm"
            os.execv(sys.executable, [sys.executable, "-m", "bot", *arguments])
        self.seen = ""

    def wait_for(self, text: str, times: int = 1, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while self.seen.count(text) < times:
            assert time.monotonic() < end, f"{text!r} did not come in {self.seen!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    data = b""
                assert data, f"it ended before {text!r}: {self.seen!r}"
                self.seen += data.decode("utf-8", "replace")
                if "\x1b[6n" in self.seen:  # The question where the cursor is, which a terminal answers.
                    self.seen = self.seen.replace("\x1b[6n", "")
                    self.type("\x1b[1;1R")

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def code(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def test_a_visit_in_a_terminal(bot: Bot) -> None:
    terminal = Terminal()
    terminal.wait_for("\x1b[?2004h")  # The prompt listens.
    assert "Ask me about physical therapy" in terminal.seen
    terminal.type("do they use lasers\r")
    terminal.wait_for("Low-level laser therapy")
    terminal.wait_for("\x1b[?2004h", times=2)  # It listens again: before that, Ctrl-C would be the terminal's own.
    terminal.type("\x1b[31m\r")  # Reads as a mouse event, which must do nothing.
    terminal.type("half a thou\x03")  # Ctrl-C clears the line.
    terminal.type("bye\r")
    terminal.wait_for("Goodbye")
    assert terminal.code() == 0


def test_end_of_input_leaves(bot: Bot) -> None:
    terminal = Terminal()
    terminal.wait_for("\x1b[?2004h")  # The prompt listens.
    terminal.type("\x04")
    terminal.wait_for("Goodbye")
    assert terminal.code() == 0


def test_plain_has_no_escape_sequence(bot: Bot) -> None:
    terminal = Terminal("--plain")
    terminal.wait_for("You: ")
    terminal.type("do they use lasers\n")
    terminal.wait_for("Low-level laser therapy")
    terminal.type("quit\n")
    terminal.wait_for("Goodbye")
    assert "\x1b" not in terminal.seen
    assert terminal.code() == 0


def test_nothing_typed_is_left_on_disk(run: Run, cache: object) -> None:
    word = "canaryqzx"
    run(stdin=f"{word} do they use lasers\n".encode())
    run("ask", f"{word} hello")
    for folder, _, files in os.walk(str(cache)):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                assert word.encode() not in file.read()
