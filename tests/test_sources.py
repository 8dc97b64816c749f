from __future__ import annotations

import pytest

from bot import Bot
from bot.text import index_phrases
from bot.understand import read


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("what does Clearing say about massage", {"clearing"}),
        ("per evergreen health, who gets OT", {"evergreenhealth"}),
        ("Clearing vs EvergreenHealth on caregivers", {"clearing", "evergreenhealth"}),
        ("do both articles say where therapists work", {"clearing", "evergreenhealth"}),
        ("the sources agree on that?", {"clearing", "evergreenhealth"}),
        ("both of my knees hurt", set()),
        ("what is OT", set()),
    ],
)
def test_the_articles_that_are_asked_for(bot: Bot, asked: str, named: set[str]) -> None:
    words = read(asked, bot.model, index_phrases(bot.model.pack.synonyms)).words
    assert bot.model.sources.named(words) == named


def test_a_named_article_is_quoted_first_and_both_if_both_are(bot: Bot) -> None:
    for name in ("EvergreenHealth", "Clearing"):
        assert bot.ask(f"according to {name}, what is the goal of physical therapy").citations[0].publisher == name
    both = bot.ask("what do both articles say the goal of physical therapy is")
    assert {citation.publisher for citation in both.citations[:2]} == {"EvergreenHealth", "Clearing"}
