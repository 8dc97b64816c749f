"""Red flags: rules from the pack, matched before anything else, on the text as typed and as repaired."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.signs import compile_sign, compile_signs
from bot.types import Rule

__all__ = ["RedFlags"]


class RedFlags:
    """The rules of a pack, compiled once at first use."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._compiled: list[tuple[Rule, re.Pattern[str], list[re.Pattern[str]]]] = []

    def match(self, readings: Iterable[Sequence[str]]) -> Rule | None:
        """The first rule that one of the readings (as typed, as repaired) raises, or None.

        Where an exception of the rule covers the sign, the sign is read as absent; another may still be there.
        """
        if not self._compiled:
            self._compiled = [_compile(rule) for rule in self._rules]
        for words in readings:
            text = " " + " ".join(words) + " "
            for rule, signs, excuses in self._compiled:
                if signs.search(text):
                    rest = text
                    for excuse in excuses:
                        rest = excuse.sub("_ ", rest)
                    if signs.search(rest):
                        return rule
        return None


def _compile(rule: Rule) -> tuple[Rule, re.Pattern[str], list[re.Pattern[str]]]:
    signs = compile_signs(rule.when)
    return rule, signs, [compile_sign(excuse, signs.pattern) for excuse in rule.unless]
