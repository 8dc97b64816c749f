"""What can be written behind `python -m bot`, in words that help, shell completion and the manual are made of."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from bot import __version__
from bot.size import measure_terminal

TYPE_CHECKING = False  # So that `--help` need not import typing.
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

__all__ = ["ENDING", "PROGRAM", "build_parser", "parse"]

PROGRAM = "patient-guide"
"""The name it is installed under."""

EVERY = 0.5
"""Seconds between two looks at a pack's files. An edit counts once they have stood still from one to the next."""

PORT = 8321
"""Where the touch-screen page is, unless told otherwise."""

ASKED = {
    "title": "its title",
    "publisher": "who published it",
    "published": "when, as 2025-10-21, or none",
    "url": "its address on the web, or none",
    "licence": "under what terms it may be quoted",
    "interest": "what its publisher earns by it, in a sentence, or none",
    "review_by": "until when somebody qualified holds it to be right, as 2026-10-21, or none",
}
"""What is asked about a new article, in this order; the rest of its header is known."""

ABOUT = """\
Answers patients' questions offline, only with passages quoted from vetted
articles. Without a command, it chats in this terminal; where input is piped,
each line is a question.
"""

EXAMPLES = """\
{program}                                    chat in this terminal
{program} ask "PT or OT for buttons?"        one answer
{program} ask --json "what is OT?"           the same, as JSON
echo "do they use heat?" | {program}         one answer for each line
{program} serve --jsonl                      for another program
{program} kiosk                              a page for a touch screen
{program} topics                             what can be asked
{program} --pack north-clinic/ check         does this pack hold together?
"""

ENDING = {
    "exit status": """\
0    fine
1    the question was not answered or could not be read, or checks failed
2    wrong usage
3    the pack cannot be used
70   something went wrong inside the bot
130  interrupted
""",
    "environment": """\
NO_COLOR             if set, no colours and no bold
ACCESSIBLE           if set, plain lines, as with --plain
PATIENT_GUIDE_DEBUG  if set, what goes wrong inside the bot is shown with its traceback
PATIENT_GUIDE_CACHE  the folder in which what was learned from a pack is kept
""",
}
"""What the manual says in the end."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a place, a fact and a remedy."""

    def error(self, message: str) -> NoReturn:
        from bot.console import warn  # noqa: PLC0415
        from bot.outcome import WRONG_USAGE  # noqa: PLC0415

        fact, _, remedy = message.partition("\n")
        warn(f"{fact}\n    -> {remedy or f'see {self.prog} --help'}")
        raise SystemExit(WRONG_USAGE)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Called by argparse for whatever has choices; the nearest of them is named."""
        if action.choices is None or value in action.choices:
            return
        from bot.text import use_one_of  # noqa: PLC0415 (as above: only for who mistyped)

        is_command = isinstance(action, argparse._SubParsersAction)
        fact = f"there is no command {value!r}" if is_command else f"{value!r} cannot stand here"
        if is_command and " " in value:
            raise argparse.ArgumentError(None, f'{fact}\nto ask a question, write: {self.prog} ask "{value}"')
        raise argparse.ArgumentError(None, f"{fact}\n{use_one_of(value, action.choices)}; see {self.prog} --help")


class _Uncalled:
    """In the place of a command's parser where another is called."""

    def add_argument(self, *_: Any, **__: Any) -> None: ...

    def set_defaults(self, **_: Any) -> None: ...


