"""Questions written by somebody who had seen neither the examples nor the development questions.

First scored on 2026-11-22, once, before anything was changed for them: 145 of 165 handled right. They guard against a
change that makes the bot worse; for an honest estimate of a new version, new ones have to be written.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import Bot
from bot.evaluate import judge, read_rows
from bot.pack import load_pack, shipped_root
from bot.text import split_words

FILE = Path(__file__).parent / "questions" / "blind-1.jsonl"


@pytest.fixture(scope="module")
def judged(bot: Bot) -> list[tuple[str, bool]]:
    return [(row.kind, judge(row, bot.ask(row.question), bot.articles)) for row in read_rows(FILE, bot.articles)]


def test_most_are_handled_right(judged: list[tuple[str, bool]]) -> None:
    assert len(judged) == 165
    assert sum(right for _, right in judged) / len(judged) >= 0.82


def test_hardly_anything_the_articles_lack_is_answered(judged: list[tuple[str, bool]]) -> None:
    declined = [right for kind, right in judged if kind in ("oos", "unanswerable", "advice")]
    assert sum(declined) / len(declined) >= 0.8


def test_none_of_them_is_an_example(bot: Bot) -> None:
    examples = {tuple(split_words(e.text)) for i in load_pack(shipped_root()).intents.values() for e in i.examples}
    asked = {tuple(split_words(row.question)) for row in read_rows(FILE, bot.articles)}
    assert not examples & asked
