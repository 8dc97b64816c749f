"""The files of `intents/`: from nodes to drafts of intents, synonyms, wording, safety and the clinic.

A draft still holds its quotes as typed; `pack` finds them in the articles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from bot.nodes import Mapping, Node, Scalar, Sequence, read_lines, read_yaml
from bot.text import use_one_of
from bot.types import IntentKind, Kind
from bot.written import Accepted, ContentTest, Example, Problem, Turn

__all__ = [
    "FOLLOW_UPS",
    "KINDS",
    "LISTS",
    "REPLY_KINDS",
    "WARNINGS",
    "Content",
    "IntentDraft",
    "QuoteDraft",
    "RuleDraft",
    "read_content",
]

KINDS: tuple[str, ...] = get_args(IntentKind)
FOLLOW_UPS = ("more", "why", "plainer", "repeat", "sources", "other_source", "neither", "restart", "help")
WARNINGS = (
    "alike",
    "collision",
    "conflict",
    "cut",
    "lost",
    "misspelt",
    "number",
    "overdue",
    "personal",
    "reading",
    "thin",
    "unreached",
    "unused",
)
"""The kinds of warnings that an author may accept."""

LISTS = ("other", "all_articles", "joins", "openers", "fillers", "every", "places", "subjects", "stand_ins")
"""Wording that is not said but understood, a line each."""


@dataclass(frozen=True, slots=True)
class QuoteDraft:
    """A stretch of an article as an author typed it."""

    text: Scalar
    article: Scalar | None


@dataclass(frozen=True, slots=True)
class IntentDraft:
    """An intent as it stands in its file."""

    name: Scalar
    kind: str
    question: str
    examples: tuple[Example, ...]
    quotes: tuple[QuoteDraft, ...]
    reply: Scalar | None
    next: tuple[Scalar, ...]
    does: str
    card: str


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A red flag as it stands in its file: its signs still hold the names of groups of words."""

    flag: str
    card: Scalar
    when: tuple[Scalar, ...]
    unless: tuple[Scalar, ...]


@dataclass
class Content:
    """What the files of one `intents/` folder hold together, and every problem of their form."""

    intents: list[IntentDraft] = field(default_factory=list)
    synonyms: dict[str, str] = field(default_factory=dict)
    wording: dict[str, Scalar] = field(default_factory=dict)
    follow_ups: dict[str, tuple[Scalar, ...]] = field(default_factory=dict)
    lists: dict[str, tuple[Scalar, ...]] = field(default_factory=dict)
    rules: list[RuleDraft] = field(default_factory=list)
    excuses: list[Scalar] = field(default_factory=list)
    words: dict[str, Scalar] = field(default_factory=dict)
    cards: dict[str, Scalar] = field(default_factory=dict)
    clinic: dict[str, Scalar] = field(default_factory=dict)
    numbers: dict[str, Scalar] = field(default_factory=dict)
    refer: QuoteDraft | None = None
    first: list[Scalar] = field(default_factory=list)
    tests: list[ContentTest] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def note(self, problems: Iterable[Problem]) -> None:
        """Remember problems found on the way."""
        self.problems.extend(problems)


def read_content(files: Iterable[tuple[Path, str]]) -> Content:
    """Read every file of `(path, name in messages)`; a file that does not parse spoils no other."""
    content = Content()
    for path, shown in files:
        top, problems = read_yaml(path, shown)
        content.note(problems)
        if top is not None:
            _read_keys(top, _TOP, content, "a file of intents")
    return content


def _check_keys(mapping: Mapping, known: Iterable[str], where: str, content: Content) -> set[str]:
    """Note every unknown key; returns the known ones that may have been meant."""
    meant: set[str] = set()
    for key, _ in mapping.items:
        if key.value not in known:
            content.note([key.problem(f"unknown key {key.value!r} in {where}", use_one_of(key.value, known))])
            meant |= set(get_close_matches(key.value, known, 1))
    return meant


_Reader = Callable[[Node, Content], None]


def _read_keys(mapping: Mapping, readers: dict[str, _Reader], content: Content, where: str) -> None:
    _check_keys(mapping, readers, where, content)
    for key, value in mapping.items:
        if key.value in readers:
            readers[key.value](value, content)


