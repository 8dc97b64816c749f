"""A pack: one clinic's folder of `corpus/` and `intents/`, read whole, checked whole.

Intents and articles are the pack's own. Safety rules, cards, emergency numbers, wording and synonyms that it
does not bring come from the shipped pack, so that safety can be extended or localised but never left out.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path

from bot.corpus import read_article
from bot.errors import PackError
from bot.folder import find_files, fingerprint, require_folder, shipped_root
from bot.intents import Content, IntentDraft, read_content
from bot.lexicon import Lexicon, read_lexicon
from bot.nodes import Scalar
from bot.plain import grade
from bot.quotes import Finder, resolve
from bot.signs import index_signs, write_pattern
from bot.text import draw_excerpt, fold, split_words, use_one_of
from bot.types import Article, Intent, Pack, Rule, Talk
from bot.written import ContentTest, Problem

__all__ = ["WORDING", "load_pack", "read_pack", "show_places"]

WORDING: dict[str, frozenset[str]] = {
    key: frozenset(names.split())
    for key, names in {
        "notice": "",
        "source": "publisher title section published",
        "published": "date",
        "undated": "",
        "date": "day month year",
        "overdue": "date",
        "months": "",
        "suggestions": "",
        "clarify": "",
        "clarify_again": "",
        "hand_over": "",
        "out_of_scope": "",
        "can_answer": "",
        "advice": "",
        "in_general": "",
        "emergency": "emergency",
        "if_now": "emergency",
        "unreadable": "",
        "too_long": "",
        "nothing_yet": "",
        "no_more": "",
        "sources": "",
        "only_source": "",
        "plainer": "",
        "restarted": "",
        "not_of_it": "",
        "not_all": "",
        "anything_else": "",
        "help": "",
        "welcome": "clinic",
        "goodbye": "",
        "leave": "",
        "you": "",
        "guide": "",
        "hint": "",
        "to_leave": "",
        "page": "",
        "status": "clinic articles",
        "commands": "",
        "keys": "",
        "getting_ready": "",
        "no_command": "",
        "nearest_command": "command",
        "made_plain": "",
        "unmade_plain": "",
        "history": "file",
        "meant": "question",
        "not_meant": "",
        "sure": "percent",
        "read_as": "typed understood",
        "could_mean": "",
        "language": "",
        "your_question": "",
        "ask": "",
        "answer": "",
        "you_asked": "question",
        "no_question": "",
        "say_more": "",
        "read_aloud": "",
        "read_no_more": "",
        "print": "",
        "topics": "",
        "other_topics": "",
        "topic_of": "publisher",
        "start_over": "",
        "forgets": "",
        "hide": "",
        "hidden": "",
        "text_size": "",
        "sizes": "",
        "contrast": "",
        "controls": "",
        "wait": "",
        "still_here": "",
        "cleared_soon": "seconds",
        "stay": "",
        "too_fast": "",
        "out_of_order": "",
        "languages": "",
        "other_languages": "",
    }.items()
}
"""Every wording a pack holds, with the names it may use in braces."""

SHIPPED = "shipped "
"""How messages name a file of the shipped pack that another pack leans on: this, and its name."""

HARDEST, SHORTEST_GRADED = 6, 12
"""The school grade that a text may ask for, and the words from which the measure of it says much."""

CALLS = ("emergency", "if_now")
"""Wordings that must hold a number to call."""


def load_pack(root: Path) -> Pack:
    """Read and check the pack in `root`. Raises PackError with every problem, in the order of the files."""
    pack, faults = read_pack(root)
    if faults:
        raise PackError(show_places(faults, root))
    return pack


def read_pack(root: Path) -> tuple[Pack, list[Problem]]:
    """The pack in `root` as far as it can be read, and every reason why it cannot be used, in the order of the files.

    Raises PackError where there is no pack at all.
    """
    root = root.resolve()
    problems: list[Problem] = []
    require_folder(root)
    articles = _read_articles(root, problems)
    own = read_content((path, shown) for path, shown in find_files(root) if path.suffix != ".txt")
    base = own if root == shipped_root() else _read_shipped(fingerprint(shipped_root()))
    problems += own.problems
    problems += _check_names(own.intents)
    finder = Finder(articles, is_whole=len(articles) == len(list((root / "corpus").glob("*.txt"))))
    numbers = _read_numbers(own, base, problems)
    intents = {draft.name.value: _to_intent(draft, finder, numbers, problems) for draft in own.intents}
    doubts = (*_check_examples(intents.values()), *_check_numbers(own, base))
    problems += _check_named([*own.first, *(name for draft in own.intents for name in draft.next)], intents)
    if not intents and not problems:
        problems.append(Problem("intents", 1, 1, "the pack holds no intent", "add a file, such as intents/hello.yaml"))
    problems += _check_tests(own.tests, intents)
    referral = resolve(own.refer, finder, problems) if own.refer else None
    texts = _fill(own, base, numbers, problems)
    signs = _Signs({**base.words, **own.words}, problems)
    talk = _read_talk(own, base, signs)
    # Neither the exceptions of a pack nor its groups of words weaken a rule that is not its own.
    rules = tuple(_Signs(base.words, problems).read_rules(base))
    rules += tuple(signs.read_rules(own)) if own is not base else ()
    if not base.rules and not base.problems:
        problems.append(Problem("intents", 1, 1, "no red flags: danger would not be seen", "restore intents/safety/"))
    problems += [
        draft.name.problem(f"there is no card {draft.card!r}", use_one_of(draft.card, texts.cards))
        for draft in own.intents
        if draft.card and draft.card not in texts.cards
    ]
    lexicon = _load_lexicon(root, problems)
    known = [*(article.publisher for article in articles.values()), *chain(*talk.subjects)]
    problems += _check_reading(own, known, Lexicon(lexicon.encode()))
    faults = sorted({problem for problem in problems if not problem.is_warning})
    clinic = {**base.clinic, **own.clinic} if root == shipped_root() else own.clinic
    pack = Pack(
        name=clinic["name"].value if "name" in clinic else root.name,
        fingerprint="" if faults else fingerprint(root),
        articles=articles,
        intents=intents,
        synonyms={**base.synonyms, **own.synonyms},
        wording=texts.wording,
        talk=talk,
        rules=rules,
        rule_index=index_signs(rule.when for rule in rules),
        talk_index=index_signs(talk.follow_ups.values()),
        cards=texts.cards,
        referral=referral,
        first=tuple(name.value for name in own.first),
        doubts=(*doubts, *(problem for problem in problems if problem.is_warning)),
        lexicon=lexicon,
        tests=tuple(own.tests),
        accepted=tuple(own.accepted),
    )
    return pack, faults


def _read_articles(root: Path, problems: list[Problem]) -> dict[str, Article]:
    articles = {}
    for path, shown in find_files(root):
        if path.parent.name == "corpus":
            article, found = read_article(path, shown)
            problems += found
            if article:
                articles[article.id] = article
    return articles


def show_places(problems: Iterable[Problem], root: Path) -> list[Problem]:
    """The problems with the lines of the files of the pack in `root` that they stand in."""
    lines: dict[str, list[str]] = {}
    shown = []
    for problem in problems:
        name = problem.file.removeprefix(SHIPPED)
        if problem.file not in lines:
            path = (root if name == problem.file else shipped_root()) / name
            lines[problem.file] = _read_lines(path) if path.is_file() else []
        line = "".join(lines[problem.file][problem.line - 1 : problem.line])
        shown.append(replace(problem, excerpt=draw_excerpt(line, problem.column)))
    return shown


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except OSError:
        return []


@lru_cache(maxsize=1)
def _read_shipped(_: str) -> Content:
    """What the shipped pack holds, read again where its fingerprint is another."""
    root = shipped_root()
    content = read_content((path, f"{SHIPPED}{shown}") for path, shown in find_files(root) if path.suffix != ".txt")
    if content.problems:
        raise PackError(content.problems)
    return content


def _load_lexicon(root: Path, problems: list[Problem]) -> str:
    """The shipped lexicon with the pack's own lines in place of those for the same words, sorted."""
    lines, faults = _read_shipped_lexicon(fingerprint(shipped_root()))
    if root != shipped_root():
        own, more = _read_lexicon(root)
        lines, faults = {**lines, **own}, [*faults, *more]
    problems += faults
    return "\n".join(sorted(lines.values()))


