"""The bot: the walk of one question, from what was typed to the reply."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from bot.compose import Answer, Composer
from bot.errors import ModelError
from bot.model import Model, learned_from, load_model, save_model
from bot.pack import fingerprint, load_pack, shipped_root
from bot.safety import RedFlags
from bot.session import Session, find_choice, find_follow_up
from bot.text import LONGEST, index_phrases, replace_phrases, split_words
from bot.types import Article, Decision, Intent, Quote, Reply, Rule, Understanding, Utterance
from bot.understand import MOST_PARTS, SURE_PART, choose_quotes, decide, mend, read, split_questions, understand

__all__ = ["Bot", "Conversation"]

Progress = Callable[[str, float], None]


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
        self._follow_ups = {name: frozenset(map(self._read_words, p)) for name, p in model.pack.follow_ups.items()}

    @classmethod
    def load(cls, pack: str | os.PathLike[str] | None = None, progress: Progress | None = None) -> Bot:
        """Load a pack (default: the shipped one), building its model first where it changed.

        `progress` is told of a build: what is being done and the share done. Raises PackError.
        """
        root = Path(pack) if pack is not None else shipped_root()
        return cls(_load_model(root, progress or (lambda what, share: None)))

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
        utterance = read(text, self.model, self._phrases)
        seen = self.flags.look(readings(utterance))
        if seen.rule:
            answer: Answer | None = self._raise(seen.rule)
        else:
            answer = self._follow_up(utterance, session) or self._understood(utterance, session, seen.is_explained)
        if answer is None:
            return self._composer.smalltalk(
                Decision("smalltalk"), self.model.pack.wording["restarted"]
            ).reply, Session()
        if len(text) > LONGEST:
            cut = self.model.pack.wording["too_long"]
            answer = replace(answer, reply=replace(answer.reply, text=f"{cut}\n\n{answer.reply.text}"))
        return answer.reply, session.after(answer.reply, answer.shown, answer.waiting, answer.offered)

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

    def _raise(self, rule: Rule) -> Answer:
        return self._composer.urgent(Decision("urgent", rule.flag, 1.0, card=rule.card))

    def _follow_up(self, utterance: Utterance, session: Session) -> Answer | None:
        picked = find_choice(utterance.text, session.offered, self._questions(session.offered))
        if picked:
            return self._picked(picked, session)
        name = find_follow_up(utterance.words, self._follow_ups)
        return self._act(name, session) if name and name != "restart" else None

    def _understood(self, utterance: Utterance, session: Session, is_explained: bool) -> Answer | None:
        """The reply to a question that stands on its own; None where the visitor starts over.

        `is_explained`: it holds signs of danger, and for each of them what makes it harmless.
        """
        if find_follow_up(utterance.words, self._follow_ups) == "restart":
            return None
        meant = understand(utterance, self.model)
        decision = decide(utterance, meant, self.model, is_explained)
        intent = self.intents[decision.intent] if decision.intent else None
        compose = self._composer
        match decision.kind:
            case "urgent":
                return compose.urgent(replace(decision, card=intent.card if intent else ""))
            case "smalltalk":
                does = intent.does if intent else ""
                if does == "restart":
                    return None
                if does == "help" or (does and session.last):
                    return self._act(does, session)
                return compose.smalltalk(decision, intent.reply if intent else "", self._first_topics())
            case "clarify":
                return compose.clarify(decision, self.wording["clarify"], utterance.repairs)
            case "unreadable":
                return compose.unreadable(self._first_topics())
        suggestions = self._suggest(decision, meant, session)
        if decision.kind == "answer":
            decision = self._answer_parts(utterance, decision)
            return compose.answer(decision, suggestions, utterance.repairs)
        if decision.kind == "advice":
            return compose.advice(decision, suggestions, utterance.repairs)
        return compose.out_of_scope(decision, suggestions, utterance.repairs)

    def _answer_parts(self, utterance: Utterance, decision: Decision) -> Decision:
        """Where an utterance holds several questions, the best quote of each first.

        The best quote of the whole must be one of them: what is true of no part was asked by the whole.
        """
        parts = split_questions(mend(utterance), self.model.pack.joins)[:MOST_PARTS]
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

    def _act(self, follow_up: str, session: Session) -> Answer:
        """Carry out "help", "more", "say that again" or "where does it say that"."""
        last = session.last
        if follow_up == "help":
            text = f"{self.wording['help']}\n\n{self.wording['emergency']}"
            return self._composer.smalltalk(Decision("smalltalk"), text, self._first_topics())
        if last is None or not (last.citations or follow_up == "repeat"):
            topics = self._first_topics()
            return self._composer.clarify(Decision("clarify", choices=topics), self.wording["nothing_yet"])
        if follow_up == "repeat":
            return Answer(last, waiting=session.waiting, offered=session.offered)
        if follow_up == "sources":
            return replace(self._composer.sources_of(last), waiting=session.waiting)
        return self._more(last, session)

    def _more(self, last: Reply, session: Session) -> Answer:
        """What was not shown yet: first of the same answer, then of the questions next to it."""
        near = [self.intents[n] for n in self._neighbours(last.intent)]
        quotes = [*session.waiting, *(quote for intent in near for quote in intent.quotes)]
        fresh = tuple(dict.fromkeys(quote for quote in quotes if quote not in session.shown))
        decision = Decision("answer", last.intent, last.confidence, fresh)
        suggestions = tuple(i.name for i in near if i.quotes and i.name not in session.asked)[:3]
        if not fresh:
            return self._composer.smalltalk(decision, self.wording["no_more"], suggestions or self._first_topics())
        return self._composer.answer(decision, suggestions, ())

    def _picked(self, name: str, session: Session) -> Answer:
        intent = self.intents[name]
        meant = understand(read(intent.question, self.model, self._phrases), self.model)
        quotes = dict.fromkeys((*intent.quotes, *choose_quotes(meant.quotes)))
        decision = Decision("answer", name, 1.0, tuple(quotes), alternatives=meant.ranked)
        return self._composer.answer(decision, self._suggest(decision, meant, session), ())

    # --- what to offer ---

    def _suggest(self, decision: Decision, meant: Understanding, session: Session) -> tuple[str, ...]:
        """Up to three intents worth asking next: the author's own, then the nearest; none asked before."""
        near = (r.intent for r in meant.ranked)
        names = dict.fromkeys((*self._neighbours(decision.intent), *near, *self._first_topics()))
        done = {decision.intent, *session.asked}
        return tuple(name for name in names if self._is_answerable(name) and name not in done)[:3]

    def _neighbours(self, name: str | None) -> tuple[str, ...]:
        """The author's `next` of an intent, then theirs."""
        first = self.intents[name].next if name and name in self.intents else ()
        return tuple(dict.fromkeys((*first, *(far for near in first for far in self.intents[near].next))))

    def _first_topics(self) -> tuple[str, ...]:
        names = self.model.pack.first or (name for name in self.intents if self._is_answerable(name))
        return tuple(names)[:3]

    def _is_answerable(self, name: str) -> bool:
        return bool(self.intents[name].quotes) and self.intents[name].kind == "answer"

    def _questions(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.intents[name].question for name in names)

    def _read_words(self, phrase: str) -> tuple[str, ...]:
        return tuple(replace_phrases(split_words(phrase), self._phrases))


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


