"""Questions that nobody wrote: words of the pack, junk and pieces of examples thrown together.

A short run by default; PATIENT_GUIDE_FUZZ=100000 is the long one.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence

from bot import Bot
from bot.pack import load_pack, shipped_root
from bot.types import Citation, Lead, Reply

COUNT = int(os.environ.get("PATIENT_GUIDE_FUZZ", "400"))
CONTROL = set(
    map(chr, (*range(9), 11, *range(13, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)
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


def find_fault(reply: Reply, bot: Bot) -> str:
    """What breaks the contract's promises in a reply, or ""."""
    quotes: list[Citation | Lead] = list(reply.citations)
    for citation in reply.citations:
        quotes += [citation.lead] if citation.lead else []
        text = bot.articles[citation.article].text
        if any(text[q.start : q.end] != q.quote for q in (citation, citation.lead) if q):
            return "an altered quote"
    if any(citation.quote not in reply.text for citation in reply.citations):
        return "a quote that is not shown"
    if reply.kind == "answer" and not reply.citations:
        return "an answer without a citation"
    if reply.kind == "urgent" and reply.citations:
        return "an article under a safety card"
    if len(reply.citations) > 4 or sum(len(q.quote.split()) for q in quotes) > 120 or len(reply.text.split()) > 220:
        return "too much to read"
    if CONTROL & set(reply.text):
        return "a control character"
    if reply.kind in ("advice", "out_of_scope", "unreadable", "urgent") and "911" not in reply.text:
        return f"no number to call in {reply.kind}"
    return "" if reply.text.strip() else "an empty text"


def test_no_question_breaks_a_promise(bot: Bot) -> None:
    pack = load_pack(shipped_root())
    examples = [example.text.split() for intent in pack.intents.values() for example in intent.examples]
    make = recombine(examples, bot.model.vocabulary)
    chance = random.Random(COUNT)
    session = bot.session()
    kinds = set()
    for number in range(COUNT):
        question = make(chance)
        if number % 10 == 0:
            session = bot.session()
        for reply in (bot.ask(question), session.ask(question)) if number % 5 == 0 else (bot.ask(question),):
            fault = find_fault(reply, bot)
            assert not fault, (fault, question, reply.text)
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