@lru_cache(maxsize=1)
def _read_shipped_lexicon(_: str) -> tuple[dict[str, str], list[Problem]]:
    return _read_lexicon(shipped_root())


def _read_lexicon(root: Path) -> tuple[dict[str, str], list[Problem]]:
    path = root / "intents" / "lexicon.txt"
    if not path.is_file():
        return {}, []
    try:
        return read_lexicon(path.read_bytes().decode("utf-8-sig"), "intents/lexicon.txt")
    except UnicodeDecodeError:
        return {}, [Problem("intents/lexicon.txt", 1, 1, "not UTF-8 text", "save it as UTF-8")]
    except OSError as error:
        fact = f"cannot be read: {error.strerror}"
        return {}, [Problem("intents/lexicon.txt", 1, 1, fact, "check the file's rights")]


# --- intents and texts ------------------------------------------------------------------------------


def _to_intent(draft: IntentDraft, finder: Finder, numbers: Mapping[str, str], problems: list[Problem]) -> Intent:
    reply = _fill_numbers(draft.reply, numbers, frozenset(), problems) if draft.reply else ""
    quotes = [resolve(quote, finder, problems) for quote in draft.quotes]
    return Intent(
        name=draft.name.value,
        kind=draft.kind,  # type: ignore[arg-type]  # read_content lets none but these kinds through
        question=draft.question,
        examples=draft.examples,
        quotes=tuple(dict.fromkeys(quote for quote in quotes if quote)),
        reply=reply,
        next=tuple(name.value for name in draft.next),
        does=draft.does,
        card=draft.card or ("medical" if draft.kind == "urgent" else ""),
        file=draft.name.file,
        line=draft.name.line,
    )