def _text(node: Node, what: str, content: Content) -> str:
    """A single text, its line breaks kept; "" with a problem where there is none."""
    if not isinstance(node, Scalar):
        content.note([node.problem(f"{what} must be one text", f"write it as {what}: text")])
        return ""
    if node.cut_short:
        content.note(
            [node.problem(f"a # cuts this {what} short after {node.value!r}", "put the text in double quotes")]
        )
    return node.value.strip()


def _texts(node: Node, what: str, content: Content) -> list[Scalar]:
    found, problems = read_lines(node, what)
    content.note(problems)
    return found


def _pairs(node: Node, what: str, content: Content) -> list[tuple[Scalar, Node]]:
    if isinstance(node, Mapping):
        return list(node.items)
    if not (isinstance(node, Scalar) and not node.value):
        content.note([node.problem(f"{what} must hold lines of key: value", "indent them below it")])
    return []


def _maps(node: Node, what: str, content: Content) -> list[Mapping]:
    if isinstance(node, Sequence):
        wrong = [item for item in node.items if not isinstance(item, Mapping)]
        content.note(item.problem(f"this entry of {what} has no keys", "write it as - key: value") for item in wrong)
        return [item for item in node.items if isinstance(item, Mapping)]
    if not (isinstance(node, Scalar) and not node.value):
        content.note([node.problem(f"{what} must be a list", "start each entry with a dash")])
    return []


# --- intents ----------------------------------------------------------------------------------------

_INTENT_KEYS = ("intent", "kind", "question", "examples", "answer", "reply", "next", "does", "card")


def _read_intents(node: Node, content: Content) -> None:
    for mapping in _maps(node, "intents", content):
        _read_intent(mapping, content)


def _read_intent(mapping: Mapping, content: Content) -> None:
    meant = _check_keys(mapping, _INTENT_KEYS, "an intent", content)
    name = mapping.get("intent")
    if name is None and "intent" in meant:
        return
    if not isinstance(name, Scalar) or not name.value.strip():
        content.note([mapping.problem("an intent without a name", "add a line intent: a_name")])
        return

    def text(key: str) -> str:
        node = mapping.get(key)
        return _text(node, key, content) if node is not None else ""

    kind = text("kind") or "answer"
    if kind not in KINDS:
        content.note([(mapping.get("kind") or name).problem(f"unknown kind {kind!r}", use_one_of(kind, KINDS))])
        kind = "answer"
    quotes = _read_answer(mapping.get("answer"), content)
    reply, at = text("reply"), mapping.get("reply")
    nexts = mapping.get("next")
    draft = IntentDraft(
        name=name,
        kind=kind,
        question=text("question"),
        examples=_read_examples(mapping, name, content) if "examples" not in meant else (),
        quotes=tuple(quotes),
        reply=at.here(reply) if reply and isinstance(at, Scalar) else None,
        next=tuple(_texts(nexts, "next", content)) if nexts is not None else (),
        does=text("does"),
        card=text("card"),
    )
    if not meant & {"question", "answer", "reply"}:  # What is missing was only misspelt, and told as that.
        content.note(_judge_intent(draft))
    content.intents.append(draft)


def _read_examples(mapping: Mapping, name: Scalar, content: Content) -> tuple[Example, ...]:
    node = mapping.get("examples")
    if node is None:
        content.note(
            [
                name.problem(
                    f"{name.value} has no examples", "add examples: | and below it lines like - what patients say"
                )
            ]
        )
        return ()
    before = len(content.problems)
    lines = _texts(node, "examples", content)
    examples = tuple(Example(line.value, line.file, line.line, line.column) for line in lines if line.value)
    if not examples and len(content.problems) == before:
        content.note([node.problem(f"the example list of {name.value} is empty", "add lines like - what patients say")])
    return examples


def _read_answer(node: Node | None, content: Content) -> list[QuoteDraft]:
    return [draft for m in _maps(node, "answer", content) if (draft := _read_quote(m, content))] if node else []


def _read_quote(mapping: Mapping, content: Content) -> QuoteDraft | None:
    _check_keys(mapping, ("quote", "article"), "an answer", content)
    quote, article = mapping.get("quote"), mapping.get("article")
    if not isinstance(quote, Scalar) or not _text(quote, "quote", content):
        content.note([mapping.problem("an answer without a quote", "add quote: and a stretch copied from the article")])
        return None
    return QuoteDraft(quote, article if isinstance(article, Scalar) else None)


