"""Whatever the product says in its own words reads at the sixth grade or below (Flesch-Kincaid), file by file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import readability

from bot import Bot, plain
from bot.intents import read_content
from bot.text import split_words
from conftest import ROOT

FILES = sorted((ROOT / "intents").rglob("*.yaml"))
SPANISH = "in_spanish"
PROFESSIONS = r"(physical|occupational) therap(y|ists?)"
NOT_SAID = ("months", "date", "source", "published", "undated", "overdue", "languages", "other_languages")
BLAME = re.compile(r"\b(you (should|must) have|you failed|wrong of you|careless|obviously)\b", re.I)


def said(file: Path) -> Iterator[str]:
    """What a file of the pack has the product say: wording, cards, replies, menus; not the pieces of a source line."""
    content = read_content([(file, file.name)])
    yield from (text.value for key, text in content.wording.items() if key not in NOT_SAID)
    yield from (card.value for card in content.cards.values())
    yield from (draft.reply.value for draft in content.intents if draft.reply and draft.name.value != SPANISH)
    yield from (draft.question for draft in content.intents if draft.question)


def grade(texts: list[str], names: list[str]) -> float:
    """The Flesch-Kincaid grade of some texts; each of `names` counts as one short word, as does a number to call."""
    short = re.compile("|".join([PROFESSIONS, r"\{\w+\}", *map(re.escape, names)]), re.I)
    sentences = [s for text in texts for s in re.split(r"(?<=[.!?:])\s+|\n", short.sub("Tom", text)) if split_words(s)]
    lines = (" ".join(split_words(sentence)) + " ." for sentence in sentences)
    return float(readability.getmeasures("\n".join(lines), lang="en")["readability grades"]["Kincaid"])


@pytest.mark.parametrize("file", [f for f in FILES if list(said(f))], ids=lambda f: f.stem)
def test_it_reads_at_grade_six_or_below(file: Path, bot: Bot) -> None:
    names = [article.publisher for article in bot.articles.values()]
    texts = list(said(file))
    assert grade(texts, names) <= 6
    for text in texts:
        if len(split_words(text)) > 12:  # The measure says little of less.
            assert grade([text], names) <= 8, text


def test_the_measure_tells_hard_from_plain() -> None:
    assert grade(["Call now. Tell the front desk."], []) < 3
    hard = "Individuals experiencing considerable discomfort should immediately consult qualified physicians."
    assert grade([hard], []) > 12
    assert grade(["Physical therapists help."], []) == grade(["Tom help."], [])


def test_the_grade_that_check_gives_is_near_that_of_the_library(bot: Bot) -> None:
    names = [article.publisher for article in bot.articles.values()]
    known = ["physical therapy", "physical therapist", "occupational therapy", "occupational therapist", *names]
    texts = [text for file in FILES for text in said(file) if len(split_words(text)) > 12]
    assert len(texts) > 20
    apart = [plain.grade(text, known) - grade([text], names) for text in texts]
    assert -1 < min(apart) <= max(apart) < 2
    assert abs(sum(apart) / len(apart)) < 0.75


def test_it_never_blames() -> None:
    for file in FILES:
        for text in said(file):
            assert not BLAME.search(text), text
