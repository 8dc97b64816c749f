"""The bot: the walk of one question, from what was typed to the reply."""

from __future__ import annotations

import os
from _thread import allocate_lock
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from bot.cache import Progress, be_quiet, learn_anew, obtain_model
from bot.compose import Answer, Composer, read_today, write_out
from bot.context import Context, Reading
from bot.errors import ModelError
from bot.folder import fingerprint, shipped_root
from bot.followups import FollowUps
from bot.model import Model
from bot.nouns import replace
from bot.offers import Offers
from bot.safety import RedFlags
from bot.session import Session
from bot.text import LONGEST, cut_stretches, open_clitics, split_words
from bot.types import Article, Block, Citation, Decision, Intent, Quote, Reply, Understanding, Utterance
from bot.understand import (
    MOST_PARTS,
    SURE_PART,
    choose_quotes,
    decide,
    mend,
    read,
    split_questions,
    understand,
)

if TYPE_CHECKING:
    from bot.written import Topic

__all__ = ["Answers", "Bot", "Conversation", "greet"]

T = TypeVar("T")

NAMED_FIRST, FILLED_IN, JOINED = 0.3, 0.5, 0.2
"""Shares of the scores of an open question's other wordings: with the subject before it, with the subject in place of
a "they", and behind the last question. On 216 turns all shares about these do as well."""

SURE_AFTER_DANGER = 0.5
"""Confidence below which the safety card stays where it was just shown."""

SURE_FOLLOW_UP = 0.5
"""Confidence from which an utterance that names no subject is taken for "more", "say that again" and the like."""

SURE_ALONE, SURE_DECLINED = 0.75, 0.8
"""Confidence from which an open question is answered as it stands, and belief from which it is declined."""

SURE_ALONE_PART = 0.6
"""The same for one of several questions in an utterance."""

LONGEST_THREAD = 12
"""Words of a question that later ones go on from; of a longer one, what was understood is remembered instead."""


class Answers(Protocol):
    """What a door needs: a bot, or what wraps one."""

    @property
    def model(self) -> Model:
        """The model that answers now."""

    def reply(self, text: str, session: Session) -> tuple[Reply, Session]:
        """Answer `text`; return the reply and the session to pass next time."""


