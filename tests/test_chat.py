"""The chat, in a terminal of its own: what its screen shows. `SCREEN_UPDATE=1` writes the whole visits anew."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

pytest.importorskip("pty", reason="no pseudo-terminals on this system")

from bot import Bot
from conftest import PACKS, ROOT, Run, require
from terminal import SGR, Terminal

SCREENS = Path(__file__).parent / "screens"
TINY = ("--pack", str(PACKS / "tiny"))
VISIT = (
    "more",  # Nothing was said yet, so it asks what is meant.
    "2",
    "how much is the garaj",
    "1",
    "/why",
    "more",
    "is my leg broken",
    "can i get soup",
    "/hlep",
    "she cant breathe",
)
READY = "Not medical advice"
OBEYED = re.compile(rb"\x1b\[31m|\x1b\[<0;1;1M|\x9b|\xc2\x9b|\xe2\x80\xae")


@pytest.fixture(autouse=True)
def is_built(tiny: object) -> None:
    """The small pack's model is in the cache."""


def open_tiny(*arguments: str, **settings) -> Terminal:
    terminal = Terminal(*TINY, *arguments, **settings)
    terminal.wait_for("You:" if "--plain" in arguments else READY)
    terminal.settle()
    return terminal


def has_modes_restored(terminal: Terminal) -> bool:
    flags = termios.tcgetattr(terminal.child.child_fd)[3]
    return bool(flags & termios.ICANON and flags & termios.ECHO) and b"\x1b[?2004l" in terminal.raw[-200:]


