"""The prompt: editing, completion, pasting and the bottom line. The only room that imports prompt_toolkit."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.cursor_shapes import ModalCursorShapeConfig
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, emacs_mode, has_completions, vi_navigation_mode
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.styles import DEFAULT_ATTRS, Attrs, Style, StyleTransformation

from bot.chat import Loading, Settings
from bot.console import LOUD, find_look, prefers_vi, warn, write
from bot.pasting import PasteReader
from bot.render import draw, lay_out
from bot.text import LONGEST, MOST_TYPED, strip_controls
from bot.types import Block

__all__ = ["PromptScreen"]

MENU = 6
"""Rows kept free below the prompt, once something is typed, for the questions that it may become."""

STYLE = {
    "bottom-toolbar": "noreverse #767676",
    "auto-suggestion": "#767676",
    "completion-menu": "bg:#e4e4e4 #000000",
    "completion-menu.completion": "bg:#e4e4e4 #000000",
    "completion-menu.completion.current": "noreverse bg:#00005f #ffffff",
}
"""As the palette: grey that holds 4.5:1 on black and on white; a menu has a ground of its own."""


class PromptScreen:
    """A line to edit, with completion, and a quiet line below. Raises on a console that it cannot draw on."""

    def __init__(
        self, loading: Loading, settings: Settings, source: Input | None = None, output: Output | None = None
    ) -> None:
        self._loading = loading
        self._settings = settings
        self._look = find_look(settings.is_bare)
        self._source = source or self._open_input()
        self._output = output
        self._note = ""
        self._ahead: list[str] = []  # What was asked before the pack was there.
        self._session = self._open()
        loading.watch = self._redraw
        loading.speak = self._warn
        loading.announce = self._announce

    def read(self) -> str | None:
        if not self._ahead:
            try:
                line = self._session.prompt(pre_run=self._begin, set_exception_handler=False)
            except EOFError:
                return None
            finally:
                self._note = ""
                self._session.app.erase_when_done = False
            if not self._ahead:
                return line
        line = self._ahead.pop(0)
        write(f"> {line}\n")  # Once more, for the greeting stands between.
        return line

    def write(self, blocks: Sequence[Block]) -> None:
        text = draw(lay_out(blocks), find_look(self._settings.is_bare))
        write(f"\n{text}\n\n")

    def forget(self) -> None:
        """Begin with an empty history, and an empty window."""
        self._session = self._open()
        output = self._session.output
        output.write_raw("" if os.name == "nt" else "\x1b[3J")  # What has scrolled away, too.
        output.erase_screen()
        output.cursor_goto(0, 0)
        output.flush()

    def _redraw(self) -> None:
        self._session.app.invalidate()

    def _warn(self, text: str) -> None:
        """Print a message for who keeps the pack, above the prompt if there is one. From any thread."""
        if not self._do_above(lambda: warn(text)):
            warn(text)

    def _announce(self, text: str) -> None:
        self._do_above(lambda: self.write([Block("words", text)]))

    def _do_above(self, print_it: Callable[[], None]) -> bool:
        """Have something printed above the prompt, if there is one. From any thread."""
        app = self._session.app
        with suppress(AttributeError, RuntimeError):  # The prompt may end between the look and the call.
            if app.is_running and app.loop:
                app.loop.call_soon_threadsafe(lambda: run_in_terminal(print_it))
                return True
        return False

    # --- the session ---

    def _open(self) -> PromptSession[str]:
        is_bare = not self._look.palette
        depth = ColorDepth.DEPTH_4_BIT if self._look.palette is LOUD else ColorDepth.DEPTH_8_BIT
        has_vi_keys = self._settings.has_vi_keys or prefers_vi()
        session: PromptSession[str] = PromptSession(
            "> ",
            history=self._open_history(),
            # Grey is all that tells a suggestion from what was typed.
            auto_suggest=None if is_bare else AutoSuggestFromHistory(),
            completer=_QuestionCompleter(self._loading),
            complete_while_typing=Condition(self._has_text),
            reserve_space_for_menu=MENU,
            bottom_toolbar=self._draw_status,
            key_bindings=self._bind(),
            editing_mode=EditingMode.VI if has_vi_keys else EditingMode.EMACS,
            cursor=ModalCursorShapeConfig() if has_vi_keys else None,
            enable_suspend=True,
            style=Style.from_dict(STYLE),
            style_transformation=_Bare() if is_bare else None,
            color_depth=ColorDepth.DEPTH_1_BIT if is_bare else depth,
            input=self._source,
            output=self._output,
        )
        session.default_buffer.on_text_changed += self._clean
        # Without an answer to "where is the cursor?" all works but the bottom line: no reason to warn a patient.
        session.app.renderer.cpr_not_supported_callback = lambda: None
        return session

    def _open_input(self) -> Input:
        source = create_input()
        if os.name != "nt":  # There, what is pasted comes as one already.
            source.stdin_reader = PasteReader(source.fileno(), "utf-8", self._is_full)  # type: ignore[attr-defined]
        return source

    def _open_history(self) -> History:
        if not self._settings.history:
            return InMemoryHistory()
        return FileHistory(self._settings.history)

    def _begin(self) -> None:
        """Load behind the prompt, once it is there; whatever goes wrong ends the prompt, and `read` raises it."""
        self._loading.start()
        if not self._loading.is_greeted:
            self._session.app.create_background_task(self._wait_for_visit())
        asyncio.get_running_loop().set_exception_handler(self._end)
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            signal.signal(number, self._leave)

    async def _wait_for_visit(self) -> None:
        await asyncio.wrap_future(self._loading.visit)
        await run_in_terminal(self._greet)
        app = self._session.app
        if self._ahead and app.future and not app.future.done():
            app.erase_when_done = True  # An empty line was not asked for.
            app.exit(result="")

    def _end(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._exit(context.get("exception") or RuntimeError(context["message"]))

    def _leave(self, number: int, _: object) -> None:
        """End on a signal. Raised here, it would leave prompt_toolkit waiting for what never comes."""
        loop, error = self._session.app.loop, SystemExit(128 + number)
        if not self._session.app.is_running or not loop:
            raise error
        loop.call_soon_threadsafe(self._exit, error)

    def _exit(self, error: BaseException) -> None:
        app = self._session.app
        if app.is_running and app.future and not app.future.done():
            app.exit(exception=error)

    def _greet(self) -> None:
        if blocks := self._loading.greet():
            kept, wording = self._settings.history, self._loading.visit.result().wording
            self.write([*blocks, Block("words", wording["history"].format(file=kept))] if kept else blocks)

    # --- what is typed ---

    def _has_text(self) -> bool:
        return bool(self._session.default_buffer.text)

    def _is_full(self) -> bool:
        return len(self._session.default_buffer.text) >= MOST_TYPED

    def _clean(self, buffer: Buffer) -> None:
        """Keep out whatever a terminal would obey, and what is beyond the longest question that is read."""
        text = _make_line(buffer.text)
        if len(text) > LONGEST:
            self._note = "too_long"
        elif self._note == "too_long":
            self._note = ""
        text = text[:MOST_TYPED]
        if text != buffer.text:
            buffer.document = Document(text, min(buffer.cursor_position, len(text)))

    def _bind(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add(Keys.Vt100MouseEvent)
        @keys.add("c-r")
        @keys.add("c-s")
        @keys.add("/", filter=vi_navigation_mode)
        @keys.add("?", filter=vi_navigation_mode)
        def ignore(event: KeyPressEvent) -> None:
            """A typed ESC[31m reads as a mouse event, which prompt_toolkit fails on; a search would swallow danger."""

        @keys.add(Keys.BracketedPaste)
        def paste(event: KeyPressEvent) -> None:
            """What is pasted is one question, however many lines it has."""
            event.current_buffer.insert_text(_make_line(event.data[:MOST_TYPED]))

        @keys.add("c-c")
        @keys.add("<sigint>")
        def clear(event: KeyPressEvent) -> None:
            self._note = "" if event.current_buffer.text else "to_leave"
            event.current_buffer.reset()

        @keys.add("enter", filter=Condition(lambda: not self._loading.visit.done()))
        def wait(event: KeyPressEvent) -> None:
            """Take a question that cannot be answered yet."""
            buffer = event.current_buffer
            if line := buffer.text.strip():
                self._ahead.append(line)
                self._do_above(lambda: write(f"> {line}\n"))
            buffer.reset(append_to_history=True)

        @keys.add("escape", filter=has_completions & emacs_mode, eager=True)
        def close(event: KeyPressEvent) -> None:
            """Close the questions offered, and take back one that was picked."""
            event.current_buffer.cancel_completion()

        return keys

    def _draw_status(self) -> str:
        visit = self._loading.visit
        if not visit.done():
            return self._loading.progress or "Getting ready …"
        ready = visit.result()
        text = ready.wording[self._note] if self._note else _fit(ready.status, find_look().width)
        return strip_controls(text)


def _make_line(text: str) -> str:
    """What was typed or pasted as one line, freed of what a terminal would obey."""
    return re.sub(r"\s", " ", strip_controls(text.replace("\r\n", " ").replace("\r", " ")))


def _fit(status: str, width: int) -> str:
    """As many parts of a line as there is room for, the first ones first.

    >>> _fit("one · two · three", 10)
    'one · two'
    """
    parts = status.split(" · ")
    while len(parts) > 1 and len(" · ".join(parts)) > width:
        parts.pop()
    return " · ".join(parts)


class _QuestionCompleter(Completer):
    """Offers what the visit completes a line to."""

    def __init__(self, loading: Loading) -> None:
        self._visit = loading.visit

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        typed = document.text_before_cursor
        for text in self._visit.result().complete(typed) if self._visit.done() else ():
            yield Completion(strip_controls(text), start_position=-len(typed))


class _Bare(StyleTransformation):
    """No colour, no bold, nothing."""

    def transform_attrs(self, attrs: Attrs) -> Attrs:
        return DEFAULT_ATTRS
