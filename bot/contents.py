"""The pack's own tests: running them, and what an edit changes.

A test is a question or a short conversation in `tests:` of any file of the pack, with what must come back.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.engine import Bot
from bot.explain import find_nearest
from bot.render import shorten
from bot.text import index_phrases, plain_marks
from bot.types import Pack, Reply
from bot.understand import read
from bot.written import Turn

__all__ = ["Change", "Outcome", "find_changes", "run_tests", "to_junit"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back for one turn of a test, and in words what is wrong with it; () where nothing is."""

    turn: Turn
    reply: Reply
    faults: tuple[str, ...]

    def __str__(self) -> str:
        place = f"{self.turn.file}:{self.turn.line}:{self.turn.column}"
        return "\n    ".join([f"{place}: {self.turn.ask!r}", *self.faults])


@dataclass(frozen=True, slots=True)
class Change:
    """A question that two packs answer differently, its place, and what each of them says, shortened."""

    question: str
    place: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.place}: {self.question!r}\n    was: {self.before}\n    is:  {self.after}"


def run_tests(bot: Bot, pack: Pack, progress: Progress = lambda done, of: None) -> Iterator[Outcome]:
    """Ask every question of the tests of the bot's pack; each test is a session of its own."""
    for number, test in enumerate(pack.tests):
        session = bot.session()
        for turn in test.turns:
            reply = session.ask(turn.ask)
            faults = tuple(_find_faults(turn, reply))
            yield Outcome(turn, reply, (*faults, *_find_reasons(bot, pack, turn, reply)) if faults else ())
        progress(number, len(pack.tests))


def _find_faults(turn: Turn, reply: Reply) -> Iterator[str]:
    said = f"the reply was: {shorten(reply.text)}"
    if turn.kind and reply.kind != turn.kind:
        yield f"expected kind {turn.kind}, got {reply.kind} (intent {reply.intent}); {said}"
    if turn.intent and reply.intent != turn.intent:
        near = next((f" at {a.confidence:.2f}" for a in reply.alternatives if a.intent == turn.intent), "")
        yield f"expected intent {turn.intent}{near}, got {reply.intent} at {reply.confidence:.2f}"
    shown = " ".join(f"{c.lead.quote if c.lead else ''} {c.quote}" for c in reply.citations)
    for words in turn.cites:
        if _flat(words) not in _flat(shown):
            yield f"expected a quote with {words!r}, got: {shorten(shown) or 'none'}"
    for words in turn.says:
        if _flat(words) not in _flat(reply.text):
            yield f"expected the words {words!r}; {said}"
    for words in turn.never:
        if _flat(words) in _flat(reply.text):
            yield f"must never say {words!r}; {said}"


def _find_reasons(bot: Bot, pack: Pack, turn: Turn, reply: Reply) -> Iterator[str]:
    """The examples that spoke for the intent that was understood, and for the one that was expected."""
    words = read(turn.ask, bot.model, index_phrases(pack.synonyms)).words
    for name in dict.fromkeys(filter(None, (reply.intent, turn.intent))):
        if name in pack.intents:
            near = find_nearest(bot, words, pack.intents[name])[:2] or [(f"{pack.intents[name].file}", "no example")]
            yield f"for {name}: " + "; ".join(f"{place} {text!r}" for place, text in near)


def _flat(text: str) -> str:
    return " ".join(plain_marks(text).casefold().split())


def to_junit(outcomes: Sequence[Outcome], name: str) -> str:
    """The outcomes as a JUnit XML document, for whatever shows test results."""
    failed = sum(bool(outcome.faults) for outcome in outcomes)
    suite = ET.Element("testsuite", name=name, tests=str(len(outcomes)), failures=str(failed))
    for outcome in outcomes:
        turn = outcome.turn
        case = ET.SubElement(suite, "testcase", name=turn.ask, classname=turn.file, file=turn.file, line=str(turn.line))
        if outcome.faults:
            ET.SubElement(case, "failure", message=outcome.faults[0]).text = "\n".join(outcome.faults)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def find_changes(
    old: Bot, new: Bot, old_pack: Pack, new_pack: Pack, progress: Progress = lambda done, of: None
) -> Iterator[Change]:
    """Every question of the tests and examples of both packs that `new` answers unlike `old`."""
    asked: dict[str, str] = {}
    for pack in (new_pack, old_pack):
        for turn in (turn for test in pack.tests for turn in test.turns):
            asked.setdefault(turn.ask, f"{turn.file}:{turn.line}")
        for example in (example for intent in pack.intents.values() for example in intent.examples):
            asked.setdefault(example.text, f"{example.file}:{example.line}")
    for number, (question, place) in enumerate(asked.items()):
        progress(number, len(asked))
        before, after = old.ask(question), new.ask(question)
        if _outline(before) != _outline(after):
            yield Change(question, place, _tell(before), _tell(after))


def _outline(reply: Reply) -> tuple[str, ...]:
    """What makes an answer this one and no other: its quotes; without any, its words, bare of suggestions."""
    quotes = tuple(citation.quote for citation in reply.citations)
    return (reply.kind, *(quotes or (block.text for block in reply.blocks if block.kind in ("words", "card"))))


def _tell(reply: Reply) -> str:
    said = reply.citations[0].quote if reply.citations else reply.text
    return f"{reply.kind}, {reply.intent or 'no intent'}: {shorten(said)}"
