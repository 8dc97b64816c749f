from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import Bot
from bot.folder import shipped_root
from bot.pack import load_pack
from bot.understand import read, understand
from conftest import assert_sound

HERE = Path(__file__).parent


def conversations() -> Iterator[tuple[str, list[tuple[str, list[str]]]]]:
    for path in sorted((HERE / "conversations").glob("*.txt")):
        for block in re.split(r"^--- ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            name, *lines = block.strip().split("\n")
            turns: list[tuple[str, list[str]]] = []
            for line in filter(str.strip, lines):
                if line.startswith("> "):
                    turns.append((line[2:], []))
                else:
                    turns[-1][1].append(line.strip())
            yield name, turns


@pytest.mark.parametrize(
    ("name", "turns"), list(conversations()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_conversation(bot: Bot, name: str, turns: list[tuple[str, list[str]]]) -> None:
    session = bot.session()
    for question, expectations in turns:
        reply = session.ask(question)
        for expectation in expectations:
            kind, *rest = shlex.split(expectation)
            assert reply.kind == kind, (question, reply.text)
            if rest[:1] == ["cites"]:
                shown = [(c.lead.quote if c.lead else "") + c.quote for c in reply.citations if c.article == rest[1]]
                assert any(rest[2] in text for text in shown), (question, reply.text)
            if rest[:1] == ["says"]:
                assert rest[1] in reply.text, (question, reply.text)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=300))
def test_any_text_is_answered(bot: Bot, text: str) -> None:
    assert_sound(bot, bot.ask(text))


def test_every_question_of_a_menu_is_answered_by_its_own_intent(bot: Bot) -> None:
    wrong = []
    for intent in bot.intents.values():
        if intent.quotes and intent.kind == "answer":
            reply = bot.ask(intent.question)
            if reply.kind != "answer" or intent.quotes[0].start not in {c.start for c in reply.citations}:
                wrong.append((intent.name, reply.kind, reply.intent))
            assert_sound(bot, reply)
    assert wrong == []


def test_only_strings_are_questions(bot: Bot) -> None:
    for thing in (None, 3, b"what is OT", ["what"]):
        with pytest.raises(TypeError, match="a question is a string"):
            bot.ask(thing)  # type: ignore[arg-type]


def test_a_misspelt_word_is_repaired_and_said_so(bot: Bot) -> None:
    reply = bot.ask("do they use ultrasoond")
    assert ("ultrasoond", "ultrasound") in reply.repairs
    assert "ultrasound" in reply.citations[0].quote


def test_a_megabyte_is_cut_with_a_word_about_it(bot: Bot) -> None:
    reply = bot.ask("what is occupational therapy " + "and so on " * 100_000)
    assert reply.text.startswith(bot.wording["too_long"])
    assert_sound(bot, reply)


@pytest.mark.parametrize("pick", ["2", "the second one", "second", "two"])
def test_a_number_picks_what_was_offered_in_that_place(bot: Bot, pick: str) -> None:
    session = bot.session()
    offered = session.ask("do they use heat packs").suggestions
    wanted = next(name for name, intent in bot.intents.items() if intent.question == offered[1])
    assert session.ask(pick).intent == wanted


def test_more_never_shows_a_quote_twice_until_all_is_said(bot: Bot) -> None:
    session = bot.session()
    seen = {c.start for c in session.ask("which exercises do physical therapists give").citations}
    for _ in range(30):
        reply = session.ask("more")
        if reply.kind != "answer":
            break
        new = {c.start for c in reply.citations}
        assert new and not new & seen
        seen |= new
    assert reply.kind == "smalltalk"
    assert reply.text.startswith(bot.wording["no_more"])


FOLLOW_UPS = ("more", "why?", "where does it say that", "say that again", "in simpler words", "and the other one?", "2")


def test_a_session_that_was_reset_remembers_nothing(bot: Bot) -> None:
    """By its next replies: whatever is said, it is answered as to somebody new."""
    for said in (*FOLLOW_UPS, "what about OT", "do they need a licence", "lasers?", "neither"):
        session = bot.session()
        for question in ("how are physical therapists trained", "do they use heat", "more", "what is parking"):
            session.ask(question)
        session.reset()
        assert session.ask(said) == bot.session().ask(said), said
        session.ask("how are physical therapists trained")
        new = bot.session()
        assert session.ask("start over") == new.ask("start over")
        assert session.ask(said) == new.ask(said), said


def test_two_hundred_turns_stay_right(bot: Bot) -> None:
    """Every topic in turn, jumping, with follow-ups between: each is answered as it is when it stands alone."""
    session = bot.session()
    topics = [intent for intent in bot.intents.values() if intent.quotes and intent.kind == "answer"]
    turns = 0
    for number, intent in enumerate(topics[::2] + topics[1::2]):
        reply = session.ask(intent.question)
        alone = bot.ask(intent.question)
        assert (reply.kind, reply.citations[0]) == (alone.kind, alone.citations[0]), intent.name
        again = session.ask(FOLLOW_UPS[number % 4])
        assert_sound(bot, again)
        if number % 4 == 3:
            assert again.citations == reply.citations
        turns += 2
    assert turns >= 200


def test_suggestions_lead_somewhere_and_are_never_repeated(bot: Bot) -> None:
    session = bot.session()
    asked: set[str] = set()
    reply = session.ask("what is occupational therapy")
    for _ in range(25):
        assert reply.suggestions and not asked & set(reply.suggestions)
        asked.add(reply.suggestions[0])
        reply = session.ask(reply.suggestions[0])
        assert reply.kind == "answer"


def test_the_next_natural_question_is_offered_first(bot: Bot) -> None:
    for name in ("heat_or_cold", "what_is_ot", "ot_training"):
        intent = bot.intents[name]
        assert intent.next
        assert bot.ask(intent.question).suggestions[0] == bot.intents[intent.next[0]].question


@pytest.mark.parametrize("pick", ["2", "the second one", "second please", "number two", "{question}"])
def test_a_question_back_is_answered_by_picking(bot: Bot, pick: str) -> None:
    session = bot.session()
    choices = session.ask("more").choices
    wanted = next(name for name, intent in bot.intents.items() if intent.question == choices[1])
    assert session.ask(pick.format(question=choices[1])).intent == wanted


def test_what_stays_unclear_is_handed_over_to_a_person(bot: Bot) -> None:
    session = bot.session()
    first = session.ask("say that again")
    second = session.ask("neither")
    assert (first.kind, second.kind) == ("clarify", "clarify")
    assert not set(first.choices) & set(second.choices)
    assert_sound(bot, first)
    assert_sound(bot, second)
    third = session.ask("neither")
    assert third.kind == "out_of_scope"
    assert third.text.startswith(bot.wording["hand_over"])
    assert third.suggestions
    assert_sound(bot, third)
    assert session.ask("do they use lasers").kind == "answer"


def test_one_bot_is_shared_by_sessions_that_do_not_meet(bot: Bot) -> None:
    one, other = bot.session(), bot.session()
    one.ask("do they use lasers")
    assert other.ask("more").kind == "clarify"
    assert one.ask("say that again").citations


def test_a_foreign_pack_answers_from_its_own_article_with_its_own_number(tiny: Bot) -> None:
    reply = tiny.ask("how much is the car park")
    assert reply.kind == "answer" and reply.citations[0].article == "visiting"
    assert "999" in tiny.ask("is there a cafeteria").text
    assert "999" in tiny.ask("crushing pain in my chest right now").text
    assert tiny.ask("should i take my tablets").kind == "advice"
    assert_sound(tiny, reply)


def test_an_example_is_meant_as_it_was_written(bot: Bot) -> None:
    """Whatever resembles it; but for what two intents say alike, and what is mended another way in its context."""
    examples = [(i.name, e.text) for i in load_pack(shipped_root()).intents.values() for e in i.examples][::100]
    first = [understand(read(text, bot.model, bot._phrases), bot.model).ranked[0].intent for _, text in examples]
    wrong = [(name, found) for (name, _), found in zip(examples, first, strict=True) if found != name]
    assert len(wrong) <= 2


def test_two_questions_in_one_are_both_answered(bot: Bot) -> None:
    for question in (
        "do they use lasers and do therapists work in schools",
        "do therapists work in schools? do they use lasers?",
    ):
        quotes = " ".join(c.quote for c in bot.ask(question).citations[:2])
        assert "They now work in schools" in quotes
        assert "Low-level laser therapy" in quotes
    alone = bot.ask("does PT help with walking and balance")
    assert alone.kind == "answer"


def test_what_the_articles_lack_is_said_and_spoils_nothing(bot: Bot) -> None:
    reply = bot.ask("What is PT? Who pays for it?")
    assert reply.kind == "answer"
    assert reply.text.startswith(bot.wording["not_all"])
    assert "uses advanced exercises" in reply.citations[0].quote
    assert bot.ask("Who pays for it?").kind == "out_of_scope"


def test_a_greeting_before_a_question_swallows_nothing(bot: Bot) -> None:
    for text in ("good morning. do they use lasers?", "thank you! do they use lasers?"):
        assert "Low-level laser therapy" in bot.ask(text).citations[0].quote


def test_danger_in_one_part_is_not_answered_away(bot: Bot) -> None:
    """Whatever else is asked in the same breath: the card, or an answer that opens on what to do."""
    for danger in ("i feel like i might collapse", "my chest feels funny", "i have been seeing things all day"):
        alone = bot.ask(danger)
        assert alone.kind == "urgent" or bot.wording["if_now"] in alone.text or bot.wording["emergency"] in alone.text
        for text in (f"{danger}. what is OT? what is PT?", f"what is OT? {danger}. what is PT?"):
            reply = bot.ask(text)
            assert reply.kind == "urgent" or "911" in reply.text, text


def test_a_small_pack_asks_back_with_choices_or_hands_over(tiny: Bot) -> None:
    session = tiny.session()
    for said in ("more", "neither", "9", "the second one", "say that again", "neither", "neither"):
        assert_sound(tiny, session.ask(said))


def test_two_choices_are_both_answered(bot: Bot) -> None:
    session = bot.session()
    offered = session.ask("what is occupational therapy").suggestions
    wanted = [next(i for i in bot.intents.values() if i.question == offered[place]) for place in (0, 2)]
    reply = session.ask("1 and 3")
    assert {intent.quotes[0].start for intent in wanted} <= {c.start for c in reply.citations}


def test_what_is_no_danger_in_any_language_shows_no_card(bot: Bot) -> None:
    for text in ("mi hijo", "quiero hablar con una persona", "no se", "si", "1 and 3", "2 or 3?", "y la otra"):
        assert bot.ask(text).kind != "urgent", text


def test_what_was_said_of_one_therapy_is_not_said_of_the_other(bot: Bot) -> None:
    session = bot.session()
    assert "memory loss" in session.ask("can OT help with memory").citations[0].quote
    reply = session.ask("and PT?")
    assert reply.text.startswith(bot.wording["not_of_it"])
    assert all("occupational" not in citation.quote.casefold() for citation in reply.citations)


def test_a_question_in_another_language_is_unreadable_and_keywords_are_not(bot: Bot) -> None:
    for text in ("quelle est la difference", "Ich brauche Hilfe beim Anziehen", "asdkjh qwoiue zmxn"):
        assert bot.ask(text).kind == "unreadable"
    for text in (
        "tennis elbow laser treatment",
        "laesr tretment - is taht phsyical terapist",
        "balance exercises stroke",
    ):
        assert bot.ask(text).kind == "answer"


@pytest.mark.parametrize(
    "question",
    ["does OT use lasers", "is PT good for arthritis", "can PT help with buttons", "do PTs put railings in my house"],
)
def test_what_is_said_of_the_other_therapy_alone_opens_on_that(bot: Bot, question: str) -> None:
    reply = bot.ask(question)
    assert reply.kind == "answer"
    assert reply.text.startswith(bot.wording["not_of_it"])
    other = question.replace("OT", "XX").replace("PT", "OT").replace("XX", "PT")
    assert bot.wording["not_of_it"] not in bot.ask(other).text


@pytest.mark.parametrize("question", ["i slur my words", "i cant find the words"])
def test_what_may_be_danger_says_whom_to_call_though_it_is_taken_for_a_follow_up(bot: Bot, question: str) -> None:
    assert "911" in bot.ask(question).text
    visit = bot.session()
    visit.ask("should i stop taking my tablets")
    assert "911" in visit.ask(question).text


def test_after_a_reply_that_declined_and_quoted_its_source_is_named(bot: Bot) -> None:
    visit = bot.session()
    declined = visit.ask("my doc says i need therpy but i dont know wich one")
    assert declined.kind == "advice" and declined.citations
    assert visit.ask("who says that").citations == declined.citations
    assert bot.wording["nothing_yet"] not in visit.ask("and the other one?").text
