"""Signs: the small language in which a pack describes what people may say.

A sign is words in order. In a word, `*` stands for any ending and `#` for one digit; a `*` alone for any word; `(a|b c)` for alternatives, one of which may be empty; `...` for up to five words between. So
`chest (pain*|hurts|tight*)`, `numb* ... (legs|groin)`, `in 20##`. What makes other signs harmless is written around
`{sign}`, which stands for any of them: `no (more|) {sign}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.text import split_words

__all__ = ["compile_sign", "compile_signs"]

_GAP = r"(?:\S+ ){0,5}?"
_TOKEN = re.compile(r"\.\.\.|\{\w*\}|[()|]|[^\s()|.]+|\.")


def compile_sign(sign: str, inner: str = "") -> re.Pattern[str]:
    """The pattern of one sign, for texts of folded words with a space before and after each.

    `inner` is the source of the pattern that `{sign}` stands for. Raises ValueError, which says what is wrong, for
    what is no sign.

    >>> bool(compile_sign("chest ... hurt*").search(" my chest really hurts "))
    True
    >>> bool(compile_sign("can't (move|feel) my legs").search(" i can not feel my legs "))
    True
    >>> compile_sign("(no|any) chest (pain")
    Traceback (most recent call last):
    ValueError: a parenthesis is not closed, or was never opened
    """
    parts = list(_to_patterns(sign, inner))
    if not any(part.endswith(" ") for part in parts):
        raise ValueError("a sign needs a word")
    try:
        return re.compile(f"(?<= )(?:{''.join(parts)})")
    except re.error:
        raise ValueError("a parenthesis is not closed, or was never opened") from None


def compile_signs(signs: Sequence[str]) -> re.Pattern[str]:
    """The pattern of any of some signs."""
    return re.compile("|".join(compile_sign(sign).pattern for sign in signs) or r"(?!)")


def _to_patterns(sign: str, inner: str) -> Iterator[str]:
    for token in _TOKEN.findall(sign):
        if token == "...":
            yield _GAP
        elif token in "()|":
            yield "(?:" if token == "(" else token
        elif token == "{sign}" and inner:
            yield f"(?:{inner})"
        elif token.startswith("{"):
            raise ValueError(f"{token} is no group of words")
        elif token == "*":
            yield r"\S+ "
        else:
            yield from _to_words(token)


def _to_words(token: str) -> Iterator[str]:
    words = split_words(re.sub(r"[*#]", "", token)) or [""]
    if not re.fullmatch(r"[^*#]*#*\*?", token) or not (words[0] or "#" in token):
        raise ValueError(f"{token!r} is no word")
    yield from (re.escape(word) + " " for word in words[:-1])
    yield re.escape(words[-1]) + r"\d" * token.count("#") + (r"\w* " if token.endswith("*") else " ")
