"""Red flags: rules from the pack, matched before anything else, on the text as typed and as repaired."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from bot.nouns import dataclass
from bot.signs import Sign, SignLists, compile_sign
from bot.types import Rule, SignIndex

__all__ = ["RedFlags", "Sighting"]

_MARK, _GONE = "{} ", "_ "
"""What stands for a sign while its surroundings are looked at, and for one that was explained away."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the rules see in an utterance: the rule raised, if any, and the `words` of a sign, explained away or not."""

    rule: Rule | None = None
    words: str = ""

    @property
    def is_explained(self) -> bool:
        """Whether there are signs, and for each of them what makes it harmless."""
        return self.rule is None and bool(self.words)


class RedFlags:
    """The rules of a pack. `index` is that of their signs (see `index_signs`)."""

    def __init__(self, rules: Sequence[Rule], index: SignIndex | None = None) -> None:
        self._rules = rules
        self._signs = SignLists([rule.when for rule in rules], index)

    def look(self, readings: Iterable[Sequence[str]]) -> Sighting:
        """What the rules see in the readings of an utterance: as typed, as repaired.

        Where an exception of the rule covers the sign, the sign is read as absent; another may still be there.

        >>> flags = RedFlags([Rule("pain", "medical", ("chest pain",), ("no {sign}",))])
        >>> flags.look([["no", "chest", "pain"]])
        Sighting(rule=None, words='chest pain')
        >>> flags.look([["no", "chest", "pain", "but", "chest", "pain"]]).rule.flag
        'pain'
        """
        explained = ""
        for words in dict.fromkeys(map(tuple, readings)):
            text = " " + " ".join(words) + " "
            for place, found in groupby(self._signs.find_possible(words), key=itemgetter(0)):
                signs = [sign for _, sign in found]
                if seen := _find(signs, text):
                    explained = seen[0][0].strip()
                    if raised := _find_raised(self._rules[place], signs, text):
                        return Sighting(self._rules[place], raised)
        return Sighting(None, explained)


def _find(signs: Sequence[Sign], text: str) -> list[re.Match[str]]:
    return [match for sign in signs for match in sign.pattern.finditer(text)]


def _find_raised(rule: Rule, signs: Sequence[Sign], text: str) -> str:
    """The words of a sign that nothing explains away, or ""."""
    for excuse in rule.unless:
        if "{" not in excuse:
            text = _compile(excuse).sub(_GONE, text)
    around = [_compile(excuse) for excuse in rule.unless if "{" in excuse]
    while found := _find(signs, text):
        excused = next((rest for match in found if (rest := _explain_away(match, text, around))), None)
        if excused is None:
            return found[0][0].strip()
        text = excused
    return ""


def _explain_away(match: re.Match[str], text: str, around: Sequence[re.Pattern[str]]) -> str | None:
    """`text` without a sign that what stands around it makes harmless, or None."""
    marked = text[: match.start()] + _MARK + text[match.end() :]
    for excuse in around:
        for harmless in excuse.finditer(marked):
            if _MARK in harmless[0]:
                return marked[: harmless.start()] + _GONE + marked[harmless.end() :]
    return None


@lru_cache(1024)
def _compile(excuse: str) -> re.Pattern[str]:
    return compile_sign(excuse, re.escape(_MARK))
