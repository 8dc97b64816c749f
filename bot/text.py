"""Strings to strings: what a person typed, made safe and comparable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TypeAlias

__all__ = [
    "LONGEST",
    "MOST_TYPED",
    "PhraseTable",
    "clean",
    "cut_stretches",
    "draw_excerpt",
    "find_names",
    "fold",
    "index_phrases",
    "is_wordless",
    "open_clitics",
    "plain_marks",
    "replace_phrases",
    "split_words",
    "strip_controls",
    "use_one_of",
]

LONGEST = 2000
"""Characters of one utterance that are read; the rest is cut. Ten times the longest real question seen."""

MOST_TYPED = 4 * LONGEST
"""Characters of one utterance that are looked at for danger, of which the first `LONGEST` are answered."""

OVERLAP = 200
"""Characters that two stretches of a long utterance share, so that no sign of danger is cut in two."""

# Everything a terminal would obey or a reader cannot see: C0 and C1 controls, bidi marks and overrides,
# zero-width characters, variation selectors, bytes that were no UTF-8 (read as lone surrogates), and the tag block.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_ESCAPES = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-_])")
# Chinese and Japanese put no spaces between words: each sign counts as one.
_HAN = "\u3040-\u30ff\u3400-\u9fff"
_PLAIN_WORD = re.compile("[a-z0-9]+(?:'[a-z0-9]+)*")
_MARKS = str.maketrans(
    {**dict.fromkeys("‘’‚‛′`´", "'"), **dict.fromkeys("“”„‟″", '"'), **dict.fromkeys("‐‑‒–—―−", "-")}
)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+\b")
_CLITICS = re.compile(r"(?<=[^\W_])(n't|'(?:s|re|ve|ll|d|m))\b")
# Greek and Cyrillic letters that look Latin, as junk and look-alike spam mix them into Latin words.
_LOOKALIKES = str.maketrans("аеорсухіјѕԁһӏԛԝвкмнтυνοαρικτ", "aeopcyxijsdhlqwbkmhtuvoapikt")


def clean(text: str) -> str:
    r"""Remove what a terminal would obey or nobody can see, and cut at `LONGEST` characters.

    >>> clean("what is \x1b[31mPT\x1b[0m?\u202e")
    'what is PT?'
    """
    return _tidy(text)[:LONGEST].rstrip()


def cut_stretches(text: str) -> list[str]:
    """What of a text is looked at, cleaned, in stretches that can be read one by one.

    >>> [len(stretch) for stretch in cut_stretches("x" * 3000)]
    [2000, 1200]
    """
    whole = _tidy(text)
    starts = range(0, max(1, len(whole) - OVERLAP), LONGEST - OVERLAP)
    return [whole[start : start + LONGEST].strip() for start in starts]


def _tidy(text: str) -> str:
    head = text[:MOST_TYPED]  # Before anything slow: a megabyte may have been pasted.
    return " ".join(strip_controls(head.replace("\r", "\n")).split())


def strip_controls(text: str) -> str:
    """Remove what a terminal would obey or nobody can see; line breaks stay."""
    return _UNSEEN.sub("", _ESCAPES.sub("", text))


def draw_excerpt(line: str, column: int, longest: int = 100) -> str:
    """A line of a file, cut around a column (from 1), with a mark below the column; "" for a blank line.

    >>> print(draw_excerpt("  - quote: Ice", 12))
      - quote: Ice
               ^
    """
    start = max(0, min(column - 1 - longest // 2, len(line) - longest))
    shown = "".join(c if c.isprintable() else " " if c == "\t" else "\ufffd" for c in line[start : start + longest])
    before, after = "…" * (start > 0), "…" * (start + longest < len(line))
    return f"{before}{shown}{after}\n{' ' * (len(before) + column - 1 - start)}^" if shown.strip() else ""


def use_one_of(typed: str, names: Iterable[str], most: int = 12) -> str:
    """What to write in place of an unknown name: the nearest known one, if there is one, and all, if they are few.

    >>> use_one_of("anwser", ["answer", "reply"]), use_one_of("x", ["answer", "reply"])
    ('did you mean answer? use one of: answer, reply', 'use one of: answer, reply')
    """
    from difflib import get_close_matches  # noqa: PLC0415 (only a broken pack needs it)

    known = list(names)
    near = "".join(f"did you mean {name}? " for name in get_close_matches(typed, known, 1))
    few = f"use one of: {', '.join(known) or 'none'}"
    return near + (few if len(known) <= most else f"use one of the {len(known)}, such as {known[0]}")


def plain_marks(text: str) -> str:
    """Typographic quotes, dashes and spaces as their plain ones, character for character.

    >>> plain_marks("don’t – ever")
    "don't - ever"
    """
    return text.translate(_MARKS).replace("\u00a0", " ").replace("\u202f", " ")


def fold(text: str) -> str:
    """Case, accents, width and look-alike letters taken out; folding twice is folding once.

    >>> fold("FISIOTERAPIA: ¿qué es?")
    'fisioterapia: ¿que es?'
    """
    if text.isascii():  # As nearly every text is; nothing else that follows touches it.
        return text.replace("`", "'").lower()
    wide = unicodedata.normalize("NFKC", plain_marks(text)).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFD", wide) if not unicodedata.combining(c))
    if re.search("[a-z]", bare):
        bare = bare.translate(_LOOKALIKES)
    return unicodedata.normalize("NFC", plain_marks(bare))


def split_words(text: str) -> list[str]:
    """The words of a text, folded, contractions opened.

    >>> split_words("I can't do up my buttons, what's that?")
    ['i', 'can', 'not', 'do', 'up', 'my', 'buttons', 'what', 's', 'that']
    >>> split_words("胸痛 now")
    ['胸', '痛', 'now']
    """
    folded = fold(text)
    is_plain = folded.isascii()
    if is_plain and "'" not in folded:
        return _PLAIN_WORD.findall(folded)
    folded = folded.replace("can't", "can not").replace("won't", "will not")
    opened = _CLITICS.sub(lambda m: " not" if m[1] == "n't" else " " + m[1][1:], folded)
    pattern = _PLAIN_WORD if is_plain else _any_word()
    return [word for found in pattern.findall(opened) for word in found.split("'") if word]


@cache
def _any_word() -> re.Pattern[str]:
    """A word in any script; it takes longer to compile than most questions to answer, and few need it."""
    return re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+(?:'[^\W_{_HAN}]+)*")


_CLITIC_WORDS = {"m": "am", "re": "are", "ve": "have", "ll": "will", "s": "is"}


def open_clitics(words: Sequence[str]) -> list[str]:
    """The words with what is left of a shortened verb written out, as far as it can be told.

    >>> open_clitics(split_words("I'm ill and he's worse"))
    ['i', 'am', 'ill', 'and', 'he', 'is', 'worse']
    """
    return [_CLITIC_WORDS.get(word, word) for word in words]


def find_names(text: str) -> frozenset[str]:
    """The words written with a capital inside a sentence, folded: names, which no dictionary knows how to spell.

    >>> sorted(find_names("We live in Tulsa. My aunt Keisha had a STROKE"))
    ['keisha', 'tulsa']
    """
    return frozenset(map(fold, _NAME.findall(plain_marks(text))))


def is_wordless(text: str) -> bool:
    """Whether a text holds no letter at all: empty, symbols, emoji or digits only."""
    return not any(c.isalpha() for c in text)


PhraseTable: TypeAlias = Mapping[str, Sequence[tuple[tuple[str, ...], tuple[str, ...]]]]
"""By first word, longest first: the words of a phrase and the words to read instead."""


def index_phrases(synonyms: Mapping[str, str]) -> PhraseTable:
    """Synonyms, made ready for `replace_phrases`."""
    table: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for phrase, meaning in synonyms.items():
        if words := tuple(split_words(phrase)):
            table.setdefault(words[0], []).append((words, tuple(split_words(meaning))))
    return {first: sorted(rows, key=lambda row: -len(row[0])) for first, rows in table.items()}


def replace_phrases(words: Sequence[str], table: PhraseTable) -> list[str]:
    """`words` with every phrase of the table replaced, from left to right, the longest first.

    >>> replace_phrases(["see", "a", "physio"], index_phrases({"physio": "physical therapist"}))
    ['see', 'a', 'physical', 'therapist']
    """
    if table.keys().isdisjoint(words):
        return list(words)
    read: list[str] = []
    at = 0
    while at < len(words):
        for phrase, meaning in table.get(words[at], ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                read += meaning
                at += len(phrase)
                break
        else:
            read.append(words[at])
            at += 1
    return read