# --- what a visit looks like ------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@pytest.mark.parametrize("style", ["prompt", "plain"])
def test_a_whole_visit_as_its_screen_shows_it(columns: int, style: str) -> None:
    arguments = ["--plain"] if style == "plain" else []
    with open_tiny(*arguments, columns=columns, rows=24) as terminal:
        for question in VISIT:
            terminal.ask(question)
        terminal.type("bye\r")
        assert terminal.code() == 0
        shown = terminal.scrollback + "\n"
    assert max(map(len, shown.splitlines())) <= min(columns, 100)
    golden = SCREENS / f"{style}-{columns}.txt"
    if os.environ.get("SCREEN_UPDATE"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_questions_are_offered_while_one_is_typed_and_the_tab_key_picks_one() -> None:
    with open_tiny() as terminal:
        terminal.type("wot dos parkng co")
        terminal.wait_for("What does parking cost?")
        assert "Who may visit?" not in terminal.text
        terminal.type("\t")
        terminal.wait_for("> What does parking cost?")
        terminal.type("\r")
        terminal.wait_for("two dollars an hour")
        terminal.settle()
        assert terminal.text.count("What does parking cost?") == 1  # The menu has gone.


def test_no_question_is_offered_to_who_types_of_danger() -> None:
    with open_tiny() as terminal:
        terminal.type("he may visit but he cant breathe")
        terminal.settle()
        assert "Who may visit?" not in terminal.text


def test_commands_are_completed() -> None:
    with open_tiny() as terminal:
        terminal.type("/so")
        terminal.wait_for("/sources")
        terminal.type("\t\r")
        terminal.wait_for("not known")  # Its address.
        assert "sha256" not in terminal.text  # Which is nothing to a visitor.


def test_escape_closes_what_is_offered() -> None:
    with open_tiny() as terminal:
        terminal.type("where can")
        terminal.wait_for("Where can I park?")
        terminal.type("\x1b")
        terminal.settle(1)
        assert "Where can I park?" not in terminal.text.rpartition("> where can")[2]


def test_what_was_asked_before_is_suggested_in_grey_and_taken_with_the_arrow_key() -> None:
    with open_tiny() as terminal:
        terminal.ask("who may come to see her", "Two people")
        terminal.type("who may")
        terminal.settle()
        assert terminal.style_of("come to see her") == ("767676", False)
        terminal.type("\x1b[C\r")
        terminal.settle()
        assert terminal.scrollback.count("> who may come to see her") == 2


@pytest.mark.parametrize("keys", ["emacs", "vi", "inputrc"])
def test_emacs_and_vi_keys(keys: str, tmp_path: Path) -> None:
    inputrc = tmp_path / "inputrc"
    inputrc.write_text("set editing-mode vi\n" if keys == "inputrc" else "")
    arguments = ["--vi"] if keys == "vi" else []
    with open_tiny(*arguments, env={"INPUTRC": str(inputrc)}) as terminal:
        terminal.type("may visit")
        terminal.settle()
        terminal.type("\x01" if keys == "emacs" else "\x1b")
        terminal.settle(0.8)  # Escape waits for what may belong to it.
        terminal.type("who " if keys == "emacs" else "Iwho ")
        terminal.wait_for("> who may visit")


def test_a_page_at_a_time_and_no_quote_without_its_source_and_the_notice() -> None:
    with open_tiny(columns=40, rows=15) as terminal:
        terminal.ask("who may visit", 'type "more"')
        assert "Two people at a time may visit." in terminal.text
        assert "— North Clinic" in terminal.text
        assert "This is general information" in terminal.text
        assert "You could also ask:" not in terminal.text
        terminal.type("\r")
        terminal.wait_for("You could also ask:")
        terminal.settle()
        assert 'type "more"' not in terminal.text.rpartition("You could also ask:")[2]


def test_the_card_is_never_paged() -> None:
    with open_tiny(columns=20, rows=8) as terminal:
        terminal.ask("she cant breathe", "help for you")
        assert "This may be an" in terminal.scrollback
        assert "type" not in terminal.scrollback.rpartition("This may be")[2]


def test_a_window_that_is_resized_goes_on_in_its_new_width() -> None:
    with open_tiny(columns=80) as terminal:
        terminal.ask("where can i park", "behind building B")
        terminal.resize(40, 24)
        terminal.settle()
        terminal.ask("who may visit", "Two people")
        answer = terminal.scrollback.rpartition("> who may visit")[2]
        assert max(map(len, answer.splitlines())) <= 40
        assert "This is general information, not\nmedical advice." in answer


def test_the_bottom_line_keeps_what_matters_most() -> None:
    with open_tiny(columns=80) as wide, open_tiny(columns=20) as narrow:
        assert wide.text.splitlines()[-1] == "Not medical advice · North Clinic · Articles: 1 · Help: /help"
        assert narrow.text.splitlines()[-1] == "Not medical advice"


# --- commands, and leaving --------------------------------------------------------------------------


def test_help_names_every_command() -> None:
    with open_tiny(rows=50) as terminal:
        terminal.ask("/help", "/quit")
        from bot.visit import COMMANDS  # noqa: PLC0415

        assert all(command in terminal.text for command in COMMANDS)
        assert "999" in terminal.text


def test_topics_are_paged(bot: Bot) -> None:
    with Terminal() as terminal:
        terminal.wait_for(READY)
        terminal.ask("/topics", 'type "more"')
        first = terminal.text
        terminal.ask("more", 'type "more"')
        assert terminal.text != first
        assert "not said anything" not in terminal.text
        terminal.ask("do they use lasers", "laser therapy")
        terminal.type("\r")
        terminal.settle()
        assert 'type "more"' not in terminal.scrollback.rpartition("lasers")[2]  # The rest of the list is forgotten.


@pytest.mark.parametrize("how", ["/reset", "start over"])
def test_a_reset_wipes_the_window_and_what_the_arrow_keys_bring_back(how: str) -> None:
    with open_tiny() as terminal:
        terminal.ask("canaryqzx where can i park", "building B")
        terminal.type(f"{how}\r")
        terminal.wait_for("We start over")
        terminal.settle()
        assert "canaryqzx" not in terminal.text
        assert b"\x1b[3J" in terminal.raw  # What has scrolled away, too.
        terminal.type("\x1b[A\x1b[A\x19")  # Up, up, and yank.
        terminal.settle()
        assert "canaryqzx" not in terminal.text
        terminal.type("\x03")
        terminal.ask("more", "not said anything")


def test_plain_can_be_turned_on_and_off() -> None:
    with open_tiny() as terminal:
        terminal.ask("/plain", "Guide: Plain text is on.")
        before = len(terminal.raw)
        terminal.ask("where can i park", "Guide: Visitors can park")
        assert b"\x1b" not in terminal.raw[before:]
        terminal.type("/plain\r")
        terminal.wait_for(READY)
        terminal.settle()
        assert terminal.scrollback.count("Welcome") == 1
        terminal.ask("who may visit", "  Two people")
        for _ in range(3):
            terminal.ask("/plain")
        terminal.ask("where can i park", "Guide: Visitors can park")


@pytest.mark.parametrize("seconds", [0.2, 0.6, 1.0])
def test_a_kill_while_the_terminal_does_not_say_where_its_cursor_is_restores_it(seconds: float) -> None:
    with Terminal(*TINY, answers=False) as terminal:
        terminal.wait_for(">")
        terminal.read(seconds)
        terminal.kill()
        start = time.monotonic()
        while terminal.read():
            pass
        assert time.monotonic() - start < 5
        flags = termios.tcgetattr(terminal.child.child_fd)[3]
        assert flags & termios.ICANON and flags & termios.ECHO
        assert terminal.code() == 128 + signal.SIGTERM


def test_a_question_about_small_talk_has_an_answer() -> None:
    with open_tiny("--plain") as terminal:
        terminal.ask("hello", "Guide:")
        terminal.ask("/why", "Guide: I found no question of mine in it.")


def test_a_danger_behind_a_slash_is_no_mistyped_command(bot: Bot) -> None:
    with Terminal() as terminal:
        terminal.wait_for(READY)
        terminal.ask("/suicide", "988")


def test_control_c_clears_the_line_and_says_how_to_leave() -> None:
    with open_tiny() as terminal:
        terminal.type("half a thou")
        terminal.settle()
        terminal.type("\x03")
        terminal.settle()
        assert "half a thou" not in terminal.text
        terminal.type("\x03")
        terminal.wait_for('To leave, type "bye".')
        terminal.kill(signal.SIGINT)
        terminal.settle()
        terminal.ask("where can i park", "building B")


def test_an_interrupt_while_it_answers_does_not_end_the_visit() -> None:
    code = (
        "import sys, runpy, time, bot.visit\n"
        "hear = bot.visit.Visit.hear\n"
        "bot.visit.Visit.hear = lambda *a: time.sleep(1 if 'slow' in a[1] else 0) or hear(*a)\n"
        "sys.argv[0] = 'bot'; runpy.run_module('bot', run_name='__main__')"
    )
    with Terminal(command=[sys.executable, "-c", code, *TINY]) as terminal:
        terminal.wait_for(READY)
        terminal.settle()
        terminal.type("slow one\r")
        terminal.settle()
        terminal.kill(signal.SIGINT)
        terminal.settle()
        terminal.ask("where can i park", "building B")


@pytest.mark.parametrize("way", ["\x04", "bye\r", "Bye!\r", "exit\r", "/quit\r"])
@pytest.mark.parametrize("arguments", [[], ["--plain"]])
def test_ways_to_leave(way: str, arguments: list[str]) -> None:
    with open_tiny(*arguments) as terminal:
        terminal.type(way)
        assert terminal.code() == 0
        assert "Goodbye" in terminal.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_killed_chat_leaves_the_terminal_as_it_was(number: int) -> None:
    with open_tiny() as terminal:
        terminal.type("half a thou")
        terminal.settle()
        terminal.kill(number)
        while terminal.read():
            pass
        assert has_modes_restored(terminal)
        assert "Traceback" not in terminal.scrollback
        assert terminal.code() == 128 + number


def test_a_chat_ends_when_its_terminal_is_gone() -> None:
    with open_tiny() as terminal:
        terminal.child.ptyproc.fileobj.close()
        end = time.monotonic() + 15
        while terminal.child.isalive():
            assert time.monotonic() < end
            time.sleep(0.1)


def test_leaving_restores_the_terminal() -> None:
    with open_tiny() as terminal:
        terminal.type("\x04")
        while terminal.read():
            pass
        assert has_modes_restored(terminal)


# --- what is typed and pasted -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "junk", [b"\x1b[31m", b"\x1b[<0;1;1M", b"\x9b", b"\x9b31m", "\u202e".encode(), b"\xff\xfe\x00"]
)
@pytest.mark.parametrize("is_pasted", [False, True], ids=["typed", "pasted"])
@pytest.mark.parametrize("arguments", [[], ["--plain"]], ids=["prompt", "plain"])
def test_raw_bytes_do_nothing(junk: bytes, is_pasted: bool, arguments: list[str]) -> None:
    with open_tiny(*arguments) as terminal:
        before = len(terminal.raw)
        terminal.type(b"\x1b[200~" + junk + b"\x1b[201~" if is_pasted else junk)
        terminal.settle()
        terminal.type("where can i park\r")
        terminal.wait_for("behind building B")
        terminal.settle()
        if not arguments:  # In plain lines it is the terminal itself that shows what is typed.
            assert not OBEYED.search(terminal.raw[before:])
        assert terminal.style_of("Visitors can park") == ("default", False)
        terminal.type("bye\r")
        assert terminal.code() == 0