def readings(utterance: Utterance) -> tuple[Sequence[str], Sequence[str]]:
    """An utterance as red flags are looked for in it: as typed and as repaired, for a repair may undo a danger."""
    return split_words(utterance.text), utterance.words


# --- loading ----------------------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where built models are kept: `PATIENT_GUIDE_CACHE`, else the user's cache folder."""
    named = os.environ.get("PATIENT_GUIDE_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path(os.path.expanduser("~")) / ".cache") / "patient-guide"


def _load_model(root: Path, progress: Progress) -> Model:
    """The stored model of the pack as it stands, else a new one; a cache that cannot be written is done without.

    A model's file is named by what it was learned from and by its pack: a change of wording or quotes learns nothing.
    """
    mark, folder = fingerprint(root), cache_folder()
    if stored := _find_model(folder, f"*-{mark}.model", mark):
        return stored
    pack = load_pack(root)
    learned = learned_from(pack)
    if stored := _find_model(folder, f"{learned}-*.model", mark, learned):
        model = replace(stored, pack=pack)
    else:
        from bot.train import train  # noqa: PLC0415 (scikit-learn: a second to import, and only here)

        model = train(pack, progress)
    path = folder / f"{learned}-{mark}.model"
    try:
        save_model(model, path)
        return load_model(path, mark)
    except (OSError, ModelError):
        return model


def _find_model(folder: Path, pattern: str, mark: str, learned: str | None = None) -> Model | None:
    for path in sorted(folder.glob(pattern)):
        try:
            return load_model(path, mark, learned)
        except ModelError:
            continue
    return None
