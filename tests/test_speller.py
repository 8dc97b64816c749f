from __future__ import annotations

import pytest

from bot import Bot
from bot.speller import Speller
from bot.understand import read

WORDS = ("the", "can", "you", "help", "pain", "physical", "therapist", "muscle", "wake", "health", "which", "with")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("teh", "the"),
        ("cna", "can"),
        ("hlep", "help"),
        ("pian", "pain"),
        ("physcial", "physical"),
        ("phyiscl", "physical"),  # two edits of a long word
        ("thearpsit", "therapist"),
        ("mucsle", "muscle"),
        ("wke", "wake"),
        ("painnn", "pain"),
        ("helpyou", "help you"),
    ],
)
def test_a_slip_is_mended(typed: str, meant: str) -> None:
    assert Speller(WORDS).repair(typed) == meant


@pytest.mark.parametrize("typed", ["tkr", "haiti", "wanda", "xyzzy", "a", "", "4th"])
def test_what_is_near_nothing_stays(typed: str) -> None:
    assert Speller((*WORDS, "hair")).repair(typed) is None


def test_the_neighbours_choose_between_two_that_are_as_near() -> None:
    speller = Speller(["wake", "walk"])
    assert speller.repair("wak", {"wake": -1.0, "walk": -6.0}.__getitem__) == "wake"
    assert speller.repair("wak", {"wake": -6.0, "walk": -1.0}.__getitem__) == "walk"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("does taht hlep with pian", "does that help with pain"),
        ("wich one is for my hands", "which one is for my hands"),
        ("cnat do up my buttns", "can not do up my buttons"),
        ("is a physcial therpist a docter", "is a physical therapist a doctor"),
    ],
)
def test_slips_that_stand_among_the_examples_are_no_words(bot: Bot, typed: str, words: str) -> None:
    assert " ".join(read(typed, bot.model, bot._phrases).words) == words


def test_names_and_good_words_that_no_example_holds_stay(bot: Bot) -> None:
    utterance = read("My aunt Keshia from Tulza plays the ukulele", bot.model, bot._phrases)
    assert utterance.repairs == ()
