"""Red flags: rules from the pack, matched before anything else, on the text as typed and as repaired.

A sign is a line such as `chest (pain*|hurt*|tight*)` or `numb* ... (legs|groin)`: words in order, `*` for any
ending, `(a|b c)` for alternatives, `...` for up to five words between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.types import Rule

__all__ = ["RedFlags", "compile_sign"]

_GAP = r"(?:\S+ ){0,5}?"
_TOKEN = re.compile(r"\.\.\.|\(|\)|\||[\w*]+")


def compile_sign(sign: str) -> re.Pattern[str]:
    """The pattern of one sign, for texts of folded words with a space before and after each.

    >>> bool(compile_sign("chest ... hurt*").search(" my chest really hurts "))
    True
    """
    parts = [_to_pattern(token) for token in _TOKEN.findall(sign.lower())]
    return re.compile(r"(?<= )" + "".join(parts))


def _to_pattern(token: str) -> str:
    if token == "...":
        return _GAP
    if token in "()|":
        return "(?:" if token == "(" else token
    return re.escape(token).replace(r"\*", r"\w*") + " "


class RedFlags:
    """The rules of a pack, compiled once at first use."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._compiled: list[tuple[Rule, list[re.Pattern[str]], list[re.Pattern[str]]]] = []

    def match(self, readings: Iterable[Sequence[str]]) -> Rule | None:
        """The first rule that one of the readings (as typed, as repaired) raises, or None.

        Where an exception of the rule covers the sign, the sign is read as absent; another may still be there.
        """
        if not self._compiled:
            self._compiled = [
                (rule, [compile_sign(s) for s in rule.when], [compile_sign(s) for s in rule.unless])
                for rule in self._rules
            ]
        for words in readings:
            text = " " + " ".join(words) + " "
            for rule, signs, excuses in self._compiled:
                rest = text
                for excuse in excuses:
                    rest = excuse.sub("_ ", rest)
                if any(sign.search(rest) for sign in signs):
                    return rule
        return None