@pytest.mark.parametrize("is_pasted", [False, True], ids=["typed", "pasted"])
@pytest.mark.parametrize("size", [200_000, 1_000_000])
def test_a_flood_is_cut_at_once_with_a_word(size: int, is_pasted: bool) -> None:
    flood = ("where can i park my \u202e old car " * (size // 32 + 1))[:size]
    with open_tiny() as terminal:
        start = time.monotonic()
        terminal.type(f"\x1b[200~{flood}\x1b[201~" if is_pasted else flood)
        terminal.wait_for("That was very long. I read only the first part.")
        assert time.monotonic() - start < 10  # Key by key, it would be minutes.
        terminal.settle()
        terminal.type("\r")
        terminal.wait_for("behind building B")
        assert not OBEYED.search(terminal.raw)
        terminal.settle()
        terminal.type("bye\r")
        assert terminal.code() == 0


def test_what_a_pack_holds_is_no_command_to_the_terminal(pack: Path) -> None:
    path = pack / "intents" / "visiting.yaml"
    sound = path.read_text(encoding="utf-8")
    text = sound.replace("name: North Clinic", 'name: "North \\e[31m\u202eClinic"')
    text = text.replace("question: Where can I park?", 'question: "Where \u202e\\e[31m\\x9b can I park?"')
    path.write_text(text, encoding="utf-8")
    with Terminal("--pack", str(pack)) as terminal:
        terminal.wait_for("Welcome to North Clinic")
        terminal.type("where can i p")
        terminal.wait_for("can I park?")
        terminal.type("\t\r")
        terminal.wait_for("behind building B")
        terminal.ask("/topics", "Who may visit?")
        terminal.type("bye\r")
        terminal.code()
        assert not OBEYED.search(terminal.raw)
    for arguments in (["topics"], ["sources"], ["explain", "where can i park"], ["ask", "where can i park"]):
        with Terminal("--pack", str(pack), *arguments) as terminal:
            assert terminal.code() == 0
            assert not OBEYED.search(terminal.raw)
    path.write_text(sound.replace("quote: They must", 'quote: "\\e[31m \u202eThey muzt"'), encoding="utf-8")
    for arguments in ([], ["topics"], ["ask", "x"], ["check"], ["check", "--json"]):
        with Terminal("--pack", str(pack), *arguments) as terminal:
            assert terminal.code() in (1, 3)
            assert "muzt" in terminal.text
            assert not OBEYED.search(terminal.raw)


def test_pasted_lines_are_one_question() -> None:
    with open_tiny() as terminal:
        terminal.type("\x1b[200~where can\r\ni\tpark\nmy car\x1b[201~")
        terminal.wait_for("> where can i park my car")
        terminal.type("\r")
        terminal.wait_for("behind building B")
        terminal.settle()
        assert terminal.scrollback.count(">") == 2


def test_lines_typed_ahead_are_questions_of_their_own() -> None:
    with open_tiny() as terminal:
        terminal.type("where can i park\rwho may visit\r")
        terminal.wait_for("Two people at a time")
        assert "behind building B" in terminal.scrollback


def test_a_paste_that_never_ends_does_not_swallow_the_keyboard() -> None:
    with open_tiny() as terminal:
        terminal.type("\x1b[200~where can i park")
        terminal.wait_for("> where can i park")
        terminal.type("\r")
        terminal.wait_for("behind building B")


# --- everyone's terminal ----------------------------------------------------------------------------


def test_colours_are_few_and_what_matters_is_bold() -> None:
    with open_tiny() as terminal:
        terminal.ask("where can i park", "— North Clinic")
        assert terminal.style_of("Visitors can park") == ("default", False)
        assert terminal.style_of("— North Clinic") == ("767676", False)
        assert terminal.style_of("1. ")[0] != "default"
        terminal.ask("she cant breathe", "999")
        assert terminal.style_of("This may be an emergency") == ("default", True)


def test_no_color_means_no_bold_either() -> None:
    for settings in ({"env": {"NO_COLOR": "1"}}, {"arguments": ["--no-color"]}):
        with open_tiny(*settings.get("arguments", []), env=settings.get("env", {})) as terminal:
            terminal.type("wher")
            terminal.wait_for("Where can I park?")
            terminal.type("\t\r")
            terminal.wait_for("behind building B")
            terminal.ask("she cant breathe", "999")
            codes = {code for code in SGR.findall(terminal.raw.decode("utf-8", "replace")) if code.strip("0;")}
            assert not codes


def test_a_terminal_without_colours_gets_bold_alone() -> None:
    with open_tiny(env={"TERM": "vt100", "COLORTERM": None}) as terminal:
        terminal.ask("she cant breathe", "999")
        assert terminal.style_of("This may be an emergency") == ("default", True)
        assert b"38;5" not in terminal.raw


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (["--plain"], {}),
        ([], {"TERM": "dumb"}),
        ([], {"TERM": None}),
        ([], {"ACCESSIBLE": "1"}),
    ],
)
def test_plain_lines_have_no_escape_sequence(arguments: list[str], env: dict[str, str | None]) -> None:
    with Terminal(*TINY, *arguments, env=env) as terminal:
        terminal.wait_for("You:")
        terminal.ask("who may visit", "Guide: Two people")
        terminal.type("\x03")
        terminal.settle()
        assert terminal.text.endswith('Guide: To leave, type "bye".\n\nYou:')
        terminal.type("bye\n")
        assert terminal.code() == 0
        assert b"\x1b" not in terminal.raw
        assert not set("│┃─━═┌└▌") & set(terminal.scrollback)


