"""The chat in a terminal. The only room that imports prompt_toolkit."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress

from bot.engine import Answers, Conversation
from bot.render import wrap

__all__ = ["chat"]

LEAVE = ("bye", "quit", "exit", "/quit")


def chat(bot: Answers, plain: bool = False) -> None:
    """Ask and answer until the visitor leaves with "bye" or Ctrl-D; Ctrl-C clears the line."""
    pack = bot.model.pack
    print(wrap(pack.wording["welcome"].format(clinic=f" to {pack.name}")), end="\n\n")
    session = Conversation(bot)
    for question in _read_plainly() if plain or os.environ.get("TERM") == "dumb" else _read_with_prompt():
        if question.strip().lower().rstrip("!.") in LEAVE:
            break
        if question.strip():
            with suppress(KeyboardInterrupt):  # Ctrl-C between two prompts is not meant to end the visit.
                print(f"\n{wrap(session.ask(question).text)}\n", flush=True)
    print(wrap(bot.model.pack.wording["goodbye"]))


def _read_plainly() -> Iterator[str]:
    while True:
        print("You: ", end="", flush=True)
        line = sys.stdin.readline(1 << 20)
        if not line:
            print()
            return
        yield line


def _read_with_prompt() -> Iterator[str]:
    from prompt_toolkit import PromptSession  # noqa: PLC0415 (plain chat must not pay for it)
    from prompt_toolkit.history import InMemoryHistory  # noqa: PLC0415
    from prompt_toolkit.key_binding import KeyBindings  # noqa: PLC0415
    from prompt_toolkit.keys import Keys  # noqa: PLC0415

    keys = KeyBindings()

    @keys.add(Keys.Vt100MouseEvent)
    def ignore(_: object) -> None:
        """A typed ESC[31m reads as a mouse event, which prompt_toolkit would fail on."""

    # What a visitor typed stays in memory, and is gone with the process.
    prompt: PromptSession[str] = PromptSession("> ", history=InMemoryHistory(), key_bindings=keys)
    while True:
        try:
            yield prompt.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