class Bot:
    """Answers questions from one pack. Immutable once loaded, and safe to share between threads.

    >>> bot = Bot.load()
    >>> reply = bot.ask("what is occupational therapy?")
    >>> reply.kind, reply.citations[0].publisher
    ('answer', 'Clearing')
    """

    def __init__(
        self, model: Model, today: Callable[[], str] = read_today, root: Path | None = None, stays: bool = True
    ) -> None:
        if stays:
            from bot.vectors import hasten  # noqa: PLC0415 (NumPy takes as long as a first answer)

            model = hasten(model)
        self._model = model
        self._turn = allocate_lock()  # At once, threads only get in each other's way: a ninth of the time.
        self._root = root
        self._today = today
        self.flags = RedFlags(model.pack.rules, model.pack.rule_index)
        self._composer = Composer(model.pack, today)
        self._phrases = model.phrases
        self._context = Context(model.pack.talk, model.sources.publishers.values(), model.pack.talk_index)
        self._offers = Offers(model.pack, self._context, model.phrases)
        self._follow_ups = FollowUps(model, self._composer, self._offers)
        self._own: dict[str, tuple[str, ...]] = {}

    @classmethod
    def load(
        cls,
        pack: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
        stays: bool = True,
        at_once: bool = False,
    ) -> Bot:
        """Load a pack (default: the shipped one), building its model first where it changed.

        `progress` is told of a build: what is being done and the share done. A bot that `stays` is made for many
        questions; one that does not, for one at once. `at_once`: examples added to a large pack are learned on top of
        the rest, in a fifth of the time and nearly as well: its model is then not `is_whole`. Raises PackError.
        """
        root = Path(pack).resolve() if pack is not None else shipped_root()
        return cls._open(root, progress or be_quiet, read_today, stays, at_once)

    @classmethod
    def _open(cls, root: Path, progress: Progress, today: Callable[[], str], stays: bool, at_once: bool = False) -> Bot:
        try:
            return cls(obtain_model(root, progress, at_once), today, root, stays)
        except ModelError:
            return cls(learn_anew(root, progress), today, root, stays)

    def reload(self, progress: Progress | None = None) -> Bot:
        """A bot of the same folder as it stands now, or this one where nothing changed. Raises PackError.

        This one stays as it is, and answers until the other takes its place: `bot = bot.reload()`. A session
        stays with the bot that it began with.
        """
        if self._root is None or (self.model.is_whole and fingerprint(self._root) == self.fingerprint):
            return self
        return self._open(self._root, progress or be_quiet, self._today, stays=True)

    def ask(self, question: str) -> Reply:
        """Answer one question, remembering nothing. Raises TypeError for anything but a string."""
        return self.reply(question, Session())[0]

    async def ask_async(self, question: str) -> Reply:
        """As `ask`, in a thread of its own, so that an event loop goes on meanwhile."""
        return await _think_aside(lambda: self.ask(question))

    def session(self) -> Conversation:
        """A conversation with one visitor."""
        return Conversation(self)

    def reply(self, text: str, session: Session) -> tuple[Reply, Session]:
        """Answer `text`; return the reply and the session to pass next time."""
        if not isinstance(text, str):
            raise TypeError(f"a question is a string, not {type(text).__name__}")
        with self._turn:
            try:
                return self._reply(text, session)
            except Exception:
                if self._root is None:
                    raise
            return self._again.reply(text, session)

    @cached_property
    def _again(self) -> Bot:
        """The same learned anew, for damage that only the use of a stored model shows. It raises what is no damage."""
        assert self._root
        return Bot(learn_anew(self._root, be_quiet), self._today)

    def _reply(self, text: str, session: Session) -> tuple[Reply, Session]:
        session = session.move(self.fingerprint, self.intents)
        answer = self._walk(read(text, self.model, self._phrases), session)
        if answer is None:
            return greet(self.model, self.wording["restarted"])
        if len(text) > LONGEST and answer.reply.kind != "urgent":
            if danger := self._find_danger(text):
                return danger.reply, session.after(danger.reply, (), (), ())
            blocks = (Block("words", self.wording["too_long"]), *answer.reply.blocks)
            answer = replace(answer, reply=replace(answer.reply, text=write_out(blocks), blocks=blocks))
        after = session.after(answer.reply, answer.shown, answer.waiting, answer.offered)
        return answer.reply, self._follow_thread(after, answer)

    @property
    def model(self) -> Model:
        """The pack with what was learned from it."""
        return self._model

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

    def topics(self) -> tuple[Topic, ...]:
        """What can be asked, by article and section.

        >>> Bot.load().topics()[-1].section
        'What Are the Differences and Similarities?'
        """
        from bot.quotes import find_topics  # noqa: PLC0415 (what checks quotes is not needed to answer)

        return find_topics(self.model.pack)

    @property
    def wording(self) -> Mapping[str, str]:
        """The pack's wording."""
        return self.model.pack.wording

    def cite(self, quotes: Iterable[Quote]) -> tuple[Citation, ...]:
        """Quotes of the pack's articles with their sources."""
        return self._composer.cite(quotes)

    def take_apart(self, text: str) -> list[tuple[Utterance, Decision]]:
        """The questions that a text may hold, each with what is done about it after the one before; [] for one."""
        parts = self._read_parts(mend(read(text, self.model, self._phrases)))
        return list(zip(parts, self._consider_parts(parts), strict=True)) if len(parts) > 1 else []

    def read_after(self, text: str, session: Session) -> Reading:
        """How a text is read in the light of a conversation."""
        return self._context.read(read(text, self.model, self._phrases).words, session.thread, session.subject)

    # --- the steps of the walk ---

    def _find_danger(self, text: str) -> Answer | None:
        """The safety card, where what is beyond the longest question that is answered calls for it."""
        for stretch in cut_stretches(text)[1:]:
            found = self._walk(read(stretch, self.model, self._phrases), Session())
            if found and found.reply.kind == "urgent":
                return found
        return None

    def _walk(self, utterance: Utterance, session: Session) -> Answer | None:
        """The answer to an utterance; None where the visitor starts over."""
        seen = self.flags.look(readings(utterance))
        if seen.rule:
            return self._composer.urgent(Decision("urgent", seen.rule.flag, 1.0, card=seen.rule.card))
        if picked := self._find_picks(utterance, session):
            return self._answer_picked(picked, session)
        if self._context.names_place(split_words(utterance.text)):
            return self._follow_ups.ask_which(session)
        follow_up = self._context.find_follow_up(readings(utterance))
        if follow_up == "restart":
            return None
        if follow_up:
            return self._follow_ups.answer(follow_up, session)
        return self._answer_question(utterance, session, seen.is_explained)

    def _find_picks(self, utterance: Utterance, session: Session) -> tuple[str, ...]:
        """The intents picked from those last offered: by place, by a whole question, by words that only one holds."""
        words, offered = split_words(utterance.text), session.offered
        questions = [self.intents[name].question for name in offered]
        places: Sequence[int] = self._context.find_places(words, len(offered))
        if not places:
            places = [i for i, question in enumerate(questions) if split_words(question) == words]
        if not places and session.unclear:
            only = self._context.find_words(utterance.words, questions)
            places = [] if only is None else [only]
        return tuple(offered[place] for place in places)

    def _answer_question(self, utterance: Utterance, session: Session, is_explained: bool) -> Answer | None:
        """The answer to what is no follow-up by its words alone; None where the visitor starts over.

        `is_explained`: it holds signs of danger, and for each of them what makes it harmless.
        """
        reading = self._context.read(utterance.words, session.thread, session.subject)
        if reading.is_lost:
            return self._follow_ups.ask_what(session)
        if reading.words != utterance.words:
            utterance = replace(utterance, words=reading.words, known=1.0)
        last = session.answer.intent if session.answer else None
        meant, decision = self._consider(utterance, reading, last, is_explained)
        decision = self._take_apart(utterance, decision)
        if session.last and session.last.kind == "urgent":
            may_be_comfort = decision.kind != "answer" or reading.is_open
            is_vague = may_be_comfort and decision.confidence < SURE_AFTER_DANGER
            if is_vague or decision.kind in ("clarify", "unreadable"):
                return Answer(session.last)
            decision = replace(decision, alarm=True)
        if reading.swapped is not None and session.answer:
            decision = self._tell_apart(decision, reading.swapped)
        elif decision.kind == "answer" and len(reading.subjects) == 1 and not decision.before:
            decision = self._own_up(decision, reading.subjects[0])
        answer = self._carry_out(decision, utterance, meant, session)
        return answer and replace(answer, thread=self._stand_alone(reading, decision))

    def _consider(
        self,
        utterance: Utterance,
        reading: Reading,
        last: str | None,
        is_explained: bool = False,
        sure: float = SURE_ALONE,
    ) -> tuple[Understanding, Decision]:
        """What an utterance means and what to do about it: by itself where it can, else after the `last` intent."""
        scores = self.model.score(utterance.words)
        meant = understand(utterance, self.model, scores=scores)
        decision = decide(utterance, meant, self.model, is_explained)
        is_follow_up = self._does(decision) and not reading.subjects
        if is_follow_up and (last is None or decision.confidence >= SURE_FOLLOW_UP):
            return meant, decision
        is_sure = decision.kind == "answer" and decision.confidence >= sure and not reading.stands_in
        is_declined = decision.kind in ("out_of_scope", "advice") and meant.kinds[decision.kind] >= SURE_DECLINED
        if reading.is_open and not is_sure and not is_declined:
            near = (last, *self._offers.neighbours(last)) if last else ()
            meant = understand(utterance, self.model, _wordings(reading), near, scores)
            decision = decide(utterance, meant, self.model, is_explained, goes_on=True)
        if self._does(decision):  # It says more than that it goes on from the last answer.
            meant = _without_smalltalk(meant, self.intents)
            decision = decide(utterance, meant, self.model, is_explained)
        return meant, decision

    def _tell_apart(self, decision: Decision, subject: int) -> Decision:
        """Where the last question is answered of the other subject alone: what is said of the one asked about."""
        fitting = tuple(q for q in decision.quotes if self._offers.speaks_of(q) in (None, subject))
        if fitting or not decision.quotes:
            return replace(decision, quotes=tuple(dict.fromkeys((*fitting, *decision.quotes))))
        name = self._context.name(subject)
        found = choose_quotes(understand(Utterance(name, tuple(name.split()), known=1.0), self.model).quotes)
        of_it = tuple(quote for quote in found if self._offers.speaks_of(quote) == subject)
        return replace(decision, quotes=of_it, before="not_of_it") if of_it else decision

    def _own_up(self, decision: Decision, subject: int) -> Decision:
        """With a word before the quotes where all of them speak of another subject than the one asked about."""
        fits = any(self._offers.speaks_of(quote) in (None, subject) for quote in decision.quotes)
        return decision if fits else replace(decision, before="not_of_it")

    def _does(self, decision: Decision) -> bool:
        """Whether a decision is to carry out a follow-up."""
        return decision.kind == "smalltalk" and bool(decision.intent and self.intents[decision.intent].does)

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
                    if intent.does == "restart":
                        return None
                    return self._follow_ups.answer(intent.does, session, decision.alarm)
                return compose.smalltalk(decision, intent.reply if intent else "", self._offers.first)
            case "clarify":
                return self._follow_ups.ask_back(decision, session, utterance.repairs)
            case "unreadable":
                return compose.unreadable(self._offers.first)
        suggestions = self._offers.suggest(decision, meant, session)
        if decision.kind == "answer":
            return compose.answer(decision, suggestions, utterance.repairs, self.wording.get(decision.before, ""))
        if decision.kind == "advice":
            return compose.advice(decision, suggestions, utterance.repairs)
        return compose.out_of_scope(decision, suggestions, utterance.repairs)

    def _take_apart(self, utterance: Utterance, decision: Decision) -> Decision:
        """Where an utterance holds several questions, the best quote of each first; and what it says beside a question.

        The best quote of the whole must be one of them, unless every part is sure: what is true of no part was asked
        by the whole. What the articles do not answer is said, and spoils no part that they do.
        """
        if decision.kind not in ("answer", "out_of_scope", "smalltalk") or self._does(decision):
            return decision
        parts = self._read_parts(mend(utterance))
        is_one = len(parts) < 2 or len(self.model.sources.named(utterance.words)) > 1
        if is_one or any(self._context.names_only_subjects(part.words) for part in parts):
            return decision
        found = self._consider_parts(parts)
        # What may be danger in the whole or in a part of it stays so, whatever else is answered.
        alarm = decision.alarm or any(part.alarm or part.kind == "urgent" for part in found)
        answers = [part for part in found if part.kind == "answer" and part.confidence >= SURE_PART]
        sure = [part for part in answers if part.confidence >= SURE_ALONE_PART]
        firsts = tuple(dict.fromkeys(part.quotes[0] for part in answers))
        is_told = decision.kind == "answer" and len(firsts) > 1
        if is_told and (decision.quotes[0] in firsts or len(sure) == len(parts)):
            quotes = tuple(dict.fromkeys((*firsts, *decision.quotes)))
            return replace(decision, quotes=quotes, parts=len(firsts), alarm=alarm)
        least = 0.0 if decision.kind == "out_of_scope" else SURE_PART
        declined = [part for part in found if part.kind in ("out_of_scope", "advice") and part.confidence >= least]
        if sure and (declined or decision.kind == "smalltalk" or len(sure) == len(parts)):
            firsts = tuple(dict.fromkeys(part.quotes[0] for part in sure))
            quotes = tuple(dict.fromkeys((*firsts, *(quote for part in sure for quote in part.quotes))))
            before = "not_all" if declined else ""
            return replace(sure[0], quotes=quotes, parts=len(firsts), before=before, alarm=alarm)
        return replace(decision, alarm=alarm)

    def _read_parts(self, text: str) -> list[Utterance]:
        """The parts of a text that may be a question each, as read; [] for one that is not to be cut."""
        joins = self.model.pack.talk.joins
        cut = split_questions(text, joins)
        parts: list[tuple[str, Utterance]] = []
        for part in cut[:MOST_PARTS] if len(cut) > 1 else ():
            asked = read(part, self.model, self._phrases)
            if parts and self._context.joins_subjects(parts[-1][1].words, asked.words):
                joined = next((both for j in joins if (both := f"{parts[-1][0]} {j} {part}") in text), None)
                if joined:
                    parts[-1] = (joined, read(joined, self.model, self._phrases))
                    continue
            parts.append((part, asked))
        return [asked for _, asked in parts]

    def _consider_parts(self, parts: Sequence[Utterance]) -> list[Decision]:
        """What to do about each of several questions, each after the one before it."""
        decisions: list[Decision] = []
        thread: tuple[str, ...] = ()
        last: str | None = None
        for part in parts:
            reading = self._context.read(part.words, thread, self._context.subject(thread))
            _, decision = self._consider(replace(part, words=reading.words), reading, last, sure=SURE_ALONE_PART)
            if decision.kind != "smalltalk":
                thread = self._stand_alone(reading, decision)
            last = decision.intent if decision.kind == "answer" else last
            decisions.append(decision)
        return decisions

    def _answer_picked(self, names: Sequence[str], session: Session) -> Answer:
        """Answer the questions of the intents that were picked, the best quote of each first."""
        intents = [self.intents[name] for name in names]
        utterance = read(intents[0].question, self.model, self._phrases)
        meant = understand(utterance, self.model)
        rest = (quote for intent in intents for quote in intent.quotes)
        quotes = dict.fromkeys((*(i.quotes[0] for i in intents), *rest, *choose_quotes(meant.quotes)))
        decision = Decision("answer", names[0], 1.0, tuple(quotes), alternatives=meant.ranked, parts=len(intents))
        answer = self._composer.answer(decision, self._offers.suggest(decision, meant, session))
        return replace(answer, thread=utterance.words)

    # --- the thread of a conversation ---

    def _stand_alone(self, reading: Reading, decision: Decision) -> tuple[str, ...]:
        """The words of a question as later ones may go on from it."""
        if decision.kind == "answer" and decision.intent and (reading.is_open or len(reading.words) > LONGEST_THREAD):
            return self._read_own(self.intents[decision.intent].question)
        return reading.words

    def _read_own(self, text: str) -> tuple[str, ...]:
        """The words of a text that is the pack's own: of those there are few."""
        if text not in self._own:
            self._own[text] = read(text, self.model, self._phrases).words
        return self._own[text]

    def _follow_thread(self, session: Session, answer: Answer) -> Session:
        """The session with the thread taken up, where the answer was to a question that stands on its own."""
        kind = answer.reply.kind
        if not answer.thread or kind not in ("answer", "clarify", "advice", "out_of_scope"):
            return session
        subject = self._context.subject(answer.thread)
        if kind in ("advice", "out_of_scope"):
            return session if subject is None else replace(session, subject=subject)
        if subject is None and kind == "answer":
            subject = self._find_subject(answer)
        return replace(session, thread=answer.thread, subject=subject)

    def _find_subject(self, answer: Answer) -> int | None:
        """What an answer speaks of, by the question of its intent, else by its first quote; None if of a publisher."""
        asked = self.intents[answer.reply.intent].question if answer.reply.intent else ""
        said = [f"{c.lead.quote if c.lead else ''} {c.quote}" for c in answer.reply.citations[:1]]
        for words in map(self._read_own, (asked, *said)):
            if (subject := self._context.subject(words)) is not None:
                return subject
            if self._context.names_publisher(words) or self._context.names_publisher(answer.thread):
                return None
        return None


