"""The command line: arguments, exit codes, and the way to each door, imported only when it is asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot import __version__

if TYPE_CHECKING:
    from bot.engine import Bot
    from bot.types import Pack, Problem, Reply

__all__ = ["main"]

FINE, DECLINED, WRONG_USAGE, UNUSABLE_PACK, INTERRUPTED = 0, 1, 2, 3, 130

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
        print(
            f"{error.name} is not installed\n    -> install what the bot needs: python -m pip install .",
            file=sys.stderr,
        )
        return WRONG_USAGE
    except BrokenPipeError:
        # The reader has gone, as with `| head -1`. Keep Python from complaining when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE


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
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description="Answers patients' questions offline, only with passages quoted from vetted articles.",
        epilog=EXAMPLES,
        formatter_class=style,
        parents=[everywhere],
    )
    parser.add_argument("--version", action="version", version=f"patient-guide {__version__}")
    parser.set_defaults(run=_chat)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], what: str, example: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=what,
            description=what,
            epilog=f"example:\n  python -m bot {example}",
            formatter_class=style,
            parents=[everywhere],
        )
        made.set_defaults(run=run)
        return made

    asking = command("ask", _ask, "answer one question", 'ask "can they help me do up buttons?"')
    asking.add_argument("question", help="the question, in quotes")
    asking.add_argument("--json", action="store_true", help="print the reply as a JSON object")
    serving = command("serve", _serve, "answer another program, one JSON object a line", "serve --jsonl")
    serving.add_argument("--jsonl", action="store_true", required=True, help="JSON Lines on standard input and output")
    checking = command("check", _check, "name every problem of the pack", "--pack north-clinic/ check")
    checking.add_argument("--json", action="store_true", help="print the problems as a JSON object")
    checking.add_argument("--format", choices=["text", "github"], default="text", help="github: marks beside the lines")
    checking.add_argument(
        "--against",
        metavar="FILE.jsonl",
        help="questions that must not stand among the examples, in nearly these words",
    )
    listing = command("topics", _topics, "what the pack can answer, by article and section", "topics --all")
    listing.add_argument(
        "--all", action="store_true", help="also what no intent reaches, and what was left out and why"
    )
    command("sources", _sources, "the articles: publisher, title, dates, interest, licence", "sources")
    why = command("explain", _explain, "every stage's value for one question", 'explain "do they put ice on it"')
    why.add_argument("question", help="the question, in quotes")
    testing = command("test", _test, "run the pack's own tests", "--pack north-clinic/ test")
    testing.add_argument("--junit", metavar="FILE", help="write the outcomes as JUnit XML, too")
    testing.add_argument("--impact", metavar="OLD_PACK", help="list what this pack answers unlike an older copy of it")
    scoring = command("eval", _eval, "score a file of labelled questions", "eval questions.jsonl --report scores.html")
    scoring.add_argument("file", metavar="FILE.jsonl", help="one question a line, as in the README")
    scoring.add_argument("--json", action="store_true", help="print the figures as a JSON object")
    scoring.add_argument("--report", metavar="FILE.html", help="write a page with drawings and every failure explained")
    updating = command(
        "update", _update, "take in a changed article, and list the quotes it breaks", "update article clearing.txt"
    )
    updating.add_argument("what", choices=["article"], help="article")
    updating.add_argument("file", metavar="FILE", help="its new text, in a file named like the one in corpus/")
    updating.add_argument("--reviewed", action="store_true", help="do not ask: somebody qualified has read it")
    options = parser.parse_args(arguments)
    for name, value in (("pack", None), ("no_color", False), ("plain", False)):
        setattr(options, name, getattr(options, name, value))
    return options


# --- loading ----------------------------------------------------------------------------------------


def _load(options: argparse.Namespace) -> Bot:
    """The bot of the chosen pack; a pack with problems ends the program with each of them named."""
    from bot.engine import Bot  # noqa: PLC0415
    from bot.errors import PackError  # noqa: PLC0415

    try:
        return Bot.load(options.pack, progress=_show_progress)
    except PackError as error:
        _complain(error.problems, UNUSABLE)
        raise SystemExit(UNUSABLE_PACK) from None


def _show_progress(what: str, share: float) -> None:
    """Progress of a first build, on standard error; one line, rewritten, where a person is watching."""
    end = "" if sys.stderr.isatty() else "\n"
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    text = f"Getting ready (only after a change): {what} … {share:.0%}" if share < 1 else ""
    print(f"{start}{text}", end=end if text else "", file=sys.stderr, flush=True)


def _complain(problems: Sequence[Problem], consequence: str) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)
    many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    print(f"{many}: {consequence}.", file=sys.stderr)


UNUSABLE = "this pack cannot be used until they are mended"


def _root(options: argparse.Namespace) -> Path:
    """The folder of the chosen pack."""
    from bot.pack import shipped_root  # noqa: PLC0415

    return Path(options.pack) if options.pack else shipped_root()


# --- commands ---------------------------------------------------------------------------------------


def _ask(options: argparse.Namespace) -> int:
    reply = _load(options).ask(options.question)
    if options.json:
        import json  # noqa: PLC0415

        _say(json.dumps(reply.to_dict(), ensure_ascii=False))
    else:
        _say(_render(reply))
    return _exit_code(reply)


def _exit_code(reply: Reply) -> int:
    return DECLINED if reply.kind in ("out_of_scope", "unreadable") else FINE


def _render(reply: Reply) -> str:
    from bot.render import wrap  # noqa: PLC0415

    return wrap(reply.text)


def _say(text: str) -> None:
    """Print as UTF-8 whatever the console's own encoding: quotes must arrive as they stand."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


