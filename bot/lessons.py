"""What is learned from a pack: its examples, and a little more."""

from __future__ import annotations

import hashlib
import json

from bot.features import text_key
from bot.model import VERSION
from bot.types import Intent, Pack
from bot.written import Example

__all__ = ["examples_of", "learned_from", "lesson_key", "lesson_keys"]


def learned_from(pack: Pack) -> str:
    """A hash of all that training looks at: packs that differ in nothing else share what was learned."""
    content = [
        VERSION,
        [[i.name, i.kind, i.question, [example.text for example in i.examples]] for i in pack.intents.values()],
        list(pack.synonyms.items()),
        [passage.text for article in pack.articles.values() for passage in article.passages],
        pack.lexicon,
    ]
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=16).hexdigest()


def examples_of(intent: Intent) -> tuple[Example, ...]:
    """What an intent is learned from: its examples, then its question and its name, which patients do not type."""
    others = (intent.question, intent.name.replace("_", " "))
    return (*intent.examples, *(Example(text, intent.file, intent.line) for text in others if text))


def lesson_key(intent: Intent, example: Example) -> int:
    """The key of one thing learned: a text under an intent of its kind."""
    return text_key([intent.kind, intent.name, example.text])


def lesson_keys(pack: Pack) -> list[int]:
    """The keys of all that a pack teaches, sorted."""
    return sorted(lesson_key(intent, example) for intent in pack.intents.values() for example in examples_of(intent))
