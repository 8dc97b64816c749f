"""Examples that are questions which a pack is judged by: such a question measures memory, not understanding."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path

from bot.labelled import EvalError
from bot.text import split_words
from bot.types import Pack
from bot.written import Problem

__all__ = ["find_alike", "find_leaks", "is_alike"]

ALIKE = 85
"""Similarity in 0..100 of two texts' sorted words from which their words are compared one by one."""

SMALL = 3
"""Letters of a word that may be there or not."""

SHORTEST = 3
"""Words of a question from which being alike, and not only the same, counts: short ones are alike by chance."""


def find_leaks(pack: Pack, file: Path) -> Iterator[Problem]:
    """Examples in the words, or nearly, of a question in `file`.

    `file` holds a JSON object a line, with a question `q` or a conversation of `turns`. Raises EvalError for another.
    """
    yield from find_alike(pack, _read_questions(file))


def find_alike(pack: Pack, asked: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """Examples in the words, or nearly, of a question that a pack is judged by: (place, question)."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 (only this check needs it)

    examples = [(intent.name, example) for intent in pack.intents.values() for example in intent.examples]
    arranged = [" ".join(sorted(example.words)) for _, example in examples]
    for place, question in asked:
        words = " ".join(sorted(split_words(question)))
        cutoff = ALIKE if len(words.split()) >= SHORTEST else 100
        for _, score, at in process.extract(words, arranged, scorer=fuzz.ratio, score_cutoff=cutoff, limit=None):
            name, example = examples[at]
            if score < 100 and not is_alike(split_words(question), example.words, pack.synonyms):
                continue
            same = "the same as" if score == 100 else "nearly the same as"
            fact = f"{place} asks {same} this example of {name}: {question!r}"
            remedy = "reword one of the two: what was learned by heart shows nothing"
            yield Problem(example.file, example.line, example.column, fact, remedy)


def is_alike(one: Sequence[str], other: Sequence[str], telling: Container[str]) -> bool:
    """Whether two texts have the same words but for slips and for small words that are not `telling`.

    >>> is_alike("do they use ice".split(), "do thay use any ice".split(), {"pt", "ot"})
    True
    >>> is_alike("history of pt".split(), "history of ot".split(), {"pt", "ot"})
    False
    """
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    def has(words: Sequence[str], word: str) -> bool:
        slips = max(1, len(word) // 4)
        return word in words or (len(word) > SMALL and any(OSA.distance(word, w) <= slips for w in words))

    left = [w for w in one if not has(other, w)] + [w for w in other if not has(one, w)]
    return all(len(word) <= SMALL and word not in telling for word in left)


def _read_questions(file: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(f"{file}: cannot be read as UTF-8 text: {error}\n    -> name a file of questions") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
                questions = [turn["q"] for turn in row["turns"]] if "turns" in row else [row["q"]]
                yield from ((f"{file}:{number}", str(question)) for question in questions)
            except (ValueError, KeyError, TypeError) as error:
                remedy = 'write {"q": "…"} or {"turns": [{"q": "…"}]}'
                raise EvalError(f"{file}:{number}:1: not a question: {error}\n    -> {remedy}") from None
