from __future__ import annotations

from bot import Bot
from bot.compose import Composer
from bot.model import Model


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
    return "\n\n".join(composer._blocks(composer.cite(found)))


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
