"""From a decision to a reply: quotes with their sources, and around them only words of the pack."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from bot.nouns import dataclass, replace
from bot.types import Alternative, Block, Citation, Decision, Intent, Lead, Pack, Quote, Ranked, Reply

__all__ = ["Answer", "Composer", "read_today", "write_out"]

MOST_CITATIONS = 3
"""Of one reply; the contract's limit of 4 leaves room for the referral of an `advice`."""

MOST_PARTS_SHOWN = 4
"""Quotes of a reply to several questions: the contract's limit."""

MOST_QUOTED, MOST_QUOTED_OF_PARTS = 100, 118
"""Words quoted in one reply, leads included, and in one to several questions; the limit is 120."""

ENOUGH_QUOTED = 45
"""Words after which no further quote is added, unless it is the first of the other article."""

MOST_WORDS = 220
"""Words of a whole reply, sources, notice, choices and suggestions included."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with what the session needs of it; `thread` are the words of a question that stands on its own."""

    reply: Reply
    shown: tuple[Quote, ...] = ()
    waiting: tuple[Quote, ...] = ()
    offered: tuple[str, ...] = ()
    thread: tuple[str, ...] = ()


def read_today() -> str:
    """The day it is here, as an article's header writes it."""
    return time.strftime("%Y-%m-%d")