def test_the_desktops_screen_reader_asks_for_plain_lines(tmp_path: Path) -> None:
    program = tmp_path / "gsettings"
    program.write_text(f"#!{sys.executable}\nprint('screen-reader-enabled' in __import__('sys').argv and 'true')\n")
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    with Terminal(*TINY, env={"PATH": path, "DISPLAY": ":9"}) as terminal:
        terminal.wait_for("You:")
    program.write_text(f"#!{sys.executable}\nprint('false')\n")
    with Terminal(*TINY, env={"PATH": path, "DISPLAY": ":9"}) as terminal:
        terminal.wait_for(READY)


def test_a_terminal_that_does_not_say_where_its_cursor_is_works_without_a_warning() -> None:
    with Terminal(*TINY, answers=False) as terminal:
        terminal.wait_for("Welcome")
        terminal.ask("where can i park", "behind building B")
        time.sleep(2.5)  # After two seconds, prompt_toolkit would warn.
        terminal.ask("who may visit", "Two people")
        assert "WARNING" not in terminal.scrollback
        terminal.type("bye\r")
        assert terminal.code() == 0


def test_a_console_that_cannot_be_drawn_on_gets_plain_lines() -> None:
    code = (
        "import sys, runpy, prompt_toolkit.input as i\n"
        "def fail(*_, **__): raise RuntimeError('no console here')\n"
        "i.create_input = fail\n"
        "sys.argv[0] = 'bot'; runpy.run_module('bot', run_name='__main__')"
    )
    with Terminal(command=[sys.executable, "-c", code, *TINY]) as terminal:
        terminal.wait_for("You:")
        terminal.ask("where can i park", "Guide: Visitors")


