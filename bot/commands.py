"""What each command does: `options` in, an exit code out. Rooms are imported only by the command that needs them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.engine import Answers, Bot
    from bot.errors import PackError
    from bot.types import Pack, Problem, Reply

__all__ = [
    "ask",
    "chat",
    "check",
    "create",
    "evaluate",
    "explain",
    "import_file",
    "serve",
    "show_counts",
    "sources",
    "test",
    "topics",
    "update",
]

FINE, DECLINED, WRONG_USAGE, UNUSABLE_PACK = 0, 1, 2, 3
"""Exit codes."""


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


def _show_step(what: str, share: float) -> None:
    """What is being checked, where a person is watching."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{f'Checking {what} … {share:.0%}' if share < 1 else ''}", end="", file=sys.stderr, flush=True)


def _complain(problems: Sequence[Problem], consequence: str) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)
    many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    print(f"{many}: {consequence}.", file=sys.stderr, flush=True)


UNUSABLE = "this pack cannot be used until they are mended"


def _spell_call(options: argparse.Namespace) -> str:
    """How the bot is called here, for advice on what to run next."""
    python = Path(sys.executable)
    called = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else "python"
    return f"{called} -m bot" + (f" --pack {options.pack}" if options.pack else "")


def _root(options: argparse.Namespace) -> Path:
    """The folder of the chosen pack."""
    from bot.pack import shipped_root  # noqa: PLC0415

    return Path(options.pack) if options.pack else shipped_root()


# --- commands ---------------------------------------------------------------------------------------


def ask(options: argparse.Namespace) -> int:
    from bot.session import Session  # noqa: PLC0415

    with _open_door(options, stays=False) as bot:
        reply, _ = bot.reply(options.question, Session())
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


def chat(options: argparse.Namespace) -> int:
    if not sys.stdin.isatty():
        return _answer_lines(options)
    from bot.chat import chat as talk  # noqa: PLC0415

    with _open_door(options) as bot:
        talk(bot, plain=options.plain)
    return FINE


def _answer_lines(options: argparse.Namespace) -> int:
    """Piped input: one question a line, one session, a blank line between the answers."""
    from bot.engine import Conversation  # noqa: PLC0415

    with _open_door(options) as bot:
        session, last = Conversation(bot), None
        for line in iter(lambda: sys.stdin.buffer.readline(1 << 20), b""):
            if question := line.decode("utf-8", "replace").strip():
                if last:
                    _say("")
                last = session.ask(question)
                _say(_render(last))
    return FINE


def serve(options: argparse.Namespace) -> int:
    from bot.jsonl import serve as answer_lines  # noqa: PLC0415

    with _open_door(options) as bot:
        answer_lines(bot, sys.stdin.buffer, sys.stdout.buffer)
    return FINE


@contextmanager
def _open_door(options: argparse.Namespace, stays: bool = True) -> Iterator[Answers]:
    """The bot for a door: where asked to, it counts; one that `stays` open follows the pack's files."""
    bot = _load(options)
    with ExitStack() as stack:
        answers: Answers = bot
        if stays and options.watch:
            from bot.live import LiveBot  # noqa: PLC0415

            tell = _warn if not sys.stdin.isatty() else lambda text: None  # A visitor at a prompt is not told.
            answers = stack.enter_context(LiveBot(bot, _root(options), _complain_of_edit, options.watch, tell))
        if options.stats:
            from bot.stats import CountingBot  # noqa: PLC0415

            answers = stack.enter_context(CountingBot(answers, Path(options.stats), _warn))
        yield answers


def _complain_of_edit(error: PackError) -> None:
    _complain(error.problems, "the edit is not used until they are mended; the pack as it was goes on answering")


def _warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def check(options: argparse.Namespace) -> int:
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
        problems = show_places(faults, root) + find_doubts(pack, root, model, date.today(), _show_step)
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
    elif problems and options.format == "github":
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


def topics(options: argparse.Namespace) -> int:
    from bot.topics import list_topics  # noqa: PLC0415

    _say(list_topics(_load(options), everything=options.all))
    return FINE


def sources(options: argparse.Namespace) -> int:
    from bot.topics import list_sources  # noqa: PLC0415

    _say(list_sources(_load(options)))
    return FINE


