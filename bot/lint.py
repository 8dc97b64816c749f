"""What would mislead a pack's visitors or its author, though the pack can be used: one finder for each kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from bot.lexicon import Lexicon
from bot.model import Mistake, Model
from bot.quotes import unreached
from bot.render import shorten
from bot.safety import RedFlags
from bot.speller import Speller
from bot.text import find_names, index_phrases, replace_phrases, split_words
from bot.types import Intent, Pack
from bot.written import Example, Problem

__all__ = [
    "answer_alike",
    "find_collisions",
    "find_misspelt",
    "find_mistaken",
    "find_overdue",
    "find_personal",
    "find_shadowing",
    "find_thin",
    "find_unreached",
]

FEWEST = 5
"""Examples in different words below which an intent is guessed at."""

SMALL = 3
"""Letters of a word in which two examples may differ and yet be alike."""

JARGON = 10
"""Examples that hold a word which no lexicon knows, from which it is a word and no slip."""

PERSONAL = (
    ("an e-mail address", re.compile(r"\b[\w.+-]+@[\w-]+\.\w{2,}\b")),
    ("a telephone number", re.compile(r"(?<![\d/])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b")),
    ("a date of birth", re.compile(r"\b(?:born|dob|birth\w*)\b.{0,20}\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}", re.IGNORECASE)),
    ("a record number", re.compile(r"\b(?:mrn|record|chart|patient)\b.{0,12}\b\d{5,}\b", re.IGNORECASE)),
)
"""What may tell who somebody is."""


def _at(example: Example, fact: str, remedy: str, nearest: str = "") -> Problem:
    return Problem(example.file, example.line, example.column, fact, remedy, nearest)


# --- examples ---------------------------------------------------------------------------------------


def find_thin(pack: Pack) -> Iterator[Problem]:
    """Intents with hardly an example, and such whose examples are all alike."""
    for intent in pack.intents.values():
        different = {frozenset(example.words) for example in intent.examples}
        telling = {frozenset(w for w in words if len(w) > SMALL) or words for words in different}
        if not different:
            continue  # It is an error, and told as one.
        if len(different) < FEWEST:
            many = f"{len(different)} example{'s' if len(different) != 1 else ''} in different words"
            fact = f"{intent.name} has only {many}"
            remedy = f"write at least {FEWEST}, as different people would ask; twenty are good"
            yield Problem(intent.file, intent.line, 1, fact, remedy).warn("thin", intent.name)
        elif len(telling) < max(FEWEST, len(different) // 3):
            many = f"but for small words there {'are' if len(telling) > 1 else 'is'} only {len(telling)}"
            fact = f"the {len(different)} examples of {intent.name} are too much alike: {many}"
            remedy = "ask three people how they would say it, and write that down"
            yield Problem(intent.file, intent.line, 1, fact, remedy).warn("alike", intent.name)


def find_collisions(pack: Pack) -> Iterator[Problem]:
    """Examples of two intents that hold the same words, as the bot reads them, in another order."""
    phrases = index_phrases(pack.synonyms)
    seen: dict[tuple[str, ...], tuple[str, Example]] = {}
    for intent in pack.intents.values():
        for example in intent.examples:
            words = replace_phrases(example.words, phrases)
            name, first = seen.setdefault(tuple(sorted(words)), (intent.name, example))
            if name != intent.name and first.words != example.words:
                fact = f"this example of {intent.name} has the words of one of {name}: {example.text!r}"
                near = f"{first.file}:{first.line}: {first.text!r}"
                found = _at(example, fact, "keep it under the one that should answer it", near)
                yield found.warn("collision", example.text, intent.name, name)


def find_mistaken(pack: Pack, model: Model) -> Iterator[Problem]:
    """Examples that the bot takes for another intent's, where that one is answered otherwise.

    `model` must have learned from this pack.
    """
    intents = list(pack.intents.values())
    for mistake in model.mistakes:
        intent, other = intents[mistake.intent], intents[mistake.other]
        example, near = intent.examples[mistake.example], other.examples[mistake.nearest]
        if not answer_alike(intent, other) and example.words != near.words:
            yield _tell_mistake(mistake, (intent, example), (other, near))


def _tell_mistake(mistake: Mistake, told: tuple[Intent, Example], taken: tuple[Intent, Example]) -> Problem:
    (intent, example), (other, near) = told, taken
    if mistake.is_near:
        rule, fact = "conflict", f"this example of {intent.name} is hardly told from one of {other.name}"
        remedy = "keep it under the one that should answer it, or write what makes it different"
    else:
        rule, fact = "lost", f"left out, this example of {intent.name} is taken for {other.name}"
        remedy = f"add examples like it to {intent.name}, or move it to {other.name}"
    fact += f" (belief {mistake.belief:.2f} against {mistake.own:.2f}): {example.text!r}"
    nearest = f"nearest, {near.file}:{near.line}: {near.text!r}"
    return _at(example, fact, remedy, nearest).warn(rule, example.text, intent.name, other.name)


def answer_alike(one: Intent, other: Intent) -> bool:
    """Whether two intents are answered in the same words, so that it is no matter which of them is understood."""
    if one.kind != other.kind:
        return False
    if one.kind in ("out_of_scope", "advice"):
        return True
    if one.quotes or other.quotes:
        return any(quote.overlaps(shown) for quote in one.quotes[:2] for shown in other.quotes[:2])
    return (one.reply, one.does, one.card) == (other.reply, other.does, other.card)


def find_misspelt(pack: Pack) -> Iterator[Problem]:
    """Words of the examples that look misspelt, each at its first place, with what may be meant.

    Where the lexicon is of another language than the examples, none do.
    """
    lexicon = Lexicon(pack.lexicon.encode())
    places: dict[str, list[tuple[Intent, Example]]] = {}
    for intent in pack.intents.values():
        for example in intent.examples:
            for word in {*example.words} - find_names(example.text):
                places.setdefault(word, []).append((intent, example))
    if sum(word in lexicon for word in places) < len(places) / 2:
        return
    passages = [passage.text for article in pack.articles.values() for passage in article.passages]
    own = dict.fromkeys(word for text in [*passages, *pack.synonyms] for word in split_words(text))
    speller = Speller(own, lexicon.words())
    for word, found in places.items():
        if len(word) <= SMALL or word in own or word in lexicon or len(found) >= JARGON:
            continue
        if meant := speller.repair(word):
            intent, example = found[0]
            fact = f"{word!r} looks misspelt; {meant!r} may be meant"
            remedy = "spell it right: slips of visitors are mended without examples of them; or add it to lexicon.txt"
            yield _at(example, fact, remedy).warn("misspelt", word, intent.name)


def find_personal(pack: Pack) -> Iterator[Problem]:
    """Examples that may tell who somebody is."""
    for intent in pack.intents.values():
        for example in intent.examples:
            for what, pattern in PERSONAL:
                if found := pattern.search(example.text):
                    fact = f"this example of {intent.name} may hold {what}: {found[0]!r}"
                    problem = _at(example, fact, "take it out, or make one up that is nobody's")
                    yield problem.warn("personal", example.text, intent.name)


def find_shadowing(pack: Pack) -> Iterator[Problem]:
    """Examples of intents that are not urgent, but that a red flag takes first: who types them sees the safety card."""
    flags, phrases = RedFlags(pack.rules), index_phrases(pack.synonyms)
    for intent in pack.intents.values():
        for example in intent.examples if intent.kind != "urgent" else ():
            words = example.words
            if rule := flags.look((words, replace_phrases(words, phrases))).rule:
                fact = f"this example of {intent.name} raises the red flag {rule.flag}: {example.text!r}"
                yield _at(example, fact, "remove it, or make its intent urgent; a red flag always comes first")


# --- articles ---------------------------------------------------------------------------------------


def find_unreached(pack: Pack) -> Iterator[Problem]:
    """Passages that no intent quotes."""
    for article, passage in unreached(pack):
        line = article.first_line + article.text[: passage.start].count("\n")
        fact = f"no intent leads to this passage of {article.id}: {shorten(passage.text)}"
        remedy = "add an intent with a quote of it, or leave it unsaid"
        yield Problem(f"corpus/{article.id}.txt", line, 1, fact, remedy).warn("unreached", passage.id, article.id)


def find_overdue(pack: Pack, today: date) -> Iterator[Problem]:
    """Articles whose review holds no longer."""
    for article in pack.articles.values():
        if article.review_by and article.review_by < today.isoformat():
            file = f"corpus/{article.id}.txt"
            fact = f"the review of this article held until {article.review_by}; every quote of it says so"
            remedy = f"have it read again, then run: update article {file}"
            yield Problem(file, 1, 1, fact, remedy).warn("overdue", article.id)
