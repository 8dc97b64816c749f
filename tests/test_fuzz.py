"""Questions that nobody wrote: words of the pack, junk and pieces of examples thrown together.

A short run by default; PATIENT_GUIDE_FUZZ=100000 is the long one.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence

from bot import Bot
from bot.folder import shipped_root
from bot.pack import load_pack
from conftest import assert_sound

COUNT = int(os.environ.get("PATIENT_GUIDE_FUZZ", "400"))
JUNK = (
    "\x1b[31m",
    "\u202e",
    "\x00",
    "😀",
    "???",
    "¿",
    "漢字",
    "1234567890",
    "a" * 300,
    "'",
    "\t",
    "…",
    "{emergency}",
    "%s",
)


def recombine(examples: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> Callable[[random.Random], str]:
    """A maker of questions: halves of two examples, shuffled words, single words, with junk now and then."""

    def make(chance: random.Random) -> str:
        one, other = chance.choice(examples), chance.choice(examples)
        words = [*one[: len(one) // 2], *other[len(other) // 2 :]]
        match chance.randrange(4):
            case 0:
                chance.shuffle(words)
            case 1:
                words = chance.choices(vocabulary, k=chance.randint(1, 25))
            case 2:
                words = [*words, *chance.choice(examples)]
        if chance.random() < 0.2:
            words.insert(chance.randint(0, len(words)), chance.choice(JUNK))
        text = " ".join(words)
        return chance.choice((text, text.upper(), text.capitalize() + "?", text.replace(" ", "", 2)))

    return make


def test_no_question_breaks_a_promise(bot: Bot) -> None:
    pack = load_pack(shipped_root())
    examples = [example.text.split() for intent in pack.intents.values() for example in intent.examples]
    make = recombine(examples, bot.model.vocabulary.split())
    chance = random.Random(COUNT)
    session = bot.session()
    kinds = set()
    for number in range(COUNT):
        question = make(chance)
        if number % 10 == 0:
            session = bot.session()
        for reply in (bot.ask(question), session.ask(question)) if number % 5 == 0 else (bot.ask(question),):
            assert_sound(bot, reply)
            kinds.add(reply.kind)
    assert {"answer", "advice", "out_of_scope", "urgent"} <= kinds


def test_every_reply_with_a_quote_names_source_notice_and_interest(bot: Bot) -> None:
    for intent in bot.intents.values():
        if intent.kind == "answer" and intent.quotes:
            reply = bot.ask(intent.question)
            assert bot.wording["notice"] in reply.text
            for citation in reply.citations:
                article = bot.articles[citation.article]
                assert f"— {article.publisher}, “{article.title}”, section “{citation.section}”" in reply.text
                assert article.interest in reply.text
                assert ("October 21, 2025" if article.published else bot.wording["undated"]) in reply.text
