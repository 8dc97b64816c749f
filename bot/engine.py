"""The bot: the walk of one question, from what was typed to the reply."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path

from bot.cache import Progress, obtain_model
from bot.compose import Answer, Composer
from bot.context import Context, Reading
from bot.model import Model
from bot.pack import shipped_root
from bot.safety import RedFlags
from bot.session import Session
from bot.text import LONGEST, index_phrases, split_words
from bot.types import Article, Decision, Intent, Quote, Ranked, Reply, Understanding, Utterance
from bot.understand import (
    CHOICES,
    MOST_PARTS,
    NAMED,
    SURE_PART,
    choose_quotes,
    decide,
    mend,
    read,
    split_questions,
    understand,
)

__all__ = ["Bot", "Conversation"]

FILLED, JOINED = 0.25, 0.25
"""Shares of the scores of an open question's other wordings: with its subject in it, and behind the last question."""

MOST_ASKED_BACK = 2
"""Questions back in a row, after which a person is handed over to."""

SURE_AFTER_DANGER = 0.5
"""Confidence below which the safety card stays where it was just shown."""

LONGEST_THREAD = 12
"""Words of a question that later ones go on from; of a longer one, what was understood is remembered instead."""


class Bot:
    """Answers questions from one pack. Immutable once loaded, and safe to share between threads.

    >>> bot = Bot.load()
    >>> reply = bot.ask("what is occupational therapy?")
    >>> reply.kind, reply.citations[0].publisher
    ('answer', 'Clearing')
    """

    def __init__(self, model: Model, today: Callable[[], date] = date.today) -> None:
        self.model = model
        self.flags = RedFlags(model.pack.rules)
        self._composer = Composer(model.pack, today)
        self._phrases = index_phrases(model.pack.synonyms)
        self._context = Context(model.pack.talk)

    @classmethod
    def load(cls, pack: str | os.PathLike[str] | None = None, progress: Progress | None = None) -> Bot:
        """Load a pack (default: the shipped one), building its model first where it changed.

        `progress` is told of a build: what is being done and the share done. Raises PackError.
        """
        root = Path(pack) if pack is not None else shipped_root()
        return cls(obtain_model(root, progress or (lambda what, share: None)))

    def ask(self, question: str) -> Reply:
        """Answer one question, remembering nothing. Raises TypeError for anything but a string."""
        return self.reply(question, Session())[0]

    def session(self) -> Conversation:
        """A conversation with one visitor."""
        return Conversation(self)

    def reply(self, text: str, session: Session) -> tuple[Reply, Session]:
        """Answer `text`; return the reply and the session to pass next time."""
        if not isinstance(text, str):
            raise TypeError(f"a question is a string, not {type(text).__name__}")
        answer = self._walk(read(text, self.model, self._phrases), session)
        if answer is None:
            return self._composer.smalltalk(Decision("smalltalk"), self.wording["restarted"]).reply, Session()
        if len(text) > LONGEST:
            cut = self.wording["too_long"]
            answer = replace(answer, reply=replace(answer.reply, text=f"{cut}\n\n{answer.reply.text}"))
        after = session.after(answer.reply, answer.shown, answer.waiting, answer.offered)
        return answer.reply, self._follow_thread(after, answer)

    @property
    def name(self) -> str:
        """The pack's name."""
        return self.model.pack.name

    @property
    def fingerprint(self) -> str:
        """The pack's hash."""
        return self.model.pack.fingerprint

    @property
    def articles(self) -> Mapping[str, Article]:
        """The pack's articles by id."""
        return self.model.pack.articles

    @property
    def intents(self) -> Mapping[str, Intent]:
        """The pack's intents by name; their examples stay in the files."""
        return self.model.pack.intents

    @property
    def wording(self) -> Mapping[str, str]:
        """The pack's wording."""
        return self.model.pack.wording

    # --- the steps of the walk ---

    def _walk(self, utterance: Utterance, session: Session) -> Answer | None:
        """The answer to an utterance; None where the visitor starts over."""
        seen = self.flags.look(readings(utterance))
        if seen.rule:
            return self._composer.urgent(Decision("urgent", seen.rule.flag, 1.0, card=seen.rule.card))
        picked = self._find_pick(utterance, session)
        if picked:
            return self._answer_picked(picked, session)
        follow_up = self._context.find_follow_up(readings(utterance))
        if follow_up == "restart":
            return None
        if follow_up and (follow_up != "neither" or session.unclear):
            return self._act(follow_up, session)
        return self._answer_question(utterance, session, seen.is_explained)

    def _find_pick(self, utterance: Utterance, session: Session) -> str | None:
        """The intent picked from those last offered: by its place, by its question, by words that only it holds."""
        words, offered = split_words(utterance.text), session.offered
        questions = [self.intents[name].question for name in offered]
        place = self._context.find_place(words, len(offered))
        if place is None:
            place = next((i for i, question in enumerate(questions) if split_words(question) == words), None)
        if place is None and session.unclear:
            place = self._context.find_words(utterance.words, questions)
        return offered[place] if place is not None else None

    def _answer_question(self, utterance: Utterance, session: Session, is_explained: bool) -> Answer | None:
        """The answer to what is no follow-up by its words alone; None where the visitor starts over.

        `is_explained`: it holds signs of danger, and for each of them what makes it harmless.
        """
        reading = self._context.read(utterance.words, session.thread, session.subject)
        if reading.is_lost:
            return self._ask(Decision("clarify", choices=self._first_topics()), "nothing_yet", session)
        if reading.words != utterance.words:
            utterance = replace(utterance, words=reading.words, known=1.0)
        meant = understand(utterance, self.model, _wordings(reading))
        decision = decide(utterance, meant, self.model, is_explained)
        if session.last and session.last.kind == "urgent":
            if decision.kind in ("clarify", "unreadable") or decision.confidence < SURE_AFTER_DANGER:
                return Answer(session.last)
            decision = replace(decision, alarm=True)
        answer = self._carry_out(decision, utterance, meant, session)
        return answer and replace(answer, thread=self._stand_alone(reading, decision))

    def _carry_out(
        self, decision: Decision, utterance: Utterance, meant: Understanding, session: Session
    ) -> Answer | None:
        intent = self.intents[decision.intent] if decision.intent else None
        compose = self._composer
        match decision.kind:
            case "urgent":
                return compose.urgent(replace(decision, card=intent.card if intent else ""))
            case "smalltalk":
                if intent and intent.does:
                    return None if intent.does == "restart" else self._act(intent.does, session)
                return compose.smalltalk(decision, intent.reply if intent else "", self._first_topics())
            case "clarify":
                return self._ask(decision, "clarify", session, utterance.repairs)
            case "unreadable":
                return compose.unreadable(self._first_topics())
        suggestions = self._suggest(decision, meant, session)
        if decision.kind == "answer":
            return compose.answer(self._answer_parts(utterance, decision), suggestions, utterance.repairs)
        if decision.kind == "advice":
            return compose.advice(decision, suggestions, utterance.repairs)
        return compose.out_of_scope(decision, suggestions, utterance.repairs)

    def _answer_parts(self, utterance: Utterance, decision: Decision) -> Decision:
        """Where an utterance holds several questions, the best quote of each first.

        The best quote of the whole must be one of them: what is true of no part was asked by the whole.
        """
        parts = split_questions(mend(utterance), self.model.pack.talk.joins)[:MOST_PARTS]
        if len(parts) < 2 or len(self.model.sources.named(utterance.words)) > 1:
            return decision
        firsts: dict[Quote, None] = {}
        for part in parts:
            asked = read(part, self.model, self._phrases)
            meant = understand(asked, self.model)
            found = decide(asked, meant, self.model)
            if found.kind == "answer" and meant.confidence >= SURE_PART:
                firsts[found.quotes[0]] = None
        if len(firsts) < 2 or decision.quotes[0] not in firsts:
            return decision
        return replace(decision, quotes=tuple(dict.fromkeys((*firsts, *decision.quotes))))

    def _ask(
        self, decision: Decision, wording: str, session: Session, repairs: Sequence[tuple[str, str]] = ()
    ) -> Answer:
        """Ask back; the second time in a row with other choices, and then hand over to a person."""
        if session.unclear >= MOST_ASKED_BACK:
            return self._composer.hand_over(self._first_topics())
        if session.unclear:
            wording = "clarify_again"
            names = dict.fromkeys(
                (*decision.choices, *(r.intent for r in decision.alternatives), *self._first_topics())
            )
            left = [name for name in names if self._is_answerable(name) and name not in session.offered]
            decision = replace(decision, choices=tuple(left)[:CHOICES])
        return self._composer.clarify(decision, self.wording[wording], repairs)

    def _act(self, follow_up: str, session: Session) -> Answer:
        """Carry out a follow-up that names nothing: "more", "say that again", "where does it say that"."""
        last, answer = session.last, session.answer
        if follow_up == "help":
            text = f"{self.wording['help']}\n\n{self.wording['emergency']}"
            return self._composer.smalltalk(Decision("smalltalk"), text, self._first_topics())
        if follow_up == "neither" and last:
            ranked = tuple(Ranked(a.intent, 0.0, a.confidence) for a in last.alternatives)
            return self._ask(Decision("clarify", last.intent, alternatives=ranked), "clarify_again", session)
        if follow_up == "repeat" and last:
            return Answer(last, waiting=session.waiting, offered=session.offered)
        if answer is None:
            return self._ask(Decision("clarify", choices=self._first_topics()), "nothing_yet", session)
        match follow_up:
            case "sources":
                return replace(self._composer.sources_of(answer), waiting=session.waiting)
            case "other_source":
                return self._ask_every_source(answer, session)
            case "plainer":
                return self._say_plainer(answer, session)
            case "why":
                return self._explain(answer, session)
        return self._say_more(answer, session)

    def _say_more(self, answer: Reply, session: Session) -> Answer:
        """What was not shown yet: of the same answer, then of the questions next to it, then what stands around."""
        near = [self.intents[name] for name in self._neighbours(answer.intent)]
        quotes = [*session.waiting, *(quote for intent in near for quote in intent.quotes), *self._around(answer)]
        return self._show_fresh(quotes, answer, session)

    def _explain(self, answer: Reply, session: Session) -> Answer:
        """What stands around the last answer in its article, where its reasons are if anywhere."""
        return self._show_fresh([*self._around(answer), *session.waiting], answer, session)

    def _show_fresh(self, quotes: Iterable[Quote], answer: Reply, session: Session) -> Answer:
        """Those of the quotes that were not shown yet."""
        fresh = tuple(dict.fromkeys(quote for quote in quotes if quote not in session.shown))
        decision = Decision("answer", answer.intent, answer.confidence, fresh)
        suggestions = self._suggest(decision, None, session)
        if not fresh:
            return self._composer.smalltalk(decision, self.wording["no_more"], suggestions)
        return self._composer.answer(decision, suggestions, ())

    def _say_plainer(self, answer: Reply, session: Session) -> Answer:
        """The plainest quote of the last answer, and the word that there are no other words than the articles'."""
        shown = [
            quote
            for quote in session.shown
            if (quote.article, quote.start) in {(c.article, c.start) for c in answer.citations}
        ]
        quotes = tuple(sorted({*shown, *session.waiting}, key=self._composer.plainness))[:1]
        decision = Decision("answer", answer.intent, answer.confidence, quotes)
        return self._composer.answer(decision, self._suggest(decision, None, session), (), self.wording["plainer"])

    def _ask_every_source(self, answer: Reply, session: Session) -> Answer:
        """What the other articles say to the last question, or that they say nothing."""
        utterance = Utterance(" ".join(session.thread), session.thread, known=1.0)
        meant = understand(utterance, self.model)
        cited = {c.article for c in answer.citations}
        most = meant.quotes[0][1]
        if any(quote.article not in cited and belief >= NAMED * most for quote, belief in meant.quotes):
            quotes = choose_quotes(meant.quotes, frozenset(self.articles))
            decision = Decision("answer", answer.intent, answer.confidence, quotes)
            return self._composer.answer(decision, self._suggest(decision, meant, session), ())
        text = self.wording["sources" if len(cited) > 1 else "only_source"]
        return replace(self._composer.sources_of(answer, text), waiting=session.waiting)

    def _answer_picked(self, name: str, session: Session) -> Answer:
        intent = self.intents[name]
        utterance = read(intent.question, self.model, self._phrases)
        meant = understand(utterance, self.model)
        quotes = dict.fromkeys((*intent.quotes, *choose_quotes(meant.quotes)))
        decision = Decision("answer", name, 1.0, tuple(quotes), alternatives=meant.ranked)
        answer = self._composer.answer(decision, self._suggest(decision, meant, session), ())
        return replace(answer, thread=utterance.words)

    # --- the thread of a conversation ---

    def _stand_alone(self, reading: Reading, decision: Decision) -> tuple[str, ...]:
        """The words of a question as later ones may go on from it."""
        if decision.kind == "answer" and decision.intent and (reading.is_open or len(reading.words) > LONGEST_THREAD):
            return read(self.intents[decision.intent].question, self.model, self._phrases).words
        return reading.words

    def _follow_thread(self, session: Session, answer: Answer) -> Session:
        """The session with the thread taken up, where the answer was to a question that stands on its own."""
        kind = answer.reply.kind
        if not answer.thread or kind not in ("answer", "clarify", "advice", "out_of_scope"):
            return session
        subject = self._context.subject(answer.thread)
        if kind in ("advice", "out_of_scope") and session.thread:
            return session if subject is None else replace(session, subject=subject)
        if subject is None and kind == "answer":
            said = " ".join((c.lead.quote if c.lead else "") + " " + c.quote for c in answer.reply.citations[:1])
            asked = self.intents[answer.reply.intent].question if answer.reply.intent else ""
            found = (self._context.subject(read(text, self.model, self._phrases).words) for text in (asked, said))
            subject = next((place for place in found if place is not None), None)
        return replace(session, thread=answer.thread, subject=subject)

    # --- what to offer ---

    def _suggest(self, decision: Decision, meant: Understanding | None, session: Session) -> tuple[str, ...]:
        """Up to three intents worth asking next: the author's own, then neighbouring facts, then other readings."""
        first = decision.quotes[:1]
        beside = [self._homes[quote] for quote in self._beside(first[0]) if quote in self._homes] if first else []
        other = [r.intent for r in meant.ranked] if meant else []
        names = dict.fromkeys((*self._neighbours(decision.intent), *beside, *other, *self._first_topics()))
        done = {decision.intent, *session.asked}
        return tuple(name for name in names if self._is_answerable(name) and name not in done)[:3]

    @cached_property
    def _homes(self) -> dict[Quote, str]:
        """The intent whose first answer a quote is."""
        return {i.quotes[0]: name for name, i in reversed(list(self.intents.items())) if self._is_answerable(name)}

    @cached_property
    def _places(self) -> tuple[Quote, ...]:
        """Every quote of the pack in the order of its article, and the section of each."""
        quotes = {quote for name, i in self.intents.items() if self._is_answerable(name) for quote in i.quotes}
        return tuple(sorted(quotes, key=lambda q: (q.article, q.start, q.end)))

    def _section(self, quote: Quote) -> str:
        return next(p.section for p in self.articles[quote.article].passages if p.id == quote.passage)

    def _beside(self, quote: Quote) -> list[Quote]:
        """The quotes of the same section, the nearest first, what comes after before what comes before."""
        section = self._section(quote)
        near = [q for q in self._places if q.article == quote.article and self._section(q) == section and q != quote]
        return sorted(near, key=lambda q: abs(q.start - quote.start) + (q.start < quote.start) * 200)

    def _around(self, answer: Reply) -> list[Quote]:
        cited = {(c.article, c.start, c.end) for c in answer.citations}
        quotes = [q for q in self._places if (q.article, q.start, q.end) in cited]
        return list(dict.fromkeys(q for quote in quotes for q in self._beside(quote)))

    def _neighbours(self, name: str | None) -> tuple[str, ...]:
        """The author's `next` of an intent, then theirs."""
        first = self.intents[name].next if name and name in self.intents else ()
        return tuple(dict.fromkeys((*first, *(far for near in first for far in self.intents[near].next))))

    def _first_topics(self) -> tuple[str, ...]:
        names = self.model.pack.first or (name for name in self.intents if self._is_answerable(name))
        return tuple(names)[:3]

    def _is_answerable(self, name: str) -> bool:
        return bool(self.intents[name].quotes) and self.intents[name].kind == "answer"


class Conversation:
    """One visitor's turns: `bot.session()`. Not shared between threads."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._session = Session()

    def ask(self, question: str) -> Reply:
        """Answer a question in the light of the earlier ones."""
        reply, self._session = self._bot.reply(question, self._session)
        return reply

    def reset(self) -> None:
        """Forget everything at once."""
        self._session = Session()


def _wordings(reading: Reading) -> list[tuple[tuple[str, ...], float]]:
    """The other wordings of an open question, each with its share."""
    shares = ((reading.filled, FILLED), (reading.joined, JOINED)) if reading.is_open else ()
    return [(words, share) for words, share in shares if words]


def readings(utterance: Utterance) -> tuple[Sequence[str], Sequence[str]]:
    """An utterance as red flags are looked for in it: as typed and as repaired, for a repair may undo a danger."""
    return split_words(utterance.text), utterance.words