def test_a_prompt_that_fails_on_the_way_goes_on_in_plain_lines() -> None:
    code = (
        "import sys, runpy, bot.visit\n"
        "def fail(*_): raise RuntimeError('what nobody thought of')\n"
        "bot.visit.Visit.complete = fail\n"
        "sys.argv[0] = 'bot'; runpy.run_module('bot', run_name='__main__')"
    )
    with Terminal(command=[sys.executable, "-c", code, *TINY]) as terminal:
        terminal.wait_for(READY)
        terminal.type("where")
        terminal.wait_for("You:")
        assert "Traceback" not in terminal.scrollback
        terminal.type("\r")
        terminal.settle()
        terminal.ask("where can i park", "Guide: Visitors")


def test_it_works_in_tmux(request: pytest.FixtureRequest) -> None:
    require("tmux")
    call = f"{sys.executable} -m bot {' '.join(TINY)}"
    tmux = ["tmux", "-L", f"bot{os.getpid()}", "-f", "/dev/null"]
    request.addfinalizer(lambda: subprocess.run([*tmux, "kill-server"], capture_output=True, check=False))
    with Terminal(command=[*tmux, "new", call]) as terminal:
        terminal.wait_for(READY)
        terminal.settle()
        terminal.type("where can i park\r")
        terminal.settle(1)
        shown = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True).stdout
        terminal.type("bye\r")
        assert terminal.code() == 0
    assert "> where can i park\n\n  Visitors can park behind building B. Parking is free for two hours.\n" in shown
    assert shown.rstrip().endswith("\n>\nNot medical advice · North Clinic · Articles: 1 · Help: /help")