def _check_names(drafts: list[IntentDraft]) -> Iterator[Problem]:
    seen: dict[str, Scalar] = {}
    for draft in drafts:
        name = draft.name
        first = seen.setdefault(name.value, name)
        if first is not name:
            fact = f"the intent {name.value!r} stands twice, first in {first.file}:{first.line}"
            yield name.problem(fact, "rename one, or move its examples to the other")


def _check_named(names: Iterable[Scalar], intents: dict[str, Intent]) -> Iterator[Problem]:
    for name in names:
        if name.value not in intents:
            yield name.problem(f"there is no intent {name.value!r} to lead to", use_one_of(name.value, intents))
        elif not intents[name.value].quotes:
            yield name.problem(f"{name.value} quotes nothing, so it cannot be offered", "name an intent with an answer")


def _check_tests(tests: Iterable[ContentTest], intents: Mapping[str, Intent]) -> Iterator[Problem]:
    for turn in (turn for test in tests for turn in test.turns):
        if turn.intent and turn.intent not in intents:
            fact = f"there is no intent {turn.intent!r} to expect"
            yield Problem(turn.file, turn.line, turn.column, fact, use_one_of(turn.intent, intents))


def _check_examples(intents: Iterable[Intent]) -> Iterator[Problem]:
    seen: dict[tuple[str, ...], tuple[str, str, int]] = {}
    for intent in intents:
        for example in intent.examples:
            name, file, line = seen.setdefault(example.words, (intent.name, example.file, example.line))
            if name != intent.name:
                fact = f"this example stands under {name} too ({file}:{line}): {example.text!r}"
                yield Problem(
                    example.file, example.line, example.column, fact, "keep it under the one that should answer it"
                )


class _Signs:
    """Reads signs: the names of groups of words in them written out. One that is no sign is a problem at its place."""

    def __init__(self, words: Mapping[str, Scalar], problems: list[Problem]) -> None:
        self._words = words
        self._problems = problems
        # "The chest does not hurt": what is told by a sign is not, where a negation stands in the middle of it.
        self._gap = f"...!({words['negation'].value})" if "negation" in words else "..."

    def read_rules(self, content: Content) -> Iterator[Rule]:
        """The rules of one folder of files, its exceptions for all of them included."""
        for draft in content.rules:
            unless = self.read((*draft.unless, *content.excuses), inner="x ")
            yield Rule(draft.flag, draft.card.value, self.read(draft.when, gap=self._gap), unless)

    def read(self, signs: Iterable[Scalar], inner: str = "", gap: str = "...") -> tuple[str, ...]:
        """Signs as `compile_sign` takes them; those with `inner` may be written around {sign}."""
        read = []
        for sign in signs:
            text = re.sub(r"\{(\w+)\}", self._write_out, sign.value).replace("...", gap)
            try:
                write_pattern(text, inner)
                read.append(text)
            except ValueError as error:
                fact = f"this is no sign: {error}"
                self._problems.append(sign.problem(fact, "write words in order, such as chest (pain|hurts)"))
        return tuple(read)

    def _write_out(self, name: re.Match[str]) -> str:
        group = self._words.get(name[1])
        return f"({group.value})" if group else name[0]


def _read_talk(own: Content, base: Content, signs: _Signs) -> Talk:
    """How people go on talking: the pack's own lists before the shipped ones, each taken whole."""
    lists = {**base.lists, **own.lists}

    def lines(name: str) -> tuple[str, ...]:
        return tuple(fold(line.value) for line in lists.get(name, ()))

    return Talk(
        follow_ups={name: signs.read(phrases) for name, phrases in {**base.follow_ups, **own.follow_ups}.items()},
        other=signs.read(lists.get("other", ())),
        all_articles=signs.read(lists.get("all_articles", ())),
        joins=lines("joins"),
        openers=lines("openers"),
        fillers=lines("fillers"),
        every=lines("every"),
        places=tuple(tuple(line.split()) for line in lines("places")),
        stand_ins=tuple(tuple(line.split()) for line in lines("stand_ins")),
        subjects=tuple(tuple(form.strip() for form in line.split("|")) for line in lines("subjects")),
    )


