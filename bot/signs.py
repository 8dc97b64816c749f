"""Signs: the small language in which a pack describes what people may say.

A sign is words in order. In a word, `*` stands for any ending and `#` for one digit; a `*` alone for any word;
`(a|b c)` for alternatives, one of which may be empty; `...` for up to five words between, and `...!(a|b)` for such as
are none of those. So `chest (pain*|hurts|tight*)`, `numb* ... (legs|groin)`, `in 20##`. What makes other signs
harmless is written around `{sign}`, which stands for any of them: `no (more|) {sign}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from operator import itemgetter
from typing import TypeAlias

from bot.errors import ModelError
from bot.text import split_words
from bot.types import SignIndex

__all__ = ["Sign", "SignLists", "compile_sign", "find_ends", "index_signs", "spell_ways", "write_pattern"]

LONGEST = 40
"""Letters of a word as typed beyond which none of a sign is written with * or #."""

DEEPEST = 20
"""Parentheses around each other in one sign: no author needs as many, and thousands would exhaust the stack."""

_TOKEN = re.compile(r"\([^()]*\)|\.\.\.(?:!\([^()]*\))?|\{\w*\}|[()|]|[^\s()|.]+|\.")

_Choice: TypeAlias = "list[list[str | _Choice]]"
"""Alternatives, each of them words, gaps and choices in order; a choice of words alone is kept as it was written."""


@lru_cache(maxsize=8192)  # A pack is read again at every edit, and most of its signs are the shipped ones.
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
    return re.compile(write_pattern(sign, inner))


def write_pattern(sign: str, inner: str = "") -> str:
    """The source of `compile_sign`'s pattern, which compiles, as all in it is escaped. Raises ValueError."""
    choice = _parse(sign)
    if not _needs(choice):
        raise ValueError("not one of its words has to be there")
    return f"(?<= ){_write(choice, inner)}"


def _parse(sign: str) -> _Choice:
    open_ones: list[_Choice] = [[[]]]
    for token in _TOKEN.findall(sign):
        if token == "(":
            if len(open_ones) > DEEPEST:
                raise ValueError(f"parentheses stand more than {DEEPEST} deep in each other")
            open_ones.append([[]])
        elif token == "|":
            open_ones[-1].append([])
        elif token == ")" and len(open_ones) > 1:
            closed = open_ones.pop()
            open_ones[-1][-1].append(closed)
        elif token == ")":
            break
        else:
            open_ones[-1][-1].append(token)
    else:
        if len(open_ones) == 1:
            return open_ones[0]
    raise ValueError("a parenthesis is not closed, or was never opened")


def _write(choice: _Choice, inner: str) -> str:
    sides = ["".join(_write_part(part, inner) for part in side) for side in choice]
    return f"(?:{'|'.join(sides)})"


def _write_part(part: str | _Choice, inner: str) -> str:
    if not isinstance(part, str):
        return _write(part, inner)
    if part.startswith("("):
        return _write_group(part)
    if part.startswith("..."):
        barred = f"(?!{_write_group(part[4:])})" if "!" in part else ""
        return rf"(?:{barred}\S+ ){{0,5}}?"
    if part == "{sign}" and inner:
        return f"(?:{inner})"
    if part.startswith("{"):
        raise ValueError(f"{part} is no group of words")
    return r"\S+ " if part == "*" else "".join(map(_write_word, _split(part)))


@lru_cache(1024)
def _write_group(group: str) -> str:
    return _write(_parse(group[1:-1]), "")


def _split(part: str) -> list[str]:
    """The words of a part, as a text would be split: can't is two of them."""
    if part.isascii() and part.isalpha() and part.islower():
        return [part]
    words = split_words(re.sub(r"[*#]", "", part)) or [""]
    if not re.fullmatch(r"[^*#]*#*\*?", part) or not (words[0] or "#" in part):
        raise ValueError(f"{part!r} is no word")
    return [*words[:-1], words[-1] + re.sub(r"[^*#]", "", part)]


def _write_word(word: str) -> str:
    return re.escape(word.rstrip("*#")) + r"\d" * word.count("#") + (r"\w* " if word.endswith("*") else " ")


def index_signs(lists: Iterable[Iterable[str]]) -> SignIndex:
    """The index of some lists of signs.

    >>> words, signs = index_signs([["headache"], ["my chest", "(chest|heart) pain"]])
    >>> words["chest"], [signs[int(words[word])] for word in ("headache", "my", "pain")]
    ('2 4', ['0 0', '1 0 2', '1 1 4'])
    """
    needs: dict[frozenset[str], int] = {}
    found: dict[int, list[str]] = {}
    for place, signs in enumerate(lists):
        for number, sign in enumerate(signs):
            ordered = sorted(dict.fromkeys(Sign(sign).needs), key=len)
            rarest, *others = (needs.setdefault(need, len(needs)) for need in ordered)
            found.setdefault(rarest, []).append(" ".join(map(str, (place, number, *others))))
    met: dict[str, list[str]] = {}
    for need, known in needs.items():
        for word in sorted(need):
            met.setdefault(word, []).append(str(known))
    return {word: " ".join(some) for word, some in met.items()}, [";".join(found.get(n, ())) for n in needs.values()]