class Conversation:
    """One visitor's turns: `bot.session()`. Not shared between threads."""

    def __init__(self, bot: Answers) -> None:
        self._bot = bot
        self._session = Session()

    def ask(self, question: str) -> Reply:
        """Answer a question in the light of the earlier ones."""
        before = self._session
        return self._remember(before, *self._bot.reply(question, before))

    async def ask_async(self, question: str) -> Reply:
        """As `ask`, in a thread of its own. Await it before the next question, which goes on from this one."""
        before = self._session
        return self._remember(before, *await _think_aside(lambda: self._bot.reply(question, before)))

    def _remember(self, before: Session, reply: Reply, after: Session) -> Reply:
        if self._session is before:  # It may have been reset meanwhile, and then stays so.
            self._session = after
        return reply

    def reset(self) -> None:
        """Forget everything at once."""
        self._session = Session()


async def _think_aside(think: Callable[[], T]) -> T:
    import asyncio  # noqa: PLC0415 (three bare starts of Python, which no other door needs)

    return await asyncio.to_thread(think)


def greet(model: Model, words: str) -> tuple[Reply, Session]:
    """Words to begin a visit with, over questions to begin with, and the session in which a number picks one."""
    pack = model.pack
    context = Context(pack.talk, model.sources.publishers.values(), pack.talk_index)
    offers = Offers(pack, context, model.phrases)
    answer = Composer(pack).smalltalk(Decision("smalltalk"), words, offers.first)
    return answer.reply, Session(offered=answer.offered, pack=pack.fingerprint)


def _without_smalltalk(meant: Understanding, intents: Mapping[str, Intent]) -> Understanding:
    kinds = {kind: 0.0 if kind == "smalltalk" else belief for kind, belief in meant.kinds.items()}
    ranked = tuple(r for r in meant.ranked if intents[r.intent].kind != "smalltalk")
    return replace(meant, kinds=kinds, ranked=ranked)


def _wordings(reading: Reading) -> list[tuple[tuple[str, ...], float]]:
    """The other wordings of an open question, each with its share."""
    shares = ((reading.filled, FILLED_IN if reading.stands_in else NAMED_FIRST), (reading.joined, JOINED))
    return [(words, share) for words, share in shares if words]


def readings(utterance: Utterance) -> tuple[Sequence[str], ...]:
    """An utterance as red flags are looked for in it: as typed, with "I'm" written out, and as repaired.

    As typed, for a repair may undo a danger.
    """
    typed = split_words(utterance.text)
    return typed, open_clitics(typed), utterance.words