def _chat(options: argparse.Namespace) -> int:
    if not sys.stdin.isatty():
        return _answer_lines(options)
    from bot.chat import chat  # noqa: PLC0415

    chat(lambda: _load(options), plain=options.plain)
    return FINE


def _answer_lines(options: argparse.Namespace) -> int:
    """Piped input: one question a line, one session, a blank line between the answers."""
    session = _load(options).session()
    last = None
    for line in iter(lambda: sys.stdin.buffer.readline(1 << 20), b""):
        question = line.decode("utf-8", "replace").strip()
        if not question:
            continue
        if last:
            _say("")
        last = session.ask(question)
        _say(_render(last))
    return FINE


def _serve(options: argparse.Namespace) -> int:
    from bot.jsonl import serve  # noqa: PLC0415

    serve(_load(options), sys.stdin.buffer, sys.stdout.buffer)
    return FINE


def _check(options: argparse.Namespace) -> int:
    from datetime import date  # noqa: PLC0415

    from bot.cache import obtain_model  # noqa: PLC0415
    from bot.check import find_doubts  # noqa: PLC0415
    from bot.errors import PackError  # noqa: PLC0415
    from bot.labelled import EvalError  # noqa: PLC0415
    from bot.leaks import find_leaks  # noqa: PLC0415
    from bot.pack import read_pack, show_places  # noqa: PLC0415

    root = _root(options)
    try:
        pack, faults = read_pack(root)
        model = None if faults else obtain_model(root, _show_progress)
        problems = show_places(faults, root) + find_doubts(pack, root, model, date.today())
        if options.against:
            problems += show_places(find_leaks(pack, Path(options.against)), root)
    except PackError as error:
        return _report(error.problems, None, options)
    except EvalError as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE
    return _report(problems, None if faults else pack, options)


def _report(problems: Sequence[Problem], pack: Pack | None, options: argparse.Namespace) -> int:
    """Print what `check` found, in the form that was asked for; problems go to standard error only as text."""
    from bot.check import to_github, to_json  # noqa: PLC0415

    if options.json:
        import json  # noqa: PLC0415

        _say(json.dumps(to_json(problems, pack), ensure_ascii=False))
    elif options.format == "github":
        _say("\n".join(to_github(problem, _root(options)) for problem in problems))
    elif problems:
        _complain(problems, "the pack can be used, but its authors should look at them" if pack else UNUSABLE)
    if pack is None or not all(problem.is_warning for problem in problems):
        return DECLINED
    if not options.json:
        examples = sum(len(intent.examples) for intent in pack.intents.values())
        found = "No errors" if problems else "No problems"
        articles = "1 article" if len(pack.articles) == 1 else f"{len(pack.articles)} articles"
        _say(f"{found}: {articles}, {len(pack.intents)} intents, {examples} examples.")
    return FINE


def _topics(options: argparse.Namespace) -> int:
    from bot.topics import list_topics  # noqa: PLC0415

    _say(list_topics(_load(options), everything=options.all))
    return FINE


