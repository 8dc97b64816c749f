"""The rules themselves, apart from the intents that recognise danger too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import Bot
from bot.safety import RedFlags
from bot.signs import compile_sign
from bot.text import split_words
from bot.types import Rule
from bot.understand import decide, read, understand

DANGER = {
    "crushing pain in my chest and my arm is numb": "chest_pain",
    "his face is drooping and his speech is slurred now": "stroke",
    "she can't breathe": "breathing",
    "I want to kill myself": "suicide",
    "my husband hits me": "violence_at_home",
    "back pain and I can't pee, numb between my legs": "cauda_equina",
    "he took too many pills": "overdose_and_poison",
    "I smell gas in the hallway": "fire_and_gas",
}
HARMLESS = (
    "OT after a stroke",
    "heart attack recovery",
    "my knee hurts me when I climb stairs",
    "the history of asylums",
    "these stairs will be the death of me",
    "is there a choking hazard in the toy box",
    "I overdosed on coffee this morning",
)


@pytest.mark.parametrize(("text", "flag"), DANGER.items())
def test_a_rule_sees_the_danger(bot: Bot, text: str, flag: str) -> None:
    found = bot.flags.match([split_words(text)])
    assert found is not None
    assert found.flag == flag
    reply = bot.ask(text)
    assert (reply.kind, reply.intent, reply.text) == ("urgent", flag, bot.model.pack.cards[found.card])


@pytest.mark.parametrize("text", HARMLESS)
def test_a_topic_word_is_no_danger(bot: Bot, text: str) -> None:
    assert bot.flags.match([split_words(text)]) is None


def test_the_repaired_text_is_read_too_and_an_exception_hides_only_what_it_covers() -> None:
    flags = RedFlags([Rule("pain", "medical", ("chest pain",), ("no chest pain",))])
    assert flags.match([("chst", "pain"), ("chest", "pain")])
    assert flags.match([("no", "chest", "pain")]) is None
    assert flags.match([("no", "chest", "pain", "yesterday", "but", "chest", "pain", "now")])


def test_signs() -> None:
    assert compile_sign("numb* ... (legs|groin area)").search(" numbness in both my legs ")
    assert compile_sign("numb* ... (legs|groin area)").search(" numb groin area ")
    assert not compile_sign("numb ... legs").search(" numb one two three four five six legs ")
    assert not compile_sign("pain").search(" painting ")


def test_a_declined_question_that_may_be_danger_gets_no_general_passage(bot: Bot) -> None:
    utterance = read("should i stretch my sore knee", bot.model, {})
    meant = understand(utterance, bot.model)
    kinds = {"answer": 0.3, "out_of_scope": 0.0, "advice": 0.6, "smalltalk": 0.0}
    calm = decide(utterance, replace(meant, kinds={**kinds, "urgent": 0.01}), bot.model)
    worried = decide(utterance, replace(meant, kinds={**kinds, "urgent": 0.1}), bot.model)
    assert (calm.kind, worried.kind) == ("advice", "advice")
    assert calm.quotes
    assert not worried.quotes


def test_what_may_be_danger_gets_the_card_or_no_quote_at_all(bot: Bot) -> None:
    utterance = read("can physical therapy help with my balance", bot.model, bot._phrases)
    meant = understand(utterance, bot.model)
    assert decide(utterance, meant, bot.model).kind == "answer"
    likely = {"answer": 0.3, "out_of_scope": 0.1, "advice": 0.1, "urgent": 0.5, "smalltalk": 0.0}
    perhaps = {"answer": 0.4, "out_of_scope": 0.1, "advice": 0.2, "urgent": 0.3, "smalltalk": 0.0}
    assert decide(utterance, replace(meant, kinds=likely), bot.model).kind == "urgent"
    decision = decide(utterance, replace(meant, kinds=perhaps), bot.model)
    assert decision.kind in ("advice", "out_of_scope")
    assert not decision.quotes


def test_a_doubtful_answer_is_a_question_back(bot: Bot) -> None:
    utterance = read("can physical therapy help with my balance", bot.model, bot._phrases)
    meant = understand(utterance, bot.model)
    decision = decide(utterance, replace(meant, confidence=0.2), bot.model)
    assert decision.kind == "clarify"
    assert 2 <= len(decision.choices) <= 4
