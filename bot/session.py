"""What one visitor's turns may remember: a value, replaced at every turn and forgotten whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.types import Quote, Reply

__all__ = ["MOST_REMEMBERED", "Session"]

MOST_REMEMBERED = 200
"""Quotes shown and intents asked that a session remembers; the older ones may be shown and offered again."""


@dataclass(frozen=True, slots=True)
class Session:
    """The last reply and the last that cited, what of it waits, what was shown, and what a number picks from.

    `thread` are the words of the last question, as it stands on its own, `subject` is the place of what is spoken of
    among the pack's subjects; `unclear` counts the questions back in a row.
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