def _check_numbers(own: Content, base: Content) -> Iterator[Problem]:
    """Numbers that a clinic of another country leaves to the shipped pack, whose lines do not answer there."""
    country, shipped = own.clinic.get("country"), base.clinic.get("country")
    if country and shipped and country.value != shipped.value:
        for name in base.numbers:
            if name not in own.numbers:
                number = base.numbers[name].value
                fact = f"the {name} number is missing, so the one of {shipped.value} is shown: {number}"
                problem = country.problem(fact, f"add the one of {country.value} under clinic: numbers: {name}:")
                yield problem.warn("number", name)


def _check_reading(own: Content, known: Sequence[str], lexicon: Lexicon) -> Iterator[Problem]:
    """Warnings about texts that patients read and that are hard to; `known` are names and words they know."""
    said = {key: text for key, text in own.wording.items() if key not in ("source", "date", "months")} | own.cards
    said |= {draft.name.value: draft.reply for draft in own.intents if draft.reply}
    for key, text in said.items():
        words = split_words(text.value)
        is_english = sum(word in lexicon for word in words) > len(words) / 2
        if is_english and len(words) >= SHORTEST_GRADED and (found := grade(text.value, known)) > HARDEST:
            fact = f"{key} reads at grade {found:.0f}; patients should need no more than {HARDEST}"
            yield text.problem(fact, "write shorter sentences and plainer words").warn("reading", key)


@dataclass(frozen=True, slots=True)
class _Texts:
    wording: dict[str, str]
    cards: dict[str, str]


def _read_numbers(own: Content, base: Content, problems: list[Problem]) -> dict[str, str]:
    """The numbers to call, by name: the pack's own before the shipped ones. No pack loads without an emergency one."""
    numbers = {**base.numbers, **own.numbers}
    if "emergency" not in numbers:
        problems.append(Problem("intents", 1, 1, "no emergency number", 'add clinic: numbers: emergency: "911"'))
    problems += [
        number.problem(f"the {name} number is missing", f'write it behind {name}:, such as "911"')
        for name, number in numbers.items()
        if not number.value
    ]
    return {name: number.value for name, number in numbers.items()}


def _fill(own: Content, base: Content, known: Mapping[str, str], problems: list[Problem]) -> _Texts:
    """Wording and cards with the clinic's numbers in place; the rest of the braces are checked and kept."""
    for key, text in own.wording.items():
        if key not in WORDING:
            problems.append(text.problem(f"unknown wording {key!r}", use_one_of(key, WORDING)))
    wording = {**base.wording, **own.wording}
    problems += [
        Problem("intents", 1, 1, f"no wording for {key}", f"add wording: {key}: …")
        for key in WORDING
        if key not in wording
    ]
    cards = {**base.cards, **own.cards}
    problems += [
        rule.card.problem(f"there is no card {rule.card.value!r}", use_one_of(rule.card.value, cards))
        for rule in (*base.rules, *own.rules)
        if rule.card.value not in cards
    ]
    said = {key: _fill_numbers(text, known, WORDING.get(key, frozenset()), problems) for key, text in wording.items()}
    shown = {key: _fill_numbers(text, known, frozenset(known), problems) for key, text in cards.items()}
    # What a clinic writes anew must still say whom to call.
    calls = [(f"the card {key}", text, shown[key]) for key, text in own.cards.items()]
    calls += [(f"the wording {key}", own.wording[key], said[key]) for key in CALLS if key in own.wording]
    problems += [
        text.problem(f"{what} gives no number to call", "write {emergency} where the number should stand")
        for what, text, filled in calls
        if not any(number and number in filled for number in known.values())
    ]
    return _Texts(said, shown)


def _fill_numbers(text: Scalar, numbers: Mapping[str, str], allowed: frozenset[str], problems: list[Problem]) -> str:
    """The text with numbers in place of their names; names that are `allowed` stay in their braces, to be filled later.

    As in `str.format`, a doubled brace stands for one: where names stay, it stays doubled until they are filled, too.
    """
    try:
        pieces = [(literal, name) for literal, name, _, _ in string.Formatter().parse(text.value)]
    except ValueError:
        problems.append(text.problem("a brace stands alone", "write {name}, or remove the brace"))
        return ""
    filled = ""
    for literal, name in pieces:
        filled += literal.replace("{", "{{").replace("}", "}}") if allowed else literal
        if name is not None:
            filled += numbers.get(name, f"{{{name}}}")
            if name not in allowed and name not in numbers:
                usable = use_one_of(name, sorted(allowed | set(numbers)))
                problems.append(text.problem(f"unknown name in braces: {{{name}}}", usable))
    return filled