class SignLists:
    """Lists of signs, each sign read when its words first turn up. `index` is theirs by `index_signs`."""

    def __init__(self, lists: Iterable[Sequence[str]], index: SignIndex | None = None) -> None:
        self._lists = tuple(lists)
        self._words, self._found = index or index_signs(self._lists)
        self._ends = find_ends(self._words)
        self._opened: dict[str, list[tuple[int, int, frozenset[str], Sign]]] = {}

    def find_possible(self, words: Iterable[str]) -> list[tuple[int, Sign]]:
        """The signs that a text of these words may hold, as far as the words' order leaves it open.

        In the order of the lists, each with the place of its list. Raises ModelError where the index is not theirs.
        """
        ways = spell_ways(words, self._ends) & self._words.keys()
        met = set(" ".join([self._words[way] for way in ways]).split())
        found = [sign for need in met for sign in self._open(need) if met.issuperset(sign[2])]
        return [(place, sign) for place, _, _, sign in sorted(found, key=itemgetter(0, 1))]

    def check(self) -> None:
        """Look the whole index through. Raises ModelError where it is not that of the lists."""
        for need in {*map(str, range(len(self._found))), *" ".join(self._words.values()).split()}:
            self._open(need)

    def _open(self, need: str) -> list[tuple[int, int, frozenset[str], Sign]]:
        """The signs of which a need is the rarest: the place of their list, theirs in it, and their other needs."""
        if need not in self._opened:
            try:
                known = int(need)
                listed = [[*map(int, sign.split())] for sign in filter(None, self._found[known].split(";"))]
                needs = [known, *(other for _, _, *others in listed for other in others)]
                if min([known, *chain.from_iterable(listed)]) < 0 or max(needs) >= len(self._found):
                    raise IndexError
                self._opened[need] = [
                    (place, number, frozenset(map(str, others)), Sign(self._lists[place][number]))
                    for place, number, *others in listed
                ]
            except (IndexError, ValueError):
                raise ModelError("an index that is not that of its signs") from None
        return self._opened[need]


class Sign:
    """One sign, compiled when its words first turn up: nearly every text has few of them."""

    def __init__(self, sign: str) -> None:
        self._sign = sign

    @cached_property
    def needs(self) -> tuple[frozenset[str], ...]:
        """Sets of words, as `spell_ways` spells them, of which a text must hold one each."""
        return _needs(_parse(self._sign))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """See `compile_sign`."""
        return compile_sign(self._sign)

    @cached_property
    def whole(self) -> re.Pattern[str]:
        """The pattern of a text that is the sign and nothing else."""
        return re.compile(f" {write_pattern(self._sign)}")


def find_ends(ways: Iterable[str]) -> dict[str, list[int]]:
    """By their first letter, how many letters of signs' words stand before a *.

    >>> find_ends(["numb*", "nausea*", "new", "weak*"])
    {'n': [4, 6], 'w': [4]}
    """
    ends: dict[str, set[int]] = {}
    for way in ways:
        if way.endswith("*"):
            ends.setdefault(way[0], set()).add(len(way) - 1)
    return {first: sorted(lengths) for first, lengths in ends.items()}


def spell_ways(words: Iterable[str], ends: Mapping[str, Sequence[int]]) -> set[str]:
    """How signs may write some words: as they are, their digits as #, and what begins them, up to `ends`, with *.

    >>> sorted(spell_ways(["numbness", "20"], {"n": [4, 6]}))
    ['##', '20', '2#', 'numb*', 'numbne*', 'numbness']
    """
    ways = set(words)
    for word in [word for word in ways if not word.isalpha()]:  # As few are.
        digits = re.sub(r"\d", "#", word[:LONGEST])
        ways.update(word[:at] + digits[at:] + word[LONGEST:] for at in range(len(digits)))
    return ways | {f"{way[:end]}*" for way in ways for end in ends.get(way[:1], ()) if end <= len(way)}


def _needs(choice: _Choice) -> tuple[frozenset[str], ...]:
    """Sets of words of which a text must hold one each, as far as that can be told without looking at their order."""
    sides = [[need for part in side for need in _needs_of(part)] for side in choice]
    if len(sides) == 1:
        return tuple(sides[0])
    return (frozenset().union(*map(_pick_rarest, sides)),) if all(sides) else ()


def _pick_rarest(needs: Sequence[frozenset[str]]) -> frozenset[str]:
    """The need that the fewest texts may meet: of "not (more|enough) food", the food. Short words are common."""
    return max(needs, key=lambda need: min(map(len, need)))


def _needs_of(part: str | _Choice) -> Iterator[frozenset[str]]:
    if not isinstance(part, str):
        yield from _needs(part)
    elif part.startswith("("):
        yield from _needs_of_group(part)
    elif part != "*" and not part.startswith(("...", "{")):
        yield from (frozenset([word]) for word in _split(part))


@lru_cache(1024)
def _needs_of_group(group: str) -> tuple[frozenset[str], ...]:
    return _needs(_parse(group[1:-1]))
