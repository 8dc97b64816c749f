"""What people write into a pack, and what is wrong with it: nouns that no answer needs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from sys import intern
from typing import Any

from bot.text import split_words

__all__ = ["Accepted", "ContentTest", "Example", "Problem", "Topic", "Turn"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a pack: the place (line and column from 1), the fact and the remedy.

    A warning is what may well be meant so; `rule` names what kind of one it is, by which it can be accepted. `about` is
    what a warning is about: an example, the names of intents. `excerpt` is the line of the file with a mark below it.
    """

    file: str
    line: int
    column: int
    fact: str
    remedy: str
    nearest: str = ""
    is_warning: bool = False
    rule: str = ""
    about: tuple[str, ...] = ()
    excerpt: str = field(default="", compare=False)

    def __str__(self) -> str:
        warning = "warning: " if self.is_warning else ""
        below = [*self.excerpt.split("\n"), self.nearest] if self.excerpt else [self.nearest]
        lines = [f"{self.file}:{self.line}:{self.column}: {warning}{self.fact}", *filter(None, below)]
        return "\n    ".join([*lines, f"-> {self.remedy}"])

    def warn(self, rule: str, *about: str) -> Problem:
        """The same as a warning."""
        return replace(self, is_warning=True, rule=rule, about=about)

    def to_dict(self) -> dict[str, Any]:
        """The problem as a JSON object."""
        plain = {name: getattr(self, name) for name in ("file", "line", "column", "rule", "fact", "remedy", "nearest")}
        return {**plain, "severity": "warning" if self.is_warning else "error", "excerpt": self.excerpt}


@dataclass(frozen=True)
class Example:
    """A training utterance and the place it stands in."""

    text: str
    file: str
    line: int
    column: int = 1

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words, folded, which many ask for; those of a pack are few, so that each is kept once."""
        return tuple(map(intern, split_words(self.text)))


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a content test, its place, and what its reply must be.

    "" and () leave it open: `kind` and `intent` are the reply's, `cites` and `says` must stand in its quotes and in its
    text, `never` must not stand in its text.
    """

    ask: str
    file: str
    line: int
    column: int
    kind: str = ""
    intent: str = ""
    cites: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContentTest:
    """A question, or a short conversation, that a pack's author wants to go on being answered so."""

    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A kind of warning that a pack's author looked at and lets stand, with the reason.

    Where `about` is empty all of the kind are; else those about all that it names: an example, an intent, two intents.
    """

    warning: str
    about: tuple[str, ...]
    because: str
    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Topic:
    """What is answered under one heading: a section of an article, and the questions that it answers best.

    The last of a pack's topics may hold what no article answers, and then only has `questions`.
    """

    questions: tuple[str, ...]
    section: str = ""
    article: str = ""
    title: str = ""
    publisher: str = ""
