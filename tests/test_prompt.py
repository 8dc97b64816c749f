"""The prompt, driven through prompt_toolkit's own pipe, and the rooms under it."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.input.base import PipeInput
from prompt_toolkit.output import DummyOutput

from bot import Bot, PackError, console
from bot.chat import Loading, Settings
from bot.console import PALETTE, Look, find_look, prefers_plain
from bot.pasting import BURST, END, START, PasteReader
from bot.prompt import PromptScreen
from bot.render import draw, lay_out, take_page
from bot.session import Session
from bot.text import LONGEST, MOST_TYPED
from bot.types import Block, Reply
from bot.visit import Visit
from bot.written import Problem
from conftest import CONTROL, assert_sound

READY = re.compile(f"{re.escape(START)}(.*?){re.escape(END)}", re.DOTALL)


@pytest.fixture
def pipe() -> Iterator[PipeInput]:
    with create_pipe_input() as made:
        yield made


@pytest.fixture
def open_prompt(tiny: Bot, pipe: PipeInput) -> Callable[..., PromptScreen]:
    def call(*keys: str, **settings) -> PromptScreen:
        loading = Loading(lambda _: Visit(tiny))
        screen = PromptScreen(loading, Settings(**settings), pipe, DummyOutput())
        for key in keys:
            pipe.send_text(key)
        return screen

    return call


# --- keys -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("where is it\r", "where is it"),
        ("wher\x7fre\r", "where"),
        ("is it\x01where \r", "where is it"),  # Ctrl-A: to the beginning.
        ("half a thou\x03where\r", "where"),  # Ctrl-C: the line is empty again.
        ("where\x1b[31m\r", "where"),  # Reads as a mouse event.
        ("where\x1b[<0;1;1M\r", "where"),
        ("whe\u202ere\u200b\r", "where"),
        ("where\x16\x1b is it\r", "where is it"),  # Ctrl-V Escape would put it in as it is.
        (f"{START}where\nis\r\nit{END}\r", "where is it"),
        (f"{START}\x1b[31mwhere\x9b31m \x07is it{END}\r", "where31m is it"),
        ("1\r", "1"),
        (f"{START}where\ris\rit{END}\r", "where is it"),  # As tmux pastes lines.
        ("\x12where\r", "where"),  # No search, in which what is typed would be lost.
    ],
)
def test_keys_make_a_line(open_prompt: Callable[..., PromptScreen], keys: str, line: str) -> None:
    assert open_prompt(keys).read() == line


@pytest.mark.parametrize(
    ("settings", "keys", "line"),
    [
        ({}, "may visit\x01who \r", "who may visit"),
        ({"has_vi_keys": True}, "may visit\x1b", "who may visit"),
    ],
)
def test_emacs_and_vi_keys(open_prompt, pipe: PipeInput, settings: dict[str, bool], keys: str, line: str) -> None:
    screen = open_prompt(keys, **settings)
    if settings:  # Escape stands alone only once nothing follows it for a while.
        threading.Timer(1.0, pipe.send_text, ["Iwho \r"]).start()
    assert screen.read() == line


def test_the_end_of_input_leaves_and_an_empty_line_does_not(open_prompt) -> None:
    screen = open_prompt("\r", "\x04")
    assert screen.read() == ""
    assert screen.read() is None


def test_the_arrow_key_brings_back_what_was_asked_until_it_is_forgotten(open_prompt, pipe: PipeInput) -> None:
    screen = open_prompt("where is it\r")
    assert screen.read() == "where is it"
    pipe.send_text("\x1b[A\r")
    assert screen.read() == "where is it"
    screen.forget()
    pipe.send_text("\x1b[Aother\r")
    assert screen.read() == "other"


def test_a_flood_is_cut_to_what_is_looked_at(open_prompt) -> None:
    line = open_prompt(f"{START}{'where is it ' * 4000}{END}\r").read()
    assert line is not None and len(line) == MOST_TYPED > LONGEST  # By which the engine sees that it was more.


def test_what_loading_raises_ends_the_prompt(pipe: PipeInput) -> None:
    def fail(_: Loading) -> Visit:
        raise PackError([Problem("a.yaml", 1, 1, "fact", "remedy")])

    with pytest.raises(PackError, match="fact"):
        PromptScreen(Loading(fail), Settings(), pipe, DummyOutput()).read()


def test_what_goes_wrong_while_typing_ends_the_prompt(open_prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> list[str]:
        raise RuntimeError("what nobody thought of")

    monkeypatch.setattr(Visit, "complete", fail)
    with pytest.raises(RuntimeError, match="nobody"):
        open_prompt("where is it").read()


# --- pasting ----------------------------------------------------------------------------------------


def read_all(chunks: list[str], is_full: bool = False) -> str:
    reader = PasteReader(0, "utf-8", lambda: is_full)
    return "".join(map(reader.mark, chunks))


def pasted(marked: str) -> tuple[str, str]:
    """What stands between marks, and what is typed around them."""
    return "".join(READY.findall(marked)), READY.sub("", marked)


@given(st.text("ab\n\r\x1b[", max_size=40), st.data())
@example("ab", None)
def test_a_marked_paste_arrives_whole_however_it_is_cut(text: str, data: st.DataObject | None) -> None:
    if START in text or END in text:
        return
    whole = f"{START}{text}{END}"
    cut = data.draw(st.integers(len(START) + 2, len(whole))) if data else len(whole)
    if len(whole[cut:]) == 1 or len(text) < 2:
        return  # A single key behind a paste without an end is a key.
    assert pasted(read_all([whole[:cut], whole[cut:]])) == (text, "")


def test_what_arrives_at_once_is_a_paste_and_its_last_line_end_is_the_enter_key() -> None:
    flood = "where can i park\r" * 100
    assert len(flood) > BURST
    assert pasted(read_all([flood])) == (flood, "\r")
    assert pasted(read_all(["who\rwhere\r"])) == ("", "who\rwhere\r")


def test_into_a_full_line_only_keys_that_do_something_are_typed() -> None:
    assert read_all(["abc", "\x7f", "d\r", "\x1b[D"], is_full=True) == "\x7f\r\x1b[D"


def test_a_key_behind_a_paste_that_never_ended_is_a_key() -> None:
    assert pasted(read_all([f"{START}where", "\r", "who\r"])) == ("where", "\rwho\r")


def test_a_reader_takes_all_that_is_there() -> None:
    out, into = os.pipe()
    os.write(into, b"\xc3\xa9" * 3000)
    assert pasted(PasteReader(out, "utf-8", lambda: False).read()) == ("é" * 3000, "")
    assert PasteReader(out, "utf-8", lambda: False).read() == ""
    os.close(into)
    os.close(out)


# --- a visit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("wot dos parkng co", "What does parking cost?"),
        ("what shud i br", "What should I bring?"),
        ("park", "Where can I park?"),
    ],
)
def test_a_line_is_completed_though_it_is_misspelt(tiny: Bot, typed: str, offered: str) -> None:
    assert Visit(tiny).complete(typed)[0] == offered


def test_danger_far_into_a_long_text_is_met_with_the_card(bot: Bot) -> None:
    for length in (500, 2500, 5000, 7500):
        text = ("my therapist is nice and we talk about the weather " * 200)[:length]
        assert bot.ask(f"{text} i have crushing chest pain right now").kind == "urgent"
    assert bot.ask("my therapist is nice and we talk about the weather " * 100).kind != "urgent"


def test_what_is_told_of_another_pack_is_not_explained_in_this_one(tiny: Bot, bot: Bot) -> None:
    class Swapped:
        model = tiny.model

        def reply(self, text: str, session: Session) -> tuple[Reply, Session]:
            return tiny.reply(text, session)

    swapped = Swapped()
    visit = Visit(swapped)
    assert visit.hear("who may visit")
    swapped.model = bot.model
    assert visit.hear("/why") == (Block("words", bot.wording["nothing_yet"]),)


@pytest.mark.parametrize("typed", ["bye", "BYE!!", "/bye", "exit", "i want to leave", "bye bye", "goodbye, thank you"])
def test_who_is_told_goodbye_has_left(bot: Bot, typed: str) -> None:
    assert Visit(bot).hear(typed) is None


def test_who_leaves_in_danger_sees_the_card_last(bot: Bot) -> None:
    visit = Visit(bot)
    card = visit.hear("i want to die")
    assert visit.hear("goodbye") is None
    assert card and visit.part()[-1:] == card
    visit.hear("what is occupational therapy")
    assert visit.part() == (Block("words", bot.wording["goodbye"]),)


@pytest.mark.parametrize("typed", ["...", "!", "what happens when i leave therapy", "goodbye world i will kill myself"])
def test_nobody_is_sent_away_who_did_not_leave(bot: Bot, typed: str) -> None:
    assert Visit(bot).hear(typed)


def test_help_in_words_says_how_to_leave(bot: Bot) -> None:
    heard = Visit(bot).hear("help")
    assert heard and "/quit" in heard[0].text
    assert heard != Visit(bot, is_plain=True).hear("help")  # There are no keys to explain there.


@pytest.mark.parametrize("typed", ["", "wh", "xqzv bnm", "he cant breathe, who may visit"])
def test_nothing_is_offered_for_what_is_like_no_question(tiny: Bot, typed: str) -> None:
    assert Visit(tiny).complete(typed) == []


def test_completion_is_no_match_of_scattered_letters(tiny: Bot) -> None:
    letters = "wcp"  # In "Where can I park?" in this order.
    assert Visit(tiny).complete(letters) == []


def test_the_questions_of_the_shipped_pack_are_found_from_their_beginnings(bot: Bot) -> None:
    visit = Visit(bot)
    found = [question in visit.complete(question[: max(12, len(question) // 2)]) for question in visit.questions]
    assert sum(found) / len(found) > 0.85  # Of the rest, more than five begin alike.


def test_asking_ahead_is_not_counted(tiny: Bot) -> None:
    class Counting:
        model = tiny.model
        asked = 0

        def reply(self, *_: object) -> None:
            self.asked += 1

    counting = Counting()
    Visit(counting).complete("where can i")  # type: ignore[arg-type]
    assert not counting.asked


def test_the_blocks_of_a_reply_are_its_text(bot: Bot) -> None:
    for question in (
        "do they use lasers",
        "is my leg broken",
        "what does it cost",
        "hi",
        "???",
        "cant breathe",
        "more",
    ):
        reply = bot.ask(question)
        assert_sound(bot, reply)
        flat = " ".join(f"{block.text} {block.source}" for block in reply.blocks)
        assert flat.split() == reply.text.split()


# --- how it looks -----------------------------------------------------------------------------------


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def luminance(code: int) -> float:
    """Of a colour of the 256 that xterm has (WCAG 2.2)."""
    steps = (0, 95, 135, 175, 215, 255)
    cube = code - 16
    rgb = (8 + 10 * (code - 232),) * 3 if code > 231 else [steps[cube // n % 6] for n in (36, 6, 1)]
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_hold_their_contrast_on_black_and_on_white() -> None:
    colours = [int(code.removeprefix("38;5;")) for code in PALETTE.values() if code.startswith("38;5;")]
    assert colours
    for colour in colours:
        assert contrast(luminance(colour), 0.0) >= 4.5
        assert contrast(luminance(colour), 1.0) >= 4.5


@given(st.lists(st.sampled_from(["words", "quote", "list"]), min_size=1, max_size=5), st.integers(10, 90), st.data())
def test_no_line_is_wider_than_the_window_and_no_word_is_lost(kinds: list, width: int, data: st.DataObject) -> None:
    words = st.lists(st.sampled_from(["a", "therapy", "理学療法", "x" * 30, "é", "•", "1."]), min_size=1, max_size=30)
    blocks = [Block(kind, " ".join(data.draw(words)), "— A. B." if kind == "quote" else "") for kind in kinds]
    shown = draw(lay_out(blocks), Look(width))
    for line in shown.splitlines():
        assert sum(2 if "\u3000" < c < "\ua000" else 1 for c in line) <= width
    said = "".join(f"{block.text}{block.source}" for block in blocks)
    assert "".join(shown.split()) == "".join(said.split())


@given(st.integers(3, 30), st.integers(1, 3))
def test_pages_leave_nothing_out_and_never_part_a_quote_from_its_source(height: int, quotes: int) -> None:
    blocks = [Block("words", "Said first. " * 12), *[Block("quote", "Quoted. " * 9, "— A. B.")] * quotes]
    blocks += [Block("notice", "No advice."), Block("list", "Ask:\n" + "\n".join(f"{n}. Q?" for n in range(9)))]
    look, rest, seen, with_quotes = Look(40, height), blocks, "", 0
    while rest:
        page, rest = take_page(rest, look)
        kinds = [block.kind for block in page]
        with_quotes += "quote" in kinds
        assert ("quote" in kinds) <= ("notice" in kinds)
        seen += draw(lay_out(page), look) + "\n"
        assert len(draw(lay_out(page), look).splitlines()) <= max(height, 7)
    assert seen.count("— A. B.") == quotes
    assert seen.count("No advice.") == with_quotes
    assert " ".join(seen.split()).count("Said first.") == 12
    assert [f"{n}. Q?" in seen for n in range(9)] == [True] * 9


def test_what_a_pack_or_an_article_says_is_no_command_to_a_terminal() -> None:
    block = Block("quote", "one\x1b[31m two\x9b31m \u202ethree\x07", "— \x1b]0;title\x07A. B.")
    shown = draw(lay_out([block]), Look(80))
    assert not CONTROL & set(shown)


def test_vi_keys_are_taken_from_inputrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPUTRC", str(tmp_path / "inputrc"))
    assert not console.prefers_vi()
    (tmp_path / "inputrc").write_text("# set editing-mode emacs\n set editing-mode  vi\n")
    assert console.prefers_vi()


def test_what_is_no_terminal_gets_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    look = find_look()
    assert not look.palette and not look.height
    assert prefers_plain()
