"""How hard a text is to read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.text import split_words

__all__ = ["grade"]

_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^laeiouy]e|[^aeiouytd]ed|[^aeiouysxzcgh]es)$")
_BREAKS = re.compile(r"(?<=[.!?:])\s+|\n")


def grade(text: str, known: Iterable[str] = ()) -> float:
    """The school grade at which a text is read with ease (Flesch and Kincaid 1975); 0 for one without words.

    Each of `known`, names and the subject itself, counts as one short word, as does a {number} that stands in braces.

    >>> grade("Call now. Tell the front desk.") < 3
    True
    >>> grade("Individuals experiencing considerable discomfort should immediately consult qualified physicians.") > 12
    True
    """
    names = "|".join([r"\{\w+\}", *(rf"\b{re.escape(name)}s?\b" for name in sorted(known, key=len, reverse=True))])
    plain = re.sub(names, "Tom", text, flags=re.IGNORECASE)
    sentences = [words for part in _BREAKS.split(plain) if (words := split_words(part))]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(_count_syllables, words)) / len(words) - 15.59


def _count_syllables(word: str) -> int:
    """Nearly: groups of vowels, a silent ending left out."""
    found = len(_VOWELS.findall(word)) - bool(_SILENT.search(word))
    return max(1, found)