class Composer:
    """Puts replies together from one pack. `today` says which day it is, as `read_today` does."""

    def __init__(self, pack: Pack, today: Callable[[], str] = read_today) -> None:
        self.pack = pack
        self.wording = pack.wording
        self._today = today
        self._cited: dict[Quote, Citation] = {}

    # --- one method for each kind of decision ---

    def answer(
        self, decision: Decision, suggestions: Sequence[str], repairs: Sequence[tuple[str, str]] = (), before: str = ""
    ) -> Answer:
        """Quote what fits, after the line `before`; the rest waits for "more"."""
        shown = self._fit(decision.quotes, MOST_QUOTED if decision.parts == 1 else MOST_QUOTED_OF_PARTS, decision.parts)
        while len(shown) > 1 and self._count(before, shown) > MOST_WORDS:
            shown = shown[:-1]
        waiting = tuple(quote for quote in decision.quotes if quote not in shown)
        blocks = [*_words(before), *self._quote(shown)]
        return self._finish("answer", blocks, decision, shown, suggestions, repairs, waiting)

    def advice(self, decision: Decision, suggestions: Sequence[str], repairs: Sequence[tuple[str, str]]) -> Answer:
        """Decline kindly in the article's own words, and offer the general passage where there is one."""
        referral = (self.pack.referral,) if self.pack.referral else ()
        general = self._fit([q for q in decision.quotes if q not in referral], MOST_QUOTED - 40)[:1]
        blocks = [*_words(self.wording["advice"]), *self._quote(referral)]
        blocks += [*_words(self.wording["in_general"]), *self._quote(general)] if general else []
        blocks += _words(self.wording["emergency"])
        return self._finish("advice", blocks, decision, (*referral, *general), suggestions, repairs)

    def out_of_scope(
        self, decision: Decision, suggestions: Sequence[str], repairs: Sequence[tuple[str, str]]
    ) -> Answer:
        """Say that the articles do not answer it, point to a person, offer what can be answered."""
        blocks = _words(self.wording["out_of_scope"], self.wording["emergency"])
        return self._finish("out_of_scope", blocks, decision, (), suggestions, repairs)

    def clarify(self, decision: Decision, text: str, repairs: Sequence[tuple[str, str]] = ()) -> Answer:
        """Ask which of the choices is meant."""
        return self._finish("clarify", _words(text), decision, (), decision.choices, repairs)

    def smalltalk(self, decision: Decision, text: str, suggestions: Sequence[str] = ()) -> Answer:
        """A reply that quotes nothing."""
        return self._finish("smalltalk", _words(text), decision, (), suggestions, ())

    def hand_over(self, suggestions: Sequence[str]) -> Answer:
        """Give up kindly: point to a person, and show what can be asked."""
        blocks = _words(self.wording["hand_over"], self.wording["emergency"])
        return self._finish("out_of_scope", blocks, Decision("out_of_scope"), (), suggestions, ())

    def unreadable(self, suggestions: Sequence[str]) -> Answer:
        """Nothing could be read."""
        blocks = _words(self.wording["unreadable"], self.wording["emergency"])
        return self._finish("unreadable", blocks, Decision("unreadable"), (), suggestions, ())

    def urgent(self, decision: Decision) -> Answer:
        """The safety card, and nothing else; the one that every pack has where danger is seen, but not which."""
        card = Block("card", self.pack.cards[decision.card or "medical"])
        return Answer(
            Reply("urgent", card.text, intent=decision.intent, confidence=decision.confidence, blocks=(card,))
        )

    def sources_of(self, last: Reply, heading: str = "") -> Answer:
        """The last answer's quotes once more, under their sources."""
        blocks = (*_words(heading or self.wording["sources"]), *self._blocks(last.citations), *_notice(last.notice))
        reply = Reply("answer", write_out(blocks), last.citations, last.intent, last.confidence)
        return Answer(replace(reply, notice=last.notice, blocks=blocks))

    # --- parts ---

    def _finish(
        self,
        kind: str,
        blocks: Sequence[Block],
        decision: Decision,
        quotes: Sequence[Quote],
        offered: Sequence[str],
        repairs: Sequence[tuple[str, str]],
        waiting: Sequence[Quote] = (),
    ) -> Answer:
        citations = self.cite(quotes)
        body = list(blocks)
        if decision.alarm and kind in ("answer", "clarify", "smalltalk"):  # The others carry a line of their own.
            body[:0] = _words(self.wording["if_now"])
        notice = self._notice(citations) if kind in ("answer", "advice") else ""
        body += _notice(notice)
        heading = {"clarify": "", "answer": "suggestions"}.get(kind, "can_answer")
        offered = self._fit_offers(offered, write_out(body), self.wording.get(heading, ""))
        questions = tuple(self.pack.intents[name].question for name in offered)
        body += self._list(heading, questions)
        reply = Reply(
            kind=kind,  # type: ignore[arg-type]
            text=write_out(body),
            citations=citations,
            intent=decision.intent,
            confidence=decision.confidence,
            alternatives=self._alternatives(decision.alternatives),
            choices=questions if kind == "clarify" else (),
            suggestions=questions if kind != "clarify" else (),
            repairs=tuple(repairs),
            notice=notice,
            blocks=tuple(body),
        )
        return Answer(reply, tuple(quotes), tuple(waiting), tuple(offered))

    def _fit(self, quotes: Sequence[Quote], most: int = MOST_QUOTED, parts: int = 1) -> tuple[Quote, ...]:
        """As many quotes, best first, as a person should have to read at once; the first `parts` if they can be."""
        chosen: list[Quote] = []
        for place, quote in enumerate(quotes):
            so_far = sum(map(self._length, chosen))
            new_article = quote.article not in {c.article for c in chosen}
            is_part = place < parts
            if chosen and (
                len(chosen) >= max(MOST_CITATIONS, min(parts, MOST_PARTS_SHOWN)) or so_far + self._length(quote) > most
            ):
                continue
            if so_far >= ENOUGH_QUOTED and not (new_article and parts == 1) and not is_part:
                continue
            if any(map(quote.overlaps, chosen)):
                continue
            # What another leans on goes before it: shown as its lead alone, it would lose what it leans on itself.
            at = next((i for i, other in enumerate(chosen) if _leans_on(other, quote)), len(chosen))
            chosen.insert(at, quote)
        return tuple(chosen)

    def _count(self, before: str, quotes: Sequence[Quote]) -> int:
        """Words of a reply with these quotes and without suggestions."""
        said = [before, write_out(self._quote(quotes)), self._notice(self.cite(quotes)), self.wording["if_now"]]
        return len(" ".join(said).split())

    def plainness(self, quote: Quote) -> float:
        """Letters of a quote and half its letters a word again: less is plainer."""
        words = self.pack.articles[quote.article].text[quote.start : quote.end].split()
        return sum(map(len, words)) * (1 + sum(map(len, words)) / len(words) / 10)

    def _length(self, quote: Quote) -> int:
        text = self.pack.articles[quote.article].text
        lead = text[quote.lead.start : quote.lead.end] if quote.lead else ""
        return len(text[quote.start : quote.end].split()) + len(lead.split())

    def cite(self, quotes: Iterable[Quote]) -> tuple[Citation, ...]:
        """Quotes as citations: each a slice of its article."""
        return tuple(map(self._cite, quotes))

    def _cite(self, quote: Quote) -> Citation:
        if quote not in self._cited:  # Of the pack's own there are few.
            article, before = self.pack.articles[quote.article], quote.lead
            self._cited[quote] = Citation(
                article=article.id,
                title=article.title,
                publisher=article.publisher,
                published=article.published,
                section=next(p.section for p in article.passages if p.id == quote.passage),
                passage=quote.passage,
                quote=article.text[quote.start : quote.end],
                start=quote.start,
                end=quote.end,
                lead=Lead(article.text[before.start : before.end], before.start, before.end) if before else None,
            )
        return self._cited[quote]

    def _quote(self, quotes: Sequence[Quote]) -> list[Block]:
        return self._blocks(self.cite(quotes))

    def _blocks(self, citations: Sequence[Citation]) -> list[Block]:
        """Quotes in order, those of one section together over one source line."""
        groups = (list(group) for _, group in groupby(citations, key=lambda c: (c.article, c.section)))
        return [Block("quote", "\n".join(self._quoted(group)), self.source(group[0])) for group in groups]

    def _quoted(self, citations: Sequence[Citation]) -> list[str]:
        lines: list[str] = []
        before = said = ""
        for citation in citations:
            lead = citation.lead.quote if citation.lead else ""
            # What leads into a list ends on a colon, or is a heading and ends on nothing.
            is_item = bool(lead) and not lead.rstrip().endswith((".", "!", "?", "…", "”", '"', ")"))
            if citation.quote in said:
                continue  # It was the lead of the one before.
            goes_on = bool(lead) and lead in said.rpartition("\n\n")[2]  # Of what stands just above.
            if before and lead.startswith(before) and lines[-1].endswith(before) and not goes_on:
                lines[-1] += f"{lead.removeprefix(before)} {citation.quote}"  # The lead itself goes on from it.
                before, said = citation.quote, "\n".join(lines)
                continue
            if lines and not goes_on:
                lines.append("")  # Another thought: its own paragraph.
            if is_item:
                lines += [f"• {citation.quote}"] if goes_on else [lead, f"• {citation.quote}"]
            else:
                lines.append(citation.quote if goes_on or not lead else f"{lead} {citation.quote}")
            before, said = citation.quote, "\n".join(lines)
        return lines

    def source(self, citation: Citation) -> str:
        """One line: publisher, title, section, date, and whether the review of the article is past its time."""
        day = self._date(citation.published) if citation.published else ""
        published = self.wording["published"].format(date=day) if day else self.wording["undated"]
        line = self.wording["source"].format(
            publisher=citation.publisher, title=citation.title, section=citation.section, published=published
        )
        due = self.pack.articles[citation.article].review_by
        is_overdue = due and due < self._today()
        return line + self.wording["overdue"].format(date=self._date(due)) if due and is_overdue else line

    def _date(self, iso: str) -> str:
        year, month, day = iso.split("-")
        names = self.wording["months"].split()
        return self.wording["date"].format(day=int(day), month=names[int(month) - 1], year=year)

    def _notice(self, citations: Sequence[Citation]) -> str:
        interests = dict.fromkeys(self.pack.articles[c.article].interest for c in citations)
        return " ".join(filter(None, [self.wording["notice"], *interests]))

    def _fit_offers(self, offered: Sequence[str], *said: str) -> list[str]:
        """As many of the intents as a reply that says all this has words left for, with a number for each."""
        kept = list(offered)
        while kept and len(" 0 ".join([*said, *(self.pack.intents[n].question for n in kept)]).split()) > MOST_WORDS:
            kept.pop()
        return kept

    def _list(self, heading: str, questions: Sequence[str]) -> list[Block]:
        lines = [f"{number}. {question}" for number, question in enumerate(questions, 1)]
        return [Block("list", "\n".join(filter(None, [self.wording.get(heading, ""), *lines])))] if lines else []

    def _alternatives(self, ranked: Sequence[Ranked]) -> tuple[Alternative, ...]:
        found = [
            Alternative(r.intent, self._question(self.pack.intents[r.intent]), round(r.probability, 4))
            for r in ranked[1:6]
        ]
        return tuple(found)

    @staticmethod
    def _question(intent: Intent) -> str:
        return intent.question or intent.name.replace("_", " ")


def _leans_on(one: Quote, other: Quote) -> bool:
    lead = one.lead
    return lead is not None and one.article == other.article and lead.start <= other.start and other.end <= lead.end


def write_out(blocks: Iterable[Block]) -> str:
    """The text of a reply: its blocks in order, each quote over its source."""
    return "\n\n".join(f"{block.text}\n{block.source}" if block.source else block.text for block in blocks)


def _words(*texts: str) -> list[Block]:
    return [Block("words", text) for text in texts if text]


def _notice(text: str) -> list[Block]:
    return [Block("notice", text)] if text else []