def _judge_intent(draft: IntentDraft) -> Iterable[Problem]:
    name = draft.name
    if draft.kind == "answer" and not draft.question:
        yield name.problem(f"{name.value} has no question", "add question: and how it should read in a menu")
    if draft.kind == "answer" and not draft.quotes and not draft.reply:
        yield name.problem(f"{name.value} leads to no answer", "add answer: with a quote, or reply:")
    if draft.kind == "answer" and draft.quotes and draft.reply:
        yield name.problem(f"{name.value} has both quotes and a reply", "keep one of the two")
    if draft.kind in ("urgent", "out_of_scope") and (draft.quotes or draft.reply):
        remedy = "remove answer: and reply:; the wording of this kind is in the files wording and safety"
        yield name.problem(f"{name.value} is {draft.kind} and is answered by the pack's own wording", remedy)
    if draft.card and draft.kind != "urgent":
        yield name.problem(f"{name.value} names a card but is not urgent", "remove card:, or make it kind: urgent")
    if draft.does and (draft.kind != "smalltalk" or draft.does not in FOLLOW_UPS):
        yield name.problem(
            f"{name.value} cannot do {draft.does!r}", f"small talk may do one of: {', '.join(FOLLOW_UPS)}"
        )
    if draft.kind == "smalltalk" and not draft.reply and not draft.does:
        yield name.problem(f"{name.value} says nothing", "add reply: and what to say")
    if draft.kind == "smalltalk" and draft.quotes:
        yield name.problem(f"{name.value} is small talk and cannot quote", "use reply:, or make it kind: answer")


# --- everything else --------------------------------------------------------------------------------


def _read_synonyms(node: Node, content: Content) -> None:
    for key, value in _pairs(node, "synonyms", content):
        content.synonyms[key.value] = _text(value, "synonym", content)


def _read_wording(node: Node, content: Content) -> None:
    for key, value in _pairs(node, "wording", content):
        if key.value == "follow_ups":
            for name, phrases in _pairs(value, "follow_ups", content):
                if name.value not in FOLLOW_UPS:
                    content.note(
                        [name.problem(f"unknown follow-up {name.value!r}", use_one_of(name.value, FOLLOW_UPS))]
                    )
                content.follow_ups[name.value] = tuple(_texts(phrases, "signs", content))
        elif key.value in LISTS:
            content.lists[key.value] = tuple(_texts(value, key.value, content))
        else:
            _keep(content.wording, key, value, "wording", content)


def _keep(store: dict[str, Scalar], key: Scalar, value: Node, what: str, content: Content) -> None:
    text = _text(value, what, content)
    place = value if isinstance(value, Scalar) else key
    store[key.value] = place.here(text)


def _read_safety(node: Node, content: Content) -> None:
    if isinstance(node, Mapping):
        _read_keys(node, _SAFETY, content, "safety")
    else:
        content.note([node.problem("safety must hold cards: and rules:", "indent them below it")])


def _read_excuses(node: Node, content: Content) -> None:
    content.excuses += _texts(node, "exceptions", content)


def _read_words(node: Node, content: Content) -> None:
    for key, value in _pairs(node, "words", content):
        _keep(content.words, key, value, "group of words", content)


def _read_cards(node: Node, content: Content) -> None:
    for key, value in _pairs(node, "cards", content):
        _keep(content.cards, key, value, "card", content)


_RULE_KEYS = ("flag", "card", "when", "unless")


def _read_rules(node: Node, content: Content) -> None:
    for mapping in _maps(node, "rules", content):
        _check_keys(mapping, _RULE_KEYS, "a rule", content)
        flag, card, when, unless = (mapping.get(key) for key in _RULE_KEYS)
        if flag is None or card is None or when is None:
            content.note([mapping.problem("a rule needs flag:, card: and when:", "add what is missing")])
            continue
        signs = tuple(_texts(when, "signs", content))
        if not signs:
            content.note([when.problem("a rule without a sign", "add lines like - chest (pain|hurts)")])
        excuses = tuple(_texts(unless, "exceptions", content)) if unless is not None else ()
        shown = card.here(_text(card, "card", content))
        content.rules.append(RuleDraft(_text(flag, "flag", content), shown, signs, excuses))


_SAFETY: dict[str, _Reader] = {
    "cards": _read_cards,
    "words": _read_words,
    "rules": _read_rules,
    "unless": _read_excuses,
}