def _sources(options: argparse.Namespace) -> int:
    from bot.topics import list_sources  # noqa: PLC0415

    _say(list_sources(_load(options)))
    return FINE


def _explain(options: argparse.Namespace) -> int:
    from bot.explain import explain  # noqa: PLC0415

    _say(explain(_load(options), options.question, _root(options)))
    return FINE


def _eval(options: argparse.Namespace) -> int:
    import json  # noqa: PLC0415

    from bot.evaluate import ask_all, measure, show, to_json  # noqa: PLC0415
    from bot.labelled import EvalError  # noqa: PLC0415

    bot = _load(options)
    try:
        cases = ask_all(bot, Path(options.file), _show_count)
    except EvalError as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE
    figures = measure(cases)
    if options.report:
        from bot.pack import load_pack  # noqa: PLC0415
        from bot.report import draw_report  # noqa: PLC0415

        pack = load_pack(_root(options))
        try:
            Path(options.report).write_text(draw_report(bot, cases, figures, pack, options.file), encoding="utf-8")
        except OSError as error:
            print(f"{options.report}: cannot be written: {error.strerror}", file=sys.stderr)
            return WRONG_USAGE
    calibration = bot.model.calibration
    _say(json.dumps(to_json(figures, calibration)) if options.json else show(figures, calibration))
    return FINE


def _show_count(done: int, of: int) -> None:
    """Count on one line of the terminal, and leave it empty in the end."""
    if sys.stderr.isatty():
        text = f"{done + 1} of {of}" if done + 1 < of else ""
        print(f"\r{text:20}\r", end="", file=sys.stderr, flush=True)


def _test(options: argparse.Namespace) -> int:
    from bot.contents import find_changes, run_tests, to_junit  # noqa: PLC0415
    from bot.pack import load_pack  # noqa: PLC0415

    bot = _load(options)
    pack = load_pack(_root(options))
    if options.impact:
        old = argparse.Namespace(**{**vars(options), "pack": options.impact})
        old_bot = _load(old)
        changes = list(find_changes(old_bot, bot, load_pack(Path(options.impact)), pack, _show_count))
        for change in changes:
            _say(str(change))
        _say(f"{len(changes)} questions are answered differently.")
        return FINE
    if not pack.tests:
        print("this pack has no tests\n    -> add tests: to one of its files, as in the README", file=sys.stderr)
        return FINE
    outcomes = list(run_tests(bot, pack.tests, _show_count))
    failed = [outcome for outcome in outcomes if outcome.faults]
    for outcome in failed:
        _say(str(outcome))
    if options.junit:
        try:
            Path(options.junit).write_text(to_junit(outcomes, bot.name), encoding="utf-8")
        except OSError as error:
            print(f"{options.junit}: cannot be written: {error.strerror}", file=sys.stderr)
            return WRONG_USAGE
    _say(f"{len(outcomes) - len(failed)} of {len(outcomes)} questions were answered as expected.")
    if failed:
        _say('To see why, run: python -m bot explain "the question"')
    return DECLINED if failed else FINE


def _update(options: argparse.Namespace) -> int:
    from datetime import date  # noqa: PLC0415

    from bot.errors import PackError  # noqa: PLC0415
    from bot.update import plan_update, take_in  # noqa: PLC0415

    def is_reviewed() -> bool:
        if options.reviewed or not sys.stdin.isatty():
            return bool(options.reviewed)
        _say("Has somebody qualified read the whole new text, and found it right and safe to quote?")
        _say("Type yes to take it in, and press Enter.")
        return sys.stdin.readline().strip().lower() == "yes"

    try:
        update = plan_update(_root(options), Path(options.file), date.today())
        _say("\n".join(map(str, update.changes)) or "The text is as it was.")
        if update.broken:
            _complain(update.broken, "mend them in the files of intents/ once the article is in")
        is_taken = take_in(update, is_reviewed)
    except PackError as error:
        _complain(error.problems, "nothing was changed")
        return WRONG_USAGE
    if not is_taken:
        _say("Nothing was changed. Have the text reviewed, then run this again, or add --reviewed.")
        return DECLINED
    _say(f"{update.path} is up to date. Its review holds for a year: see review_by in its header.")
    return DECLINED if update.broken else FINE
