"""The command line: arguments, exit codes, and the way to each door, imported only when it is asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from bot import __version__, commands, doors
from bot.outcome import FINE, INTERRUPTED, UNUSABLE, UNUSABLE_PACK, WRONG_USAGE, complain, warn

__all__ = ["main"]

EVERY = 0.5
"""Seconds between two looks at a pack's files. An edit counts once they have stood still from one to the next."""

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

EXAMPLES = """\
examples:
  python -m bot                                    chat in this terminal
  python -m bot ask "PT or OT for buttons?"        one answer
  python -m bot ask --json "what is OT?"           the same, as JSON
  echo "do they use heat?" | python -m bot         one answer for each line
  python -m bot serve --jsonl                      for another program
  python -m bot topics                             what can be asked
  python -m bot --pack north-clinic/ check         does this pack hold together?
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parse(arguments)
    try:
        return options.run(options)  # type: ignore[no-any-return]
    except KeyboardInterrupt:
        return INTERRUPTED
    except ModuleNotFoundError as error:
        warn(f"{error.name} is not installed\n    -> install what the bot needs: python -m pip install .")
        return WRONG_USAGE
    except BrokenPipeError:
        # The reader has gone, as with `| head -1`. Keep Python from complaining when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except Exception as error:
        from bot.errors import PackError  # noqa: PLC0415 (`--help` needs no engine)

        if not isinstance(error, PackError):
            raise
        complain(error.problems, UNUSABLE)
        return UNUSABLE_PACK


def _read_seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds from 0 to 3600")
    return seconds


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    everywhere = argparse.ArgumentParser(add_help=False)
    group = everywhere.add_argument_group("everywhere")
    # Given before the command or after it: neither place may overwrite the other with its default.
    group.add_argument(
        "--pack", metavar="DIR", default=argparse.SUPPRESS, help="a folder that holds corpus/ and intents/"
    )
    group.add_argument(
        "--no-color", action="store_true", default=argparse.SUPPRESS, help="no colours (as does NO_COLOR)"
    )
    group.add_argument(
        "--plain", action="store_true", default=argparse.SUPPRESS, help="plain lines, for screen readers"
    )
    group.add_argument(
        "--stats", metavar="FILE", default=argparse.SUPPRESS, help="count in FILE what is asked, keeping nothing typed"
    )
    group.add_argument(
        "--watch",
        metavar="SECONDS",
        type=_read_seconds,
        nargs="?",
        const=EVERY,
        default=argparse.SUPPRESS,
        help=f"how often a bot that stays open looks for edited files of its pack (default {EVERY}; 0: never)",
    )
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description="Answers patients' questions offline, only with passages quoted from vetted articles.",
        epilog=EXAMPLES,
        formatter_class=style,
        parents=[everywhere],
    )
    parser.add_argument("--version", action="version", version=f"patient-guide {__version__}")
    parser.add_argument("--vi", action="store_true", help="chat: edit with vi's keys (so does vi mode in ~/.inputrc)")
    parser.add_argument("--history", metavar="FILE", default="", help="chat: keep what is typed in FILE, for later")
    parser.set_defaults(run=doors.chat)
    parsers = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], what: str, example: str
    ) -> argparse.ArgumentParser:
        made = parsers.add_parser(
            name,
            help=what,
            description=what,
            epilog=f"example:\n  python -m bot {example}",
            formatter_class=style,
            parents=[everywhere],
        )
        made.set_defaults(run=run)
        return made

    asking = command("ask", doors.ask, "answer one question", 'ask "can they help me do up buttons?"')
    asking.add_argument("question", help="the question, in quotes")
    asking.add_argument("--json", action="store_true", help="print the reply as a JSON object")
    serving = command("serve", doors.serve, "answer another program, one JSON object a line", "serve --jsonl")
    serving.add_argument("--jsonl", action="store_true", required=True, help="JSON Lines on standard input and output")
    checking = command("check", commands.check, "name every problem of the pack", "--pack north-clinic/ check")
    checking.add_argument("--json", action="store_true", help="print the problems as a JSON object")
    checking.add_argument("--format", choices=["text", "github"], default="text", help="github: marks beside the lines")
    checking.add_argument(
        "--against",
        metavar="FILE.jsonl",
        help="questions that must not stand among the examples, in nearly these words",
    )
    listing = command("topics", commands.topics, "what the pack can answer, by article and section", "topics --all")
    listing.add_argument(
        "--all", action="store_true", help="also what no intent reaches, and what was left out and why"
    )
    command("sources", commands.sources, "the articles: publisher, title, dates, interest, licence", "sources")
    why = command(
        "explain", commands.explain, "every stage's value for one question", 'explain "do they put ice on it"'
    )
    why.add_argument("question", help="the question, in quotes")
    why.add_argument("--expect", metavar="INTENT", help="the intent that should have won: what speaks for it")
    why.add_argument("--after", metavar="QUESTION", help="the question before it in a conversation")
    testing = command("test", commands.test, "run the pack's own tests", "--pack north-clinic/ test")
    testing.add_argument("--junit", metavar="FILE", help="write the outcomes as JUnit XML, too")
    testing.add_argument("--impact", metavar="OLD_PACK", help="list what this pack answers unlike an older copy of it")
    scoring = command(
        "eval", commands.evaluate, "score a file of labelled questions", "eval questions.jsonl --report scores.html"
    )
    scoring.add_argument("file", metavar="FILE.jsonl", help="one question a line, as in the README")
    scoring.add_argument("--json", action="store_true", help="print the figures as a JSON object")
    scoring.add_argument("--report", metavar="FILE.html", help="write a page with drawings and every failure explained")
    _add_writing(command)
    options = parser.parse_args(arguments)
    for name, value in (("pack", None), ("no_color", False), ("plain", False), ("stats", None), ("watch", EVERY)):
        setattr(options, name, getattr(options, name, value))
    return options


def _add_writing(command: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that write files of a pack, and the one that shows what was counted."""
    updating = command(
        "update",
        commands.update,
        "take in a changed article, and list the quotes it breaks",
        "update article clearing.txt",
    )
    updating.add_argument("what", choices=["article"], help="article")
    updating.add_argument("file", metavar="FILE", help="its new text, in a file named like the one in corpus/")
    updating.add_argument("--reviewed", action="store_true", help="do not ask: somebody qualified has read it")
    making = command(
        "new", commands.create, "write a new intent, article or pack, with notes in it", "new intent parking"
    )
    making.add_argument("what", choices=["intent", "article", "pack"], help="what to write")
    making.add_argument(
        "name", metavar="NAME", nargs="+", help="an intent's name, an article's file, or a pack's folder"
    )
    making.add_argument("--copy", action="store_true", help="pack: begin with all that the shipped one holds")
    for key, meaning in ASKED.items():
        making.add_argument(f"--{key.replace('_', '-')}", metavar="TEXT", help=f"article: {meaning}")
    making.set_defaults(asked=ASKED)
    bringing = command(
        "import", commands.import_file, "take in a Rasa nlu.yml, a CSV table, or .intent lines", "import questions.csv"
    )
    bringing.add_argument("file", metavar="FILE", help="nlu.yml, FILE.csv or NAME.intent")
    counting = command("stats", commands.show_counts, "show what --stats FILE counted", "stats counts.json")
    counting.add_argument("file", metavar="FILE", help="the file that was given to --stats")
