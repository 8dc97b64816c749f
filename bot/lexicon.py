"""The lexicon: English words and the concepts they belong to, a file of the pack that a person can read and mend.

    wobbly: bent 51 shaking 42 strong 35

says that *wobbly* is a word, and near three concepts, each named after its most typical word. It lets an utterance
be understood by words that no example holds. A word without concepts is only known to be spelt so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.written import Problem

__all__ = ["Lexicon", "read_lexicon"]

MOST_FOUND = 4096
"""Words that are remembered once they were found: the lexicon's own, and of what visitors type no others."""

_LINE = re.compile(r"[^\W\d_]+:(?: [^\W\d_]+ \d{1,2})*")


def read_lexicon(text: str, file: str) -> tuple[dict[str, str], list[Problem]]:
    """The lines of a lexicon by their words; comments and blank lines are passed over.

    >>> read_lexicon("# English", "lexicon.txt"), read_lexicon("zip: coat 50", "lexicon.txt")[0]
    (({}, []), {'zip': 'zip: coat 50'})
    """
    from bot.written import Problem  # noqa: PLC0415 (no answer needs it)

    lines: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip()  # noqa: PLW2901
        if _LINE.fullmatch(line):
            lines[line.partition(":")[0]] = line
        elif line and not line.startswith("#"):
            fact = f"not a line of a lexicon: {line[:40]!r}"
            problems.append(Problem(file, number, 1, fact, "write a word, a colon, and concepts: wobbly: shaking 42"))
    return lines, problems


class Lexicon:
    r"""Looks words up in the sorted lines themselves, `raw[start:]`, so that loading costs nothing.

    >>> lexicon = Lexicon(b"wobbly: bent 51 shaking 42\nzip: coat 50")
    >>> lexicon.concepts("wobbly"), "zip" in lexicon, lexicon.concepts("zap")
    ((('bent', 0.51), ('shaking', 0.42)), True, ())
    """

    def __init__(self, raw: bytes, start: int = 0) -> None:
        self._raw, self._start = raw, start
        self._found: dict[str, tuple[tuple[str, float], ...]] = {}

    @property
    def lines(self) -> bytes:
        """The lines themselves."""
        return self._raw[self._start :]

    def is_text(self) -> bool:
        """Whether the lines are UTF-8 throughout; what of them is not is read as no letter."""
        return "\ufffd" not in self._decode()

    def __contains__(self, word: str) -> bool:
        return self._find(word) is not None

    def concepts(self, word: str) -> tuple[tuple[str, float], ...]:
        """The concepts of a word, each with its nearness in 0..1; () for a word not listed."""
        return self._find(word) or ()

    def words(self) -> list[str]:
        """Every word listed."""
        return [line.partition(":")[0] for line in self._decode().split("\n")]

    def read(self, words: Iterable[str]) -> dict[str, tuple[tuple[str, float], ...]]:
        """The concepts of those of many words that are listed, at a fraction of the time that one by one would take."""
        lines = {word: rest for word, _, rest in (line.partition(":") for line in self._decode().split("\n"))}
        return {word: _read_concepts(lines[word]) for word in words if word in lines}

    def _decode(self) -> str:
        return self.lines.decode("utf-8", "replace")  # A model may be stored by whoever can write there.

    def _find(self, word: str) -> tuple[tuple[str, float], ...] | None:
        if word in self._found:
            return self._found[word]
        concepts = self._search(word)
        if concepts is not None and len(self._found) < MOST_FOUND:
            self._found[word] = concepts
        return concepts

    def _search(self, word: str) -> tuple[tuple[str, float], ...] | None:
        wanted, lines = f"{word}:".encode(), self._raw
        low, high = self._start, len(lines)  # Between two line starts: the wanted line starts in [low, high).
        while low < high:
            start = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = lines.find(b"\n", start)
            line = lines[start : end if end >= 0 else None]
            key, colon, rest = line.partition(b":")
            if key + colon == wanted:
                return _read_concepts(rest.decode("utf-8", "replace"))
            if key + colon < wanted:
                low = start + len(line) + 1
            else:
                high = start
        return None


def _read_concepts(text: str) -> tuple[tuple[str, float], ...]:
    parts = text.split()
    return tuple((name, int(share) / 100) for name, share in zip(parts[::2], parts[1::2], strict=True))
