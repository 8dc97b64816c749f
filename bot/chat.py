"""The chat in a terminal: a visit that loads behind its prompt, and is shown a page at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Protocol, TypeAlias

from bot.console import Look, can_redraw, find_look, say, show_step, warn
from bot.nouns import dataclass, replace
from bot.render import draw, lay_out, take_page
from bot.types import Block

if TYPE_CHECKING:  # The engine is loaded behind the prompt.
    from bot.visit import Visit

__all__ = ["Load", "Loading", "Screen", "Settings", "chat"]

UNPAGED = 4
"""Rows of a window that a page leaves free: for how to read on, and for the prompt."""

LONGEST_LINE = 1 << 20
"""Characters of a line that are taken in."""

GOODBYE = 1.0
"""Seconds that a goodbye waits for the pack that holds it."""

Load: TypeAlias = "Callable[[Loading], Visit]"
"""Makes a visit ready, and tells the loading how far it is and what its keeper should know."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the chat is wanted: in plain lines, without colour and bold, with vi's keys, what is typed kept in a file."""

    is_plain: bool = False
    is_bare: bool = False
    has_vi_keys: bool = False
    history: str = ""


class Loading:
    """A visit that is made ready in a thread of its own, while the prompt is there already.

    `progress` is what is being done. `watch` is called when it changes, and `speak` with what the pack's keeper should
    know, and `announce` with what a visitor should know who has to wait, all from other threads; whatever screen is in
    use sets them.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._thread: Thread | None = None
        self.visit: Future[Visit] = Future()
        self.progress = ""
        self.watch: Callable[[], None] = lambda: None
        self.speak: Callable[[str], None] = lambda text: None
        self.announce: Callable[[str], None] = lambda text: None
        self.is_greeted = False

    def start(self) -> None:
        """Begin, unless it is begun."""
        if not self._thread:
            # A daemon: who leaves before the pack is learned does not wait for it.
            self._thread = Thread(target=self._run, name="loads the pack", daemon=True)
            self._thread.start()

    def wait(self, show: Callable[[str], None]) -> Visit:
        """The visit, once it is there; `show` is told of the progress. Raises what loading raised."""
        self.start()
        shown = ""
        while True:
            try:
                visit = self.visit.result(timeout=0.1)
                if shown:
                    show("")
                return visit
            except NotYet:
                if self.visit.done():
                    raise  # Loading itself ran out of time.
                if self.progress != shown:
                    shown = self.progress
                    show(shown)

    def greet(self) -> Sequence[Block]:
        """What a visit opens with, once it is ready; nothing the second time."""
        if self.is_greeted:
            return ()
        self.is_greeted = True
        return self.visit.result().greet()

    def tell(self, what: str, share: float) -> None:
        """Say what is being done, and the share done."""
        self.progress = f"Getting ready: {what} … {share:.0%}" if share < 1 else ""
        self.watch()

    def warn(self, text: str) -> None:
        """Say something to who keeps the pack."""
        self.speak(text)

    def _run(self) -> None:
        self.visit.set_running_or_notify_cancel()
        try:
            self.visit.set_result(self._load(self))
        except BaseException as error:
            self.visit.set_exception(error)


class Screen(Protocol):
    """What a visit is typed into and shown on. Both show the greeting, once, when the visit is ready."""

    def read(self) -> str | None:
        """The next line; None where the visitor leaves. Raises what loading raised."""

    def write(self, blocks: Sequence[Block]) -> None:
        """Show blocks."""

    def forget(self) -> None:
        """Let nobody bring back what was typed."""


class PlainScreen:
    """Plain lines, printed one after the other: for screen readers, and for terminals that can do no more."""

    def __init__(self, loading: Loading) -> None:
        self._loading = loading
        self._is_reading = False
        loading.speak = self._warn
        loading.announce = lambda text: say(text, end="\n\n")

    def read(self) -> str | None:
        visit = self._loading.wait(lambda text: show_step(text, is_plain=True))
        if greeting := self._loading.greet():
            self.write(greeting)
        while True:
            self._ask_for_line(visit)
            try:
                self._is_reading = True
                # Not input(): Python's own waits for another line end where a NUL was typed.
                line = sys.stdin.readline(LONGEST_LINE)
            except KeyboardInterrupt:
                say("")
                self.write([Block("words", visit.wording["to_leave"])])
                continue
            finally:
                self._is_reading = False
            if not line:
                say("")
            return line or None

    def _ask_for_line(self, visit: Visit) -> None:
        say(visit.wording["you"], end=" ")

    def _warn(self, text: str) -> None:
        """Tell who keeps the pack, and ask for the line again that the message stands in."""
        warn(f"\n{text}" if self._is_reading else text)
        if self._is_reading:
            self._ask_for_line(self._loading.visit.result())

    def write(self, blocks: Sequence[Block]) -> None:
        guide = self._loading.visit.result().wording["guide"]
        lines = [replace(line, indent=0) for line in lay_out(blocks)]
        lines[0] = replace(lines[0], text=f"{guide} {lines[0].text}")
        say(draw(lines, find_look(is_bare=True)), end="\n\n")

    def forget(self) -> None:
        """What a plain terminal keeps of its lines is its own."""


def chat(load: Load, settings: Settings) -> None:
    """Ask and answer until the visitor leaves with "bye", `/quit` or Ctrl-D. Raises what `load` raises."""
    for stream in (sys.stdin, sys.stdout):  # Once, for a stream that was read from cannot change.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    _Chat(Loading(load), settings).run()


class _Chat:
    """The screen in use, and what of the last answer waits to be read on."""

    def __init__(self, loading: Loading, settings: Settings) -> None:
        self._loading = loading
        self._settings = settings
        self._screen = self._open_screen(settings.is_plain)
        self._rest: Sequence[Block] = ()
        self._mark = ""  # Of the pack that the rest is from.

    def run(self) -> None:
        goes_on = True
        while goes_on and (line := self._read()) is not None:
            with suppress(KeyboardInterrupt):  # Between two prompts, Ctrl-C is not meant to end the visit.
                goes_on = self._answer(line, self._loading.visit.result())
        with suppress(NotYet):  # Who leaves while the pack is being learned is not kept waiting.
            self._screen.write(self._loading.visit.result(timeout=GOODBYE).part())

    def _read(self) -> str | None:
        while True:
            try:
                return self._screen.read()
            except Exception as error:
                visit = self._loading.visit
                if isinstance(self._screen, PlainScreen) or (visit.done() and visit.exception()):
                    raise
                warn(f"The prompt failed ({type(error).__name__}). Plain lines go on.")
                self._screen = PlainScreen(self._loading)

    def _answer(self, line: str, visit: Visit) -> bool:
        """Show what is said to a line; False where the visitor leaves."""
        if self._rest and self._mark == visit.fingerprint and visit.reads_on(line):
            self._show(self._rest, visit)
        elif line.strip():
            was_plain = visit.is_plain
            heard = visit.hear(line)
            if heard is None:
                return False
            if visit.is_plain != was_plain:
                self._screen = self._open_screen(visit.is_plain)
            if visit.has_restarted:
                self._screen.forget()
            self._show(heard, visit)
        return True

    def _show(self, blocks: Sequence[Block], visit: Visit) -> None:
        """Show a page of blocks; the rest waits."""
        look = find_look()
        self._mark = visit.fingerprint
        page, self._rest = take_page(blocks, Look(look.width, max(0, look.height - UNPAGED)))
        self._screen.write([*page, Block("words", visit.wording["page"])] if self._rest else page)

    def _open_screen(self, is_plain: bool) -> Screen:
        if not is_plain and can_redraw():
            # A console that cannot be drawn on, in whatever way it says so, can still be written to line by line.
            with suppress(Exception):
                from bot.prompt import PromptScreen  # noqa: PLC0415 (plain lines must not pay for it)

                return PromptScreen(self._loading, self._settings)
        return PlainScreen(self._loading)
