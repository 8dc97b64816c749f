"""What one visitor's turns may remember: a value, replaced at every turn and forgotten whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.text import split_words
from bot.types import Quote, Reply

__all__ = ["Session", "find_choice", "find_follow_up"]


@dataclass(frozen=True, slots=True)
class Session:
    """The last answer, what of it was not shown yet, and what may be picked by number or words."""

    last: Reply | None = None
    shown: tuple[Quote, ...] = ()
    waiting: tuple[Quote, ...] = ()
    offered: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()

    def after(
        self, reply: Reply, shown: tuple[Quote, ...], waiting: tuple[Quote, ...], offered: tuple[str, ...]
    ) -> Session:
        """The session once `reply` was given; `offered` are the intents a number picks from."""
        asked = self.asked if reply.intent is None else (*self.asked, reply.intent)[-50:]
        return replace(
            self, last=reply, shown=(*self.shown, *shown)[-50:], waiting=waiting, offered=offered, asked=asked
        )


def find_follow_up(words: tuple[str, ...], phrases: dict[str, frozenset[tuple[str, ...]]]) -> str | None:
    """Which follow-up an utterance is, word for word, or None."""
    return next((name for name, known in phrases.items() if words in known), None)


_NUMBERS = {"one": 1, "first": 1, "two": 2, "second": 2, "three": 3, "third": 3, "four": 4, "fourth": 4}


def find_choice(text: str, offered: tuple[str, ...], questions: tuple[str, ...]) -> str | None:
    """The intent picked from those offered: by number ("2", "the second one") or by its question's words."""
    words = [word for word in split_words(text) if word not in ("the", "number", "option", "please")]
    if words and words[-1] == "one" and len(words) > 1:
        words = words[:-1]
    if len(words) == 1:
        number = int(words[0]) if words[0].isdecimal() and len(words[0]) < 3 else _NUMBERS.get(words[0], 0)
        if 1 <= number <= len(offered):
            return offered[number - 1]
    wanted = split_words(text)
    return next(
        (name for name, question in zip(offered, questions, strict=True) if wanted and split_words(question) == wanted),
        None,
    )
