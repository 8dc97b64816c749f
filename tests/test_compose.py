from __future__ import annotations

import pytest

from bot import Bot
from bot.compose import Composer, write_out
from bot.model import Model
from bot.types import Decision


def _block(bot: Bot, *stretches: str) -> str:
    """The quotes of the shipped intents that hold these stretches, put together as one answer."""
    model: Model = bot.model
    found = []
    for stretch in stretches:
        quotes = (q for intent in model.pack.intents.values() for q in intent.quotes)
        found.append(
            next(q for q in quotes if model.pack.articles[q.article].text[q.start : q.end].startswith(stretch))
        )
    composer = Composer(model.pack)
    return write_out(composer._blocks(composer.cite(found)))


def test_items_of_one_list_share_their_lead(bot: Bot) -> None:
    text = _block(bot, "Heat or cold", "Muscle and deep")
    assert text.startswith(
        "Popular exercises prescribed by physical therapists include:\n• Heat or cold therapy\n• Muscle"
    )
    assert text.count("no date given") == 1


def test_an_item_behind_another_thought_is_led_anew(bot: Bot) -> None:
    text = _block(bot, "Heat or cold", "Physical therapists are true experts", "Muscle and deep")
    assert text.count("Popular exercises prescribed by physical therapists include:") == 2
    assert "\n\nPhysical therapists are true experts in movement, strength and balance.\n\nPopular" in text


def test_a_quote_that_was_the_lead_of_another_stands_once(bot: Bot) -> None:
    text = _block(bot, "Their treatment plans help", "So physical therapists use")
    assert text.count("So physical therapists use their problem solving skills") == 1


def test_a_quote_that_another_leans_on_comes_first_with_its_own_lead(bot: Bot) -> None:
    composer = Composer(bot.model.pack)
    quotes = dict.fromkeys(q for intent in bot.intents.values() for q in intent.quotes)
    pairs = [
        (one, other)
        for one in quotes
        for other in quotes
        if one.lead and other.lead and one.article == other.article
        if one.lead.start <= other.start and other.end <= one.lead.end
    ]
    assert pairs
    for one, other in pairs:
        reply = composer.answer(Decision("answer", "what_is_pt", 1.0, (one, other)), (), ()).reply
        for citation in reply.citations:
            assert citation.lead is None or citation.lead.quote in reply.text


def test_what_does_not_fit_waits_for_more(bot: Bot) -> None:
    composer = Composer(bot.model.pack)
    quotes = tuple(dict.fromkeys(q for intent in bot.intents.values() for q in intent.quotes))
    longest = sorted(quotes, key=composer._length)[-8:]
    answer = composer.answer(Decision("answer", "what_is_pt", 1.0, tuple(longest)), (), ())
    assert sum(map(composer._length, answer.shown)) <= 120
    assert len(answer.shown) <= 4
    assert set(answer.shown) | set(answer.waiting) == set(longest)
    assert answer.waiting


def test_suggestions_give_way_to_the_limit_of_words(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    composer = Composer(bot.model.pack)
    offers = tuple(name for name, intent in bot.intents.items() if intent.quotes)[:3]
    decision = Decision("answer", "what_is_pt", 1.0, bot.intents["what_is_pt"].quotes)
    assert len(composer.answer(decision, offers, ()).reply.suggestions) == 3
    bare = composer.answer(decision, (), ()).reply
    room = len(bare.text.split()) + len(bot.wording["if_now"].split())
    monkeypatch.setattr("bot.compose.MOST_WORDS", room)
    short = composer.answer(decision, offers, ()).reply
    assert len(short.suggestions) < 3
    assert short.citations == bare.citations


def test_quotes_give_way_last_and_never_the_first(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    composer = Composer(bot.model.pack)
    decision = Decision("answer", "what_is_pt", 1.0, bot.intents["what_is_pt"].quotes, parts=2)
    whole = composer.answer(decision, ())
    monkeypatch.setattr("bot.compose.MOST_WORDS", len(whole.reply.text.split()))
    cut = composer.answer(decision, ())
    assert cut.reply.citations == whole.reply.citations[: len(cut.reply.citations)]
    assert 1 <= len(cut.reply.citations) < len(whole.reply.citations)
    assert set(whole.shown) - set(cut.shown) <= set(cut.waiting)
    monkeypatch.setattr("bot.compose.MOST_WORDS", 1)
    assert len(composer.answer(decision, ()).reply.citations) == 1