def test_output_to_a_pipe_is_plain(tmp_path: Path) -> None:
    out = tmp_path / "out"
    call = f"{sys.executable} -m bot {' '.join(TINY)} > {out}"
    with Terminal(command=["sh", "-c", call]) as terminal:
        terminal.type("where can i park\n")
        end = time.monotonic() + 30
        while "behind building B" not in (out.read_text(encoding="utf-8") if out.exists() else ""):
            assert time.monotonic() < end
            terminal.read()
        terminal.type("bye\n")
        assert terminal.code() == 0
    assert "\x1b" not in out.read_text(encoding="utf-8")


# --- loading behind the prompt ----------------------------------------------------------------------


def test_the_prompt_is_there_while_the_pack_is_learned(tmp_path: Path) -> None:
    with Terminal(*TINY, env={"PATIENT_GUIDE_CACHE": str(tmp_path)}) as terminal:
        terminal.wait_for("Getting ready")
        terminal.wait_for(">")
        assert "Welcome" not in terminal.text
        terminal.wait_for("call 999")  # Who is in danger need not wait.
        terminal.type("where can i park\rwho may visit\r")  # Before it is ready: answered once it is.
        terminal.wait_for("Two people at a time")
        terminal.settle()
        shown = terminal.scrollback
        assert shown.index("> where can i park") < shown.index("Welcome to North Clinic")
        assert shown.index("Welcome") < shown.index("behind building B") < shown.index("Two people")