def parse(program: str, arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of a call; what is wrong with it ends the program with a word on what to write instead."""
    words = sys.argv[1:] if arguments is None else arguments
    called = words[2:3] if words[:1] == ["--pack"] else words[:1]
    options, unknown = build_parser(program, called=called[0] or None if called else "").parse_known_args(words)
    if unknown:
        from bot.text import use_one_of  # noqa: PLC0415

        known = [name for name in options.parser._option_string_actions if name.startswith("--")]
        remedy = use_one_of(unknown[0], known) if unknown[0].startswith("-") else ""
        options.parser.error(f"{unknown[0]!r} cannot stand here\n{remedy}")
    for name, value in (("pack", None), ("no_color", False), ("plain", False), ("stats", None), ("watch", EVERY)):
        setattr(options, name, getattr(options, name, value))
    return options


def build_parser(program: str, is_brief: bool = False, called: str | None = None) -> argparse.ArgumentParser:
    """The parser of the whole command line; `is_brief`: each command without what may be written everywhere.

    `called` is what stands where a call names its command. If it is one, that one alone is made, for to make them all
    takes a twentieth of an answer; if nothing stands there, none is.
    """
    style = partial(argparse.RawDescriptionHelpFormatter, width=measure_terminal()[0] - 2)
    everywhere = _list_everywhere()
    parser = _Parser(
        prog=program,
        description=ABOUT,
        epilog=_show_examples(EXAMPLES.format(program=program)),
        formatter_class=style,
        parents=[everywhere],
    )
    parser.add_argument("--version", action="version", version=f"patient-guide {__version__}", help="show the version")
    parser.add_argument("--vi", action="store_true", help="chat: edit with vi's keys (so does vi mode in ~/.inputrc)")
    parser.add_argument("--history", metavar="FILE", default="", help="chat: keep what is typed in FILE, for later")
    parser.set_defaults(run="doors.chat", parser=parser)
    parsers = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: str, what: str, about: str, *examples: str) -> argparse.ArgumentParser | _Uncalled:
        if called not in (None, name):
            return _Uncalled()
        made = parsers.add_parser(
            name,
            help=what,
            description=about,
            epilog=_show_examples("\n".join(f"{program} {example}" for example in examples)),
            formatter_class=style,
            parents=[] if is_brief else [everywhere],
        )
        made.set_defaults(run=run, parser=made)
        return made

    _add_doors(command)
    _add_workbench(command)
    _add_writing(command)
    completing = command(
        "completion",
        "commands.complete",
        "shell completion for bash, zsh or fish",
        "Prints a script for your shell, which then completes what you type behind\n"
        "patient-guide. Keep it where your shell looks for such scripts, as below, and\n"
        "open a new terminal.",
        "completion bash > ~/.local/share/bash-completion/completions/patient-guide",
        'completion zsh > "${fpath[1]}/_patient-guide"',
        "completion fish > ~/.config/fish/completions/patient-guide.fish",
    )
    completing.add_argument("shell", metavar="SHELL", choices=["bash", "zsh", "fish"], help="bash, zsh or fish")
    completing.set_defaults(whole=lambda: build_parser(PROGRAM))
    return build_parser(program, is_brief) if called and not parsers.choices else parser


def _show_examples(lines: str) -> str:
    return "examples:\n" + "\n".join(f"  {line}" for line in lines.splitlines())


def _read_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds from 0 to 3600")
    return seconds


def _read_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text} is no port: write a number up to 65535")
    return int(text)


def _read_address(text: str) -> str:
    """An address by which this machine can be asked for: the page is served under no other name."""
    from ipaddress import ip_address  # noqa: PLC0415

    try:
        address = ip_address("127.0.0.1" if text == "localhost" else text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no address: write one such as 192.168.1.20") from None
    if address.is_unspecified:
        raise argparse.ArgumentTypeError(f"{text} stands for every address: write the one that others ask at")
    return str(address)


def _list_everywhere() -> _Parser:
    """What may be written before a command and after it: neither place may overwrite the other with its default."""
    everywhere = _Parser(add_help=False)
    group = everywhere.add_argument_group("everywhere")

    def option(name: str, what: str, **how: Any) -> None:
        group.add_argument(name, default=argparse.SUPPRESS, help=what, **how)

    option("--pack", "a folder that holds corpus/ and intents/ (default: the pack that comes with it)", metavar="DIR")
    option("--no-color", "no colours and no bold (as does NO_COLOR)", action="store_true")
    option("--plain", "plain lines, for screen readers and simple terminals", action="store_true")
    option("--stats", "count in FILE what is asked, keeping nothing typed", metavar="FILE")
    often = f"how often a bot that stays open looks for edited files of its pack (default {EVERY}; 0: never)"
    option("--watch", often, metavar="SECONDS", type=_read_seconds, nargs="?", const=EVERY)
    return everywhere


def _add_doors(command: Callable[..., argparse.ArgumentParser | _Uncalled]) -> None:
    """The commands that answer questions."""
    asking = command(
        "ask",
        "doors.ask",
        "answer one question",
        "Prints the answer to one question, and ends. Its exit code is 1 where the\narticles hold no answer.",
        'ask "can they help me do up buttons?"',
        'ask --json "what is OT?"',
    )
    asking.add_argument("question", nargs="+", help="the question, best in quotes")
    asking.add_argument("--json", action="store_true", help="print the reply as a JSON object")
    serving = command(
        "serve",
        "doors.serve",
        "answer another program, one JSON object a line",
        "Reads a JSON object a line, and writes one for each:\n"
        '  {"id": 1, "question": "what is OT?", "session": "name"}\n'
        'Without "session" a question is remembered by nobody; {"reset": "name"} forgets\n'
        "a session.",
        "serve --jsonl",
        "--pack north-clinic/ serve --jsonl",
    )
    serving.add_argument("--jsonl", action="store_true", required=True, help="JSON Lines on standard input and output")

    showing = command(
        "kiosk",
        "doors.kiosk",
        "the touch-screen page, for a browser on this machine",
        "Serves a page for a touch screen, on this machine alone, until it is told to\n"
        "end. GET /health answers 200 while it can answer questions. It follows the\n"
        "pack's files, and writes nothing of what is typed anywhere.",
        "kiosk",
        "kiosk --port 9000",
        "--pack north-clinic/ kiosk",
    )
    showing.add_argument("--port", type=_read_port, default=PORT, help=f"default {PORT}; 0 takes a free one")
    showing.add_argument(
        "--host",
        metavar="ADDRESS",
        type=_read_address,
        default="127.0.0.1",
        help="an address of this machine that others can reach, to let them; mind that nothing is encrypted",
    )


def _add_workbench(command: Callable[..., argparse.ArgumentParser | _Uncalled]) -> None:
    """The commands that look at a pack."""
    listing = command(
        "topics",
        "commands.topics",
        "what the pack can answer, by article and section",
        "Lists the questions that the pack knows, under the article and the section\nthat answer them.",
        "topics",
        "topics --all",
    )
    listing.add_argument(
        "--all", action="store_true", help="also what no intent reaches, and what was left out and why"
    )
    command(
        "sources",
        "commands.sources",
        "the articles: publisher, title, dates, interest, licence",
        "Lists the articles of the pack with all that is known of each.",
        "sources",
    )
    checking = command(
        "check",
        "commands.check",
        "name every problem of the pack",
        "Reads the whole pack and names every problem with its file, line and column,\n"
        "and what to do. What is only doubtful is a warning. Run it after every edit.",
        "check",
        "--pack north-clinic/ check --format github",
        "check --against questions.jsonl",
    )
    checking.add_argument("--json", action="store_true", help="print the problems as a JSON object")
    checking.add_argument("--format", choices=["text", "github"], default="text", help="github: marks beside the lines")
    checking.add_argument(
        "--against",
        metavar="FILE",
        help="questions that must not stand among the examples, in nearly these words, as JSON Lines",
    )
    testing = command(
        "test",
        "commands.test",
        "run the pack's own tests",
        "Asks every question under tests: in the pack's files, and compares what is\nanswered with what should be.",
        "test",
        "--pack north-clinic/ test --junit results.xml",
        "test --impact old-pack/",
    )
    testing.add_argument("--junit", metavar="FILE", help="write the outcomes as JUnit XML, too")
    testing.add_argument("--impact", metavar="DIR", help="list what this pack answers unlike an older copy of it")
    why = command(
        "explain",
        "commands.explain",
        "every stage's value for one question",
        "Shows how one question is read and mended, which intents were considered and\n"
        "what spoke for each, the thresholds, and what was decided.",
        'explain "do they put ice on it"',
        'explain "where can i park" --expect parking',
    )
    why.add_argument("question", nargs="+", help="the question, best in quotes")
    why.add_argument("--expect", metavar="INTENT", help="the intent that should have won: what speaks for it")
    why.add_argument("--after", metavar="QUESTION", help="the question before it in a conversation")
    scoring = command(
        "eval",
        "commands.evaluate",
        "score a file of labelled questions",
        "Asks every question of a JSON Lines file and prints how many were handled\nright, by kind, with intervals.",
        "eval questions.jsonl",
        "eval questions.jsonl --report scores.html",
    )
    scoring.add_argument("file", metavar="FILE", help="one question a line, as in the README")
    scoring.add_argument("--json", action="store_true", help="print the figures as a JSON object")
    scoring.add_argument("--report", metavar="FILE", help="write a page with drawings and every failure explained")
    timing = command(
        "bench",
        "commands.bench",
        "how fast it is on this machine",
        "Starts programs, asks questions and builds the pack's model, for two minutes at\n"
        "most, and prints what each took beside what a floor or another way took in the\n"
        "same run. Its exit code is 1 where a promise does not hold. A machine that is\n"
        "busy with something else tells little.",
        "bench",
        "bench questions.jsonl --json > before.json",
        "bench --scale",
    )
    timing.add_argument("file", metavar="FILE", nargs="?", help="labelled questions to ask, as for eval")
    timing.add_argument("--json", action="store_true", help="print the figures as a JSON object")
    timing.add_argument(
        "--scale", action="store_true", help="how it grows: learn and ask made-up packs of up to 100,000 examples"
    )


def _add_writing(command: Callable[..., argparse.ArgumentParser | _Uncalled]) -> None:
    """The commands that write files of a pack, and the one that shows what was counted."""
    updating = command(
        "update",
        "commands.update",
        "take in a changed article, and list the quotes it breaks",
        "Compares a changed article with the one in corpus/, lists what changed and\n"
        "which quotes it breaks, asks whether somebody qualified has read it, and takes\n"
        "it in.",
        "update article clearing.txt",
    )
    updating.add_argument("what", choices=["article"], help="article")
    updating.add_argument("file", metavar="FILE", help="its new text, in a file named like the one in corpus/")
    updating.add_argument("--reviewed", action="store_true", help="do not ask: somebody qualified has read it")
    making = command(
        "new",
        "commands.create",
        "write a new intent, article or pack, with notes in it",
        "Writes files that are valid as they stand, with notes on what to change.\nNothing is ever written over.",
        "new intent parking",
        "new article leaflet.txt --title 'After a fall'",
        "new pack my-clinic",
    )
    making.add_argument("what", choices=["intent", "article", "pack"], help="what to write: intent, article or pack")
    making.add_argument(
        "name", metavar="NAME", nargs="+", help="an intent's name, an article's file, or a pack's folder"
    )
    making.add_argument("--copy", action="store_true", help="pack: begin with all that the shipped one holds")
    for key, meaning in ASKED.items():
        making.add_argument(f"--{key.replace('_', '-')}", metavar="TEXT", help=f"article: {meaning}")
    making.set_defaults(asked=ASKED)
    bringing = command(
        "import",
        "commands.import_file",
        "take in a Rasa nlu.yml, a CSV table, or .intent lines",
        "Writes a new file of intents from one of another program, and lists what\ncannot be carried over.",
        "import questions.csv",
        "--pack north-clinic/ import nlu.yml",
    )
    bringing.add_argument("file", metavar="FILE", help="nlu.yml, FILE.csv or NAME.intent")
    counting = command(
        "stats",
        "commands.show_counts",
        "show what --stats FILE counted",
        "Shows the counts of a file that was given to --stats, but none that could\npoint to somebody.",
        "stats counts.json",
    )
    counting.add_argument("file", metavar="FILE", help="the file that was given to --stats")