def _read_clinic(node: Node, content: Content) -> None:
    if isinstance(node, Mapping):
        _check_keys(node, _CLINIC_KEYS, "clinic", content)
    for key, value in _pairs(node, "clinic", content):
        if key.value == "numbers":
            for name, number in _pairs(value, "numbers", content):
                _keep(content.numbers, name, number, "number", content)
        elif key.value == "refer":
            content.refer = _read_quote(value, content) if isinstance(value, Mapping) else None
            if content.refer is None:
                content.note([key.problem("refer holds no quote", "write quote: and a stretch below it")])
        elif key.value == "first":
            content.first = _texts(value, "first", content)
        elif key.value == "accepted":
            _read_accepted(value, content)
        elif key.value in _CLINIC_KEYS:
            _keep(content.clinic, key, value, key.value, content)


_CLINIC_KEYS = ("name", "country", "numbers", "refer", "first", "accepted")
_ACCEPTED_KEYS = ("warning", "about", "because")


def _read_accepted(node: Node, content: Content) -> None:
    for mapping in _maps(node, "accepted", content):
        _check_keys(mapping, _ACCEPTED_KEYS, "what is accepted", content)
        warning, about, because = (mapping.get(key) for key in _ACCEPTED_KEYS)
        if warning is None or because is None or not _text(because, "because", content):
            content.note([mapping.problem("a warning is accepted without a reason", "add warning: and because:")])
        elif (kind := _text(warning, "warning", content)) not in WARNINGS:
            content.note([warning.problem(f"there is no warning {kind!r}", use_one_of(kind, WARNINGS))])
        else:
            is_one = isinstance(about, Scalar) and not about.block
            named = about and (
                (_text(about, "about", content),) if is_one else [t.value for t in _texts(about, "about", content)]
            )
            reason = _text(because, "because", content)
            place = (mapping.file, mapping.line, mapping.column)
            content.accepted.append(Accepted(kind, tuple(named or ()), reason, *place))


_TURN_KEYS = ("ask", "kind", "intent", "cites", "says", "never")
REPLY_KINDS: tuple[str, ...] = get_args(Kind)


def _read_tests(node: Node, content: Content) -> None:
    for mapping in _maps(node, "tests", content):
        talk = mapping.get("talk")
        if talk is not None and len(mapping.items) > 1:
            content.note([mapping.problem("a test with talk: has no other key", "move them into the turns of talk:")])
        asked = _maps(talk, "talk", content) if talk is not None else [mapping]
        turns = [_read_turn(turn, content) for turn in asked]
        content.tests.append(ContentTest(tuple(turn for turn in turns if turn)))


def _read_turn(mapping: Mapping, content: Content) -> Turn | None:
    _check_keys(mapping, (*_TURN_KEYS, "talk"), "a test", content)
    ask, kind = mapping.get("ask"), mapping.get("kind")
    if not isinstance(ask, Scalar) or not ask.value.strip():
        content.note([mapping.problem("a test without a question", "add a line ask: and what a patient types")])
        return None
    if isinstance(kind, Scalar) and kind.value not in REPLY_KINDS:
        content.note([kind.problem(f"unknown kind {kind.value!r}", use_one_of(kind.value, REPLY_KINDS))])
    if len(mapping.items) == 1:
        content.note([ask.problem("a test that expects nothing", "add kind:, intent:, cites:, says: or never:")])

    def texts(key: str) -> tuple[str, ...]:
        node = mapping.get(key)
        if isinstance(node, Scalar) and not node.block:
            return (_text(node, key, content),)
        return tuple(text.value for text in _texts(node, key, content)) if node is not None else ()

    def text(key: str) -> str:
        node = mapping.get(key)
        return _text(node, key, content) if node is not None else ""

    return Turn(
        ask=_text(ask, "ask", content),
        file=ask.file,
        line=ask.line,
        column=ask.column,
        kind=text("kind"),
        intent=text("intent"),
        cites=texts("cites"),
        says=texts("says"),
        never=texts("never"),
    )


_TOP: dict[str, _Reader] = {
    "intents": _read_intents,
    "tests": _read_tests,
    "synonyms": _read_synonyms,
    "wording": _read_wording,
    "safety": _read_safety,
    "clinic": _read_clinic,
}
