"""What is wrong with a pack beyond its form: what would mislead its visitors, or whoever judges it."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from bot.labelled import EvalError
from bot.pack import unreached
from bot.render import shorten
from bot.safety import RedFlags
from bot.text import index_phrases, replace_phrases, split_words
from bot.types import Example, Pack, Problem

__all__ = ["find_doubts", "find_leaks", "is_alike"]

ALIKE = 85
"""Similarity in 0..100 of two texts' sorted words from which their words are compared one by one."""

SMALL = 3
"""Letters of a word that may be there or not."""

SHORTEST = 3
"""Words of a question from which being alike, and not only the same, counts: short ones are alike by chance."""


FEWEST = 5
"""Examples in different words below which an intent is guessed at."""

PERSONAL = (
    ("an e-mail address", re.compile(r"\b[\w.+-]+@[\w-]+\.\w{2,}\b")),
    ("a telephone number", re.compile(r"(?<![\d/])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b")),
    ("a date of birth", re.compile(r"\b(?:born|dob|birth\w*)\b.{0,20}\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}", re.IGNORECASE)),
    ("a record number", re.compile(r"\b(?:mrn|record|chart|patient)\b.{0,12}\b\d{5,}\b", re.IGNORECASE)),
)
"""What may tell who somebody is."""


def find_doubts(pack: Pack, today: date) -> Iterator[Problem]:
    """All that would mislead a pack's visitors or its author, though the pack can be used."""
    yield from pack.doubts
    yield from find_shadowing(pack)
    yield from find_overdue(pack, today)
    yield from find_thin(pack)
    yield from find_collisions(pack)
    yield from find_personal(pack)
    yield from find_unreached(pack)
    asked = ((f"{turn.file}:{turn.line}", turn.ask) for test in pack.tests for turn in test.turns)
    yield from find_alike(pack, asked)


def _warn(example: Example, rule: str, fact: str, remedy: str, nearest: str = "") -> Problem:
    return Problem(example.file, example.line, example.column, fact, remedy, nearest, is_warning=True, rule=rule)


def find_thin(pack: Pack) -> Iterator[Problem]:
    """Intents with hardly an example, and such whose examples are all alike."""
    for intent in pack.intents.values():
        different = {frozenset(split_words(example.text)) for example in intent.examples}
        if len(different) < FEWEST:
            many = f"{len(different)} example{'s' if len(different) != 1 else ''} in different words"
            fact = f"{intent.name} has only {many}"
            remedy = f"write at least {FEWEST}, as different people would ask; twenty are good"
            yield Problem(intent.file, intent.line, 1, fact, remedy, is_warning=True, rule="thin")


def find_collisions(pack: Pack) -> Iterator[Problem]:
    """Examples of two intents that hold the same words, as the bot reads them, in another order."""
    phrases = index_phrases(pack.synonyms)
    seen: dict[tuple[str, ...], tuple[str, Example]] = {}
    for intent in pack.intents.values():
        for example in intent.examples:
            words = replace_phrases(split_words(example.text), phrases)
            name, first = seen.setdefault(tuple(sorted(words)), (intent.name, example))
            if name != intent.name and split_words(first.text) != split_words(example.text):
                fact = f"this example of {intent.name} has the words of one of {name}: {example.text!r}"
                near = f"{first.file}:{first.line}: {first.text!r}"
                yield _warn(example, "collision", fact, "keep it under the one that should answer it", near)


def find_personal(pack: Pack) -> Iterator[Problem]:
    """Examples that may tell who somebody is."""
    for intent in pack.intents.values():
        for example in intent.examples:
            for what, pattern in PERSONAL:
                if found := pattern.search(example.text):
                    fact = f"this example of {intent.name} may hold {what}: {found[0]!r}"
                    yield _warn(example, "personal", fact, "take it out, or make one up that is nobody's")


