"""What is worth asking next, and what stands beside a quote in its article."""

from __future__ import annotations

from functools import cached_property

from bot.context import Context
from bot.session import Session
from bot.text import PhraseTable, replace_phrases, split_words
from bot.types import Decision, Pack, Quote, Reply, Understanding

__all__ = ["Offers"]

MOST_OFFERED = 3

BACKWARDS = 200
"""Characters that what stands before a quote is taken to be farther off than what comes after it."""


class Offers:
    """The questions of a pack, by what leads to what."""

    def __init__(self, pack: Pack, context: Context, phrases: PhraseTable) -> None:
        self._pack = pack
        self._context = context
        self._phrases = phrases
        self._spoken_of: dict[Quote, int | None] = {}
        self._found_beside: dict[Quote, list[Quote]] = {}

    def suggest(self, decision: Decision, meant: Understanding | None, session: Session) -> tuple[str, ...]:
        """Up to three intents to ask next, none asked before.

        The author's own come first, then the facts beside the one that was quoted, then other readings of the question.
        """
        beside = (
            [self._homes[q] for q in self._beside(decision.quotes[0]) if q in self._homes] if decision.quotes else []
        )
        other = [ranked.intent for ranked in meant.ranked] if meant else []
        names = dict.fromkeys((*self.neighbours(decision.intent), *beside, *other, *self.first))
        done = {decision.intent, *session.asked}
        return tuple(name for name in names if self.is_answerable(name) and name not in done)[:MOST_OFFERED]

    @cached_property
    def first(self) -> tuple[str, ...]:
        """The intents to offer who has asked nothing yet."""
        names = self._pack.first or [name for name in self._pack.intents if self.is_answerable(name)]
        return tuple(names)[:MOST_OFFERED]

    @cached_property
    def at_hand(self) -> tuple[str, ...]:
        """As many as are offered at all: the first ones, filled up with others of the pack."""
        others = (name for name in self._pack.intents if self.is_answerable(name))
        return tuple(dict.fromkeys((*self.first, *others)))[:MOST_OFFERED]

    def is_answerable(self, name: str) -> bool:
        """Whether an intent is answered with quotes."""
        return bool(self._pack.intents[name].quotes) and self._pack.intents[name].kind == "answer"

    def neighbours(self, name: str | None) -> tuple[str, ...]:
        """The author's `next` of an intent, then theirs."""
        intents = self._pack.intents
        first = intents[name].next if name and name in intents else ()
        return tuple(dict.fromkeys((*first, *(far for near in first for far in intents[near].next))))

    def speaks_of(self, quote: Quote) -> int | None:
        """The place of the only subject that a quote, or what it leans on, names."""
        if quote not in self._spoken_of:
            text, lead = self._pack.articles[quote.article].text, quote.lead
            said = f"{text[lead.start : lead.end] if lead else ''} {text[quote.start : quote.end]}"
            self._spoken_of[quote] = self._context.subject(replace_phrases(split_words(said), self._phrases))
        return self._spoken_of[quote]

    def around(self, answer: Reply, subject: int | None) -> tuple[Quote, ...]:
        """The quotes that stand beside those of an answer and speak of no other subject, the nearest first."""
        cited = {(c.article, c.start, c.end) for c in answer.citations}
        quotes = [q for q in self._in_order if (q.article, q.start, q.end) in cited]
        beside = dict.fromkeys(q for quote in quotes for q in self._beside(quote))
        return tuple(q for q in beside if subject is None or self.speaks_of(q) in (None, subject))

    @cached_property
    def _homes(self) -> dict[Quote, str]:
        """The intent whose first answer a quote is."""
        intents = [(name, intent) for name, intent in self._pack.intents.items() if self.is_answerable(name)]
        return {intent.quotes[0]: name for name, intent in reversed(intents)}

    @cached_property
    def _in_order(self) -> dict[Quote, str]:
        """Every quote of the pack, as it stands in its article, and the section it stands in."""
        section = {(a.id, p.id): p.section for a in self._pack.articles.values() for p in a.passages}
        quotes = {q for name, intent in self._pack.intents.items() if self.is_answerable(name) for q in intent.quotes}
        return {q: section[q.article, q.passage] for q in sorted(quotes, key=lambda q: (q.article, q.start, q.end))}

    def _beside(self, quote: Quote) -> list[Quote]:
        """The quotes of the same section, the nearest first."""
        if quote not in self._found_beside:
            section = self._in_order.get(quote)
            near = [q for q, s in self._in_order.items() if q.article == quote.article and s == section and q != quote]
            near.sort(key=lambda q: abs(q.start - quote.start) + BACKWARDS * (q.start < quote.start))
            self._found_beside[quote] = near
        return self._found_beside[quote]
