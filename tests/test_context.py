"""What an utterance means after another: read without a model, in the words of the shipped pack."""

from __future__ import annotations

import pytest

from bot import Bot
from bot.context import Context, Reading
from bot.text import split_words
from bot.types import Talk


@pytest.fixture(scope="module")
def talk(bot: Bot) -> Talk:
    return bot.model.pack.talk


@pytest.fixture(scope="module")
def context(talk: Talk) -> Context:
    return Context(talk, [("clearing",), ("evergreen", "health")])


def read(context: Context, said: str, thread: str = "", subject: int | None = None) -> Reading:
    return context.read(tuple(split_words(said)), tuple(split_words(thread)), subject)


@pytest.mark.parametrize("said", ["and occupational therapy?", "what about occupational", "no i meant occupational"])
def test_a_subject_alone_is_asked_the_last_question(context: Context, said: str) -> None:
    asked = read(context, said, "how are physical therapists trained", 0)
    assert asked.words == ("how", "are", "occupational", "therapists", "trained")
    assert not asked.is_open


def test_the_other_one_is_the_subject_that_was_not_spoken_of(context: Context) -> None:
    assert read(context, "and the other one?", "the goal of physical therapy", 0).words[-2:] == (
        "occupational",
        "therapy",
    )
    assert read(context, "and the other one?", "the goal of occupational therapy", 1).words[-2:] == (
        "physical",
        "therapy",
    )
    inside = read(context, "would the other kind help my back", "can physical therapy help my back", 0)
    assert inside.words == ("would", "occupational", "therapy", "help", "my", "back")


def test_the_other_one_of_nothing_is_lost(context: Context) -> None:
    assert read(context, "and the other one?").is_lost
    assert not read(context, "is the other knee normal after surgery").is_lost


def test_they_are_who_is_spoken_of(context: Context) -> None:
    asked = read(context, "do they need a license", "what is occupational therapy", 1)
    assert asked.is_open
    assert " ".join(asked.filled) == "do occupational therapists need a license"
    assert " ".join(asked.joined) == "what is occupational therapy do they need a license"


def test_a_publisher_that_was_named_stays_in_mind(context: Context) -> None:
    asked = read(context, "can they be adjusted", "what does clearing offer at home")
    assert " ".join(asked.filled) == "can clearing be adjusted"


def test_a_long_question_of_its_own_is_closed(context: Context) -> None:
    said = "which kinds of exercise machines does a rehabilitation gym usually have for older people"
    assert not read(context, said, "how are therapists trained", None).is_open


def test_two_subjects_are_no_swap(context: Context) -> None:
    asked = read(context, "physical therapy or occupational therapy", "who treats hands", 0)
    assert asked.words == ("physical", "therapy", "or", "occupational", "therapy")


@pytest.mark.parametrize(
    ("said", "place"),
    [("2", 1), ("the second one", 1), ("number two please", 1), ("first", 0), ("the last one", 2), ("one", 0)],
)
def test_a_place_in_a_list(context: Context, said: str, place: int) -> None:
    assert context.find_places(split_words(said), 3) == (place,)


@pytest.mark.parametrize("said", ["4", "0", "99", "two hands", "the fourth", "", "third time lucky"])
def test_what_is_no_place_in_a_list_of_three(context: Context, said: str) -> None:
    assert context.find_places(split_words(said), 3) == ()


def test_words_that_only_one_choice_holds_pick_it(context: Context) -> None:
    offered = ["What is physical therapy?", "What is occupational therapy?", "Do therapists use heat?"]
    assert context.find_words(("occupational",), offered) == 1
    assert context.find_words(("heat", "please"), offered) == 2
    assert context.find_words(("therapy",), offered) is None
    assert context.find_words(("heat", "for", "my", "knee"), offered) is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("tell me more", "more"),
        ("why is that", "why"),
        ("say that again please", "repeat"),
        ("which article is that from", "sources"),
        ("do both of them say that", "other_source"),
        ("none of these", "neither"),
        ("in simpler words please", "plainer"),
        ("start over", "restart"),
        ("why do they need a license", None),
        ("more exercises for my back", None),
    ],
)
def test_follow_ups_by_their_signs(context: Context, said: str, name: str | None) -> None:
    assert context.find_follow_up([split_words(said)]) == name


def test_a_pack_without_lists_reads_every_utterance_as_it_stands() -> None:
    bare = Context(Talk({}))
    assert bare.read(("and", "you"), ("who", "are", "we"), None).words == ("and", "you")
    assert bare.find_places(["2"], 3) == (1,)
    assert bare.find_follow_up([["more"]]) is None
