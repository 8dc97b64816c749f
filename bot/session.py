"""What one visitor's turns may remember: a value, replaced at every turn and forgotten whole."""

from __future__ import annotations

from collections.abc import Container

from bot.nouns import dataclass, replace
from bot.types import Quote, Reply

__all__ = ["MOST_REMEMBERED", "Session"]

MOST_REMEMBERED = 200
"""Quotes shown and intents asked that a session remembers; the older ones may be shown and offered again."""


@dataclass(frozen=True, slots=True)
class Session:
    """The last reply and the last that cited, what of it waits, what was shown, and what a number picks from.

    `thread` are the words of the last question, as it stands on its own, `subject` is the place of what is spoken of
    among the pack's subjects; `unclear` counts the questions back in a row. `pack` is the fingerprint of the pack that
    all of it is of, or "" where nothing was asked yet.
    """

    last: Reply | None = None
    answer: Reply | None = None
    shown: tuple[Quote, ...] = ()
    waiting: tuple[Quote, ...] = ()
    offered: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    thread: tuple[str, ...] = ()
    subject: int | None = None
    unclear: int = 0
    pack: str = ""

    def move(self, pack: str, intents: Container[str]) -> Session:
        """What of the session holds in another pack, which has these intents: its quotes may say something else."""
        if self.pack in ("", pack):
            return replace(self, pack=pack)
        asked, offered = ((n for n in names if n in intents) for names in (self.asked, self.offered))
        return Session(offered=tuple(offered), asked=tuple(asked), thread=self.thread, unclear=self.unclear, pack=pack)

    def after(
        self, reply: Reply, shown: tuple[Quote, ...], waiting: tuple[Quote, ...], offered: tuple[str, ...]
    ) -> Session:
        """The session once `reply` was given; `offered` are the intents a number picks from."""
        is_answer = reply.kind == "answer"
        asked = (*self.asked, reply.intent) if reply.intent and is_answer else self.asked
        return replace(
            self,
            last=reply,
            answer=reply if is_answer else self.answer,
            shown=(*self.shown, *shown)[-MOST_REMEMBERED:],
            waiting=waiting if shown else self.waiting,
            offered=offered,
            asked=asked[-MOST_REMEMBERED:],
            unclear=self.unclear + 1 if reply.kind == "clarify" else 0,
        )
