"""Questions written by people who had seen neither the examples nor the development questions.

Each file was scored once before anything was changed for it: blind-1 on 2026-11-22, 145 of 165 handled right; blind-2
on 2026-11-24, 166 of 176. They guard against a change that makes the bot worse; for an honest estimate of a new
version, new ones have to be written.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import Bot
from bot.labelled import judge, read_rows
from bot.pack import load_pack, shipped_root
from bot.text import split_words

FOLDER = Path(__file__).parent / "questions"
FILES = {"blind-1.jsonl": (165, 0.88), "blind-2.jsonl": (176, 0.92)}


@pytest.mark.parametrize("name", FILES)
def test_most_are_handled_right(bot: Bot, name: str) -> None:
    count, floor = FILES[name]
    judged = [
        (row.kind, judge(row, bot.ask(row.question), bot.articles)) for row in read_rows(FOLDER / name, bot.articles)
    ]
    assert len(judged) == count
    assert sum(right for _, right in judged) / count >= floor
    declined = [right for kind, right in judged if kind in ("oos", "unanswerable", "advice")]
    assert sum(declined) / len(declined) >= 0.8  # hardly anything the articles lack is answered


@pytest.mark.parametrize("name", FILES)
def test_none_of_them_is_an_example(bot: Bot, name: str) -> None:
    examples = {tuple(split_words(e.text)) for i in load_pack(shipped_root()).intents.values() for e in i.examples}
    asked = {tuple(split_words(row.question)) for row in read_rows(FOLDER / name, bot.articles)}
    assert not examples & asked