def explain(options: argparse.Namespace) -> int:
    from bot.errors import PackError  # noqa: PLC0415
    from bot.explain import explain as tell  # noqa: PLC0415

    try:
        _say(tell(_load(options), options.question, _root(options), options.expect or "", options.after or ""))
    except PackError as error:
        _complain(error.problems, "nothing is explained")
        return WRONG_USAGE
    return FINE


def evaluate(options: argparse.Namespace) -> int:
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


def test(options: argparse.Namespace) -> int:
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
    outcomes = list(run_tests(bot, pack, _show_count))
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
        _say(f'To see why, run: {_spell_call(options)} explain "the question"')
    return DECLINED if failed else FINE


def update(options: argparse.Namespace) -> int:
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


def create(options: argparse.Namespace) -> int:
    from bot.errors import PackError  # noqa: PLC0415
    from bot.new import create_intent, create_pack  # noqa: PLC0415

    try:
        if options.what == "article":
            return _create_article(options)
        if options.what == "intent":
            path = create_intent(_root(options), "_".join(options.name), _spell_call(options))
            _say(f"{path} is written, and works as it stands. Open it in an editor: its notes say what to change.")
            _say(f"Then run: {_spell_call(options)} check")
            return FINE
        folder = " ".join(options.name)
        files = create_pack(Path(folder), options.copy)
    except PackError as error:
        _complain(error.problems, "nothing was written")
        return WRONG_USAGE
    _say("\n".join(map(str, files)))
    _say(f"{len(files)} files are written. First check the numbers in intents/clinic.yaml: people in danger see them.")
    options.pack = folder
    _say(f"Then run: {_spell_call(options)} check")
    return FINE


def _create_article(options: argparse.Namespace) -> int:
    """Ask for the header on the terminal, or read the answers from piped lines, and show how the article is cut."""
    from datetime import date  # noqa: PLC0415

    from bot.files import write_whole  # noqa: PLC0415
    from bot.new import plan_article  # noqa: PLC0415
    from bot.topics import list_passages  # noqa: PLC0415

    def ask_for(key: str, usual: str) -> str:
        if given := getattr(options, key):
            return str(given)
        while True:
            print(f"{key}, {options.asked[key]}{f' [{usual}]' if usual else ''}: ", end="", flush=True)
            line = sys.stdin.readline()
            answer = line.strip() or usual
            if answer and not _is_refused(key, answer):
                return answer
            if not line:
                _warn(f"\nthe article needs its {key}\n    -> answer the question, or give it with --{key}")
                raise SystemExit(WRONG_USAGE)

    file = Path(" ".join(options.name))
    plan = plan_article(_root(options), file, options.asked, ask_for, date.today())
    _say(list_passages(plan.article))
    write_whole(plan.path, plan.text)
    _say(f"{plan.path} is written: {len(plan.article.passages)} passages can be quoted, as above.")
    _say(f"Have somebody qualified read it. Then lead to it with: {_spell_call(options)} new intent NAME")
    return FINE


def _is_refused(key: str, value: str) -> bool:
    """Say what is wrong with an answer, before the next is asked for."""
    from bot.header import read_header  # noqa: PLC0415

    _, problems = read_header(f"{key}: {value}", key, required=())
    for problem in problems:
        print(f"{problem.fact}\n    -> {problem.remedy}")
    return bool(problems)


def import_file(options: argparse.Namespace) -> int:
    from bot.errors import PackError  # noqa: PLC0415
    from bot.importing import plan_import, write_import  # noqa: PLC0415

    try:
        plan = plan_import(_root(options), Path(options.file))
        write_import(plan)
    except PackError as error:
        _complain(error.problems, "nothing was imported")
        return WRONG_USAGE
    if plan.left_out:
        _complain(plan.left_out, "what was left out or changed; all else is imported")
    intents = plan.quoted + plan.worded + plan.unanswered
    _say(f"{plan.path} is written: {intents} intents, {plan.examples} examples, {plan.synonyms} synonyms.")
    _say(f"Answered with a quote: {plan.quoted}. In words of their own: {plan.worded}. Not yet: {plan.unanswered}.")
    return FINE


def show_counts(options: argparse.Namespace) -> int:
    from bot.errors import PackError  # noqa: PLC0415
    from bot.stats import show_stats  # noqa: PLC0415

    try:
        _say(show_stats(Path(options.file)))
    except PackError as error:
        _complain(error.problems, "there are no counts to show")
        return WRONG_USAGE
    return FINE