def find_unreached(pack: Pack) -> Iterator[Problem]:
    """Passages that no intent quotes."""
    for article, passage in unreached(pack):
        line = article.text[: passage.start].count("\n") + 1
        fact = f"no intent leads to this passage of {article.id}: {shorten(passage.text)}"
        remedy = "add an intent with a quote of it, or leave it unsaid"
        yield Problem(f"corpus/{article.id}.txt", line, 1, fact, remedy, is_warning=True, rule="unreached")


def find_shadowing(pack: Pack) -> Iterator[Problem]:
    """Examples of intents that are not urgent, but that a red flag takes first: who types them sees the safety card."""
    flags, phrases = RedFlags(pack.rules), index_phrases(pack.synonyms)
    for intent in pack.intents.values():
        for example in intent.examples if intent.kind != "urgent" else ():
            words = split_words(example.text)
            if rule := flags.look((words, replace_phrases(words, phrases))).rule:
                fact = f"this example of {intent.name} raises the red flag {rule.flag}: {example.text!r}"
                remedy = "remove it, or make its intent urgent; a red flag always comes first"
                yield Problem(example.file, example.line, example.column, fact, remedy)


def find_overdue(pack: Pack, today: date) -> Iterator[Problem]:
    """Articles whose review holds no longer."""
    for article in pack.articles.values():
        if article.review_by and article.review_by < today.isoformat():
            file = f"corpus/{article.id}.txt"
            fact = f"the review of this article held until {article.review_by}; every quote of it says so"
            remedy = f"have it read again, then run: update article {file}"
            yield Problem(file, 1, 1, fact, remedy, is_warning=True, rule="overdue")


def find_leaks(pack: Pack, file: Path) -> Iterator[Problem]:
    """Examples in the words, or nearly, of a question in `file`: such a question measures memory, not understanding.

    `file` holds a JSON object a line, with a question `q` or a conversation of `turns`. Raises EvalError for another.
    """
    yield from find_alike(pack, _read_questions(file))


def find_alike(pack: Pack, asked: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """Examples in the words, or nearly, of a question that a pack is judged by: (place, question)."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 (only this check needs it)

    examples = [(intent.name, example) for intent in pack.intents.values() for example in intent.examples]
    arranged = [" ".join(sorted(split_words(example.text))) for _, example in examples]
    for place, question in asked:
        words = " ".join(sorted(split_words(question)))
        cutoff = ALIKE if len(words.split()) >= SHORTEST else 100
        for _, score, at in process.extract(words, arranged, scorer=fuzz.ratio, score_cutoff=cutoff, limit=None):
            name, example = examples[at]
            if score < 100 and not is_alike(split_words(question), split_words(example.text), pack.synonyms):
                continue
            fact = f"{name} has a question of {place}, {'word for word' if score == 100 else 'nearly'}: {question!r}"
            remedy = "remove the example, or keep the question out of what the pack is judged by"
            yield Problem(example.file, example.line, example.column, fact, remedy, f"example: {example.text!r}")


def is_alike(one: Sequence[str], other: Sequence[str], telling: Container[str]) -> bool:
    """Whether two texts have the same words but for slips and for small words that are not `telling`.

    >>> is_alike("do they use ice".split(), "do thay use any ice".split(), {"pt", "ot"})
    True
    >>> is_alike("history of pt".split(), "history of ot".split(), {"pt", "ot"})
    False
    """
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    def has(words: Sequence[str], word: str) -> bool:
        slips = max(1, len(word) // 4)
        return word in words or (len(word) > SMALL and any(OSA.distance(word, w) <= slips for w in words))

    left = [w for w in one if not has(other, w)] + [w for w in other if not has(one, w)]
    return all(len(word) <= SMALL and word not in telling for word in left)


def _read_questions(file: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(f"{file}: cannot be read as UTF-8 text: {error}\n    -> name a file of questions") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
                questions = [turn["q"] for turn in row["turns"]] if "turns" in row else [row["q"]]
                yield from ((f"{file}:{number}", str(question)) for question in questions)
            except (ValueError, KeyError, TypeError) as error:
                remedy = 'write {"q": "…"} or {"turns": [{"q": "…"}]}'
                raise EvalError(f"{file}:{number}:1: not a question: {error}\n    -> {remedy}") from None
