"""Repair of misspelt words: the nearest known word that fits best where it stands.

A noisy channel (Kernighan, Church and Gale 1990): what was meant is the word that is both near to what was typed and
likely between its neighbours. The distance is optimal string alignment (restricted Damerau-Levenshtein): a letter
dropped, added, changed, or two neighbours swapped, each cost one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

__all__ = ["Fit", "Speller", "is_slip"]

Fit = Callable[[str], float]
"""How well a word fits where it would stand: a log-likelihood."""

FAR, LONG = 5, 7
"""Letters from which a word may be two edits off its meaning: if it begins and ends like it, and in any case."""

EDIT, OTHER_START, OTHER_LETTER = 4.0, 2.0, 0.5
"""What an edit, another first letter, and each letter more or less take off a candidate's log-likelihood."""


LONGER, MOST_PIECES, FREQUENT = 9, 4, 3000
"""Letters from which a word may be more than two typed as one, how many at most, and how frequent each must be."""


def is_slip(typed: str, meant: str, edits: int) -> bool:
    """Whether a word that is some edits off another may be a slip for it.

    Of three letters, only swapped or with one lost; of few, only with both ends right if it is two edits off.

    >>> is_slip("teh", "the", 1), is_slip("hat", "the", 2), is_slip("wke", "wake", 1), is_slip("buttn", "button", 1)
    (True, False, True, True)
    >>> is_slip("haiti", "hair", 2), is_slip("helht", "health", 1), is_slip("mucsel", "muscle", 2)
    (False, True, False)
    """
    if len(typed) <= 3:
        lost = len(meant) == 4 and any(meant[:i] + meant[i + 1 :] == typed for i in range(1, 4))
        return lost or sorted(typed) == sorted(meant)
    same_ends = typed[0] == meant[0] and typed[-1] == meant[-1]
    return edits == 1 or len(typed) >= LONG or (len(typed) >= FAR and same_ends)


def _group(words: Iterable[str]) -> dict[int, list[str]]:
    """Words by their length."""
    groups: dict[int, list[str]] = {}
    for word in words:
        groups.setdefault(len(word), []).append(word)
    return groups


class Speller:
    """Nearest known words: those of `vocabulary`, most frequent first, before those of `others`.

    >>> Speller(["therapist", "button", "buttons"]).repair("buttns")
    'buttons'
    >>> Speller(["will", "not", "wake", "up"]).repair("notwakeup")
    'not wake up'
    >>> Speller(["know", "about"], ["boredom"]).repair("knowabout"), Speller(["bottom"], ["boredom"]).repair("bordom")
    ('know about', 'boredom')
    """

    def __init__(self, vocabulary: Iterable[str], others: Iterable[str] = ()) -> None:
        self._rank = {word: place for place, word in enumerate(vocabulary)}
        self._by_length = _group(self._rank)
        self._others = _group(others)
        self._extract: Callable[..., list[tuple[str, int, int]]] | None = None

    def repair(self, word: str, fit: Fit | None = None) -> str | None:
        """The word or two meant by an unknown `word`, or None where nothing is near enough to be sure."""
        if len(word) < 3 or not word.isalpha():
            return None
        once = re.sub(r"(.)\1{2,}", r"\1", word)
        if once != word:
            twice = re.sub(r"(.)\1{2,}", r"\1\1", word)
            return next((known for known in (once, twice) if known in self._rank), None) or self.repair(once, fit)
        if found := self._choose(word, self._search(word, self._by_length, 1), fit) or self._split(word):
            return found
        far = self._search(word, self._others, 1) + self._search(word, self._by_length, 2)
        return self._choose(word, far, fit)

    def _choose(self, word: str, near: list[tuple[str, int]], fit: Fit | None) -> str | None:
        """The likeliest of some words with their distance, or None where none can be meant."""
        slips = [(meant, edits) for meant, edits in near if is_slip(word, meant, edits)]
        return min(slips, key=lambda found: self._cost(word, found[0], found[1], fit), default=("", 0))[0] or None

    def _cost(self, typed: str, meant: str, edits: int, fit: Fit | None) -> float:
        likely = fit(meant) if fit else -math.log(2 + self._rank.get(meant, len(self._rank)))
        lettered = sum(((Counter(typed) - Counter(meant)) + (Counter(meant) - Counter(typed))).values())
        return EDIT * edits + OTHER_START * (typed[0] != meant[0]) + OTHER_LETTER * lettered - likely

    def _search(self, word: str, among: dict[int, list[str]], edits: int) -> list[tuple[str, int]]:
        if self._extract is None:
            from rapidfuzz import process  # noqa: PLC0415 (a question without a typo never needs it)
            from rapidfuzz.distance import OSA  # noqa: PLC0415

            self._extract = lambda w, c, k: process.extract(w, c, scorer=OSA.distance, score_cutoff=k, limit=None)
        near: list[tuple[str, int]] = []
        for length in range(len(word) - edits, len(word) + edits + 1):
            near += [(found, far) for found, far, _ in self._extract(word, among.get(length, []), edits)]
        return near

    def _split(self, word: str) -> str | None:
        """Known words typed as one: two, the more frequent pair first, or, of a long one, a few frequent ones."""
        pairs: list[tuple[str, ...]] = [
            (word[:cut], word[cut:])
            for cut in range(1, len(word))
            if word[:cut] in self._rank and word[cut:] in self._rank
            if (cut > 1 or word[0] in "ai") and len(word) - cut > 1
        ]
        best = min(pairs, key=lambda pair: max(self._rank[pair[0]], self._rank[pair[1]]), default=None)
        if best is None and len(word) >= LONGER:
            best = min(self._cut(word, MOST_PIECES), key=len, default=None)
        return " ".join(best) if best else None

    def _cut(self, rest: str, most: int) -> Iterator[tuple[str, ...]]:
        """Every way to cut `rest` into at most `most` frequent words."""
        if self._rank.get(rest, FREQUENT) < FREQUENT and len(rest) > 1:
            yield (rest,)
        elif most > 1:
            for end in range(2, len(rest) - 1):
                if self._rank.get(rest[:end], FREQUENT) < FREQUENT:
                    yield from ((rest[:end], *pieces) for pieces in self._cut(rest[end:], most - 1))