def test_who_leaves_while_the_pack_is_learned_does_not_wait(tmp_path: Path) -> None:
    with Terminal(env={"PATIENT_GUIDE_CACHE": str(tmp_path)}) as terminal:  # Two minutes of learning.
        terminal.wait_for("Getting ready")
        start = time.monotonic()
        terminal.type("\x04")
        assert terminal.code() == 0
        assert time.monotonic() - start < 10
        assert "Traceback" not in terminal.scrollback


@pytest.mark.parametrize("arguments", [[], ["--plain"]])
def test_a_broken_pack_is_named_by_place(pack: Path, arguments: list[str]) -> None:
    path = pack / "intents" / "visiting.yaml"
    path.write_text(path.read_text().replace("quote: Two people", "quote: Too people"))
    with Terminal("--pack", str(pack), *arguments) as terminal:
        assert terminal.code() == 3
        assert "intents/visiting.yaml:40:16: quote is in no article" in terminal.text.replace("\n", "")
        assert "1 problem: this pack cannot be used" in terminal.text.replace("\n", "")
        assert "Traceback" not in terminal.text


def test_a_bad_edit_is_told_above_the_prompt(pack: Path) -> None:
    with Terminal("--pack", str(pack), "--watch", "0.1") as terminal:
        terminal.wait_for(READY)
        terminal.type("half a thought")
        terminal.settle()
        path = pack / "intents" / "visiting.yaml"
        path.write_text(path.read_text().replace("quote: Two people", "quote: Too people"))
        terminal.wait_for("the pack as it was goes on answering")
        terminal.settle()
        lines = terminal.text.splitlines()
        assert "> half a thought" in lines
        assert any(line.startswith("intents/visiting.yaml:40:16: quote is in no article") for line in lines)


def test_a_bad_edit_is_told_in_plain_lines_and_the_line_asked_for_again(pack: Path) -> None:
    with Terminal("--pack", str(pack), "--watch", "0.1", "--plain") as terminal:
        terminal.wait_for("You:")
        path = pack / "intents" / "visiting.yaml"
        path.write_text(path.read_text().replace("quote: Two people", "quote: Too people"))
        terminal.wait_for("the pack as it was goes on answering")
        terminal.settle()
        lines = terminal.text.splitlines()
        assert lines[-1] == "You:"
        assert any(line.startswith("intents/visiting.yaml:40:16: quote is in no article") for line in lines)


# --- history ----------------------------------------------------------------------------------------


def test_nothing_typed_is_left_on_disk(run: Run, cache: Path, tmp_path: Path) -> None:
    word, start = "canaryqzx", time.time() - 1
    run("ask", f"{word} hello")
    run(stdin=f"{word} do they use lasers\n".encode())
    with open_tiny(cwd=ROOT, env={"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}) as terminal:
        terminal.ask(f"{word} where can i park", "building B")
        terminal.type("bye\r")
        terminal.code()
    places = [cache, tmp_path, Path("/tmp"), ROOT]
    files = {path for place in places for path in _new_files(place, start)}
    assert not [path for path in files if word.encode() in path.read_bytes()]


def _new_files(folder: Path, since: float) -> list[Path]:
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", ".venv", "tests")]
        paths = [Path(root, name) for name in names]
        found += [path for path in paths if path.is_file() and path.stat().st_mtime >= since]
    return found


def test_history_is_kept_where_it_is_asked_for_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "asked"
    file.touch(mode=0o644)
    for _ in range(2):
        with open_tiny("--history", str(file)) as terminal:
            assert "kept in" in terminal.text.replace("\n", " ")
            terminal.type("\x1b[A")
            terminal.settle()
            seen = terminal.text
            terminal.type("\x03")
            terminal.ask("where can i park", "building B")
    assert "> where can i park" in seen
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "where can i park" in file.read_text()


def test_a_history_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "folder", Path("/dev/null")):
        with Terminal(*TINY, "--history", str(path), columns=200) as terminal:
            assert terminal.code() == 2
            assert "nothing can be kept in it" in terminal.text
    assert stat.S_IMODE(Path("/dev/null").stat().st_mode) == 0o666
