"""What the commands for authors do: `options` in, an exit code out. Rooms are imported when they are needed.

A pack that cannot be used raises PackError, which ends the program with each problem named (see cli.py).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.console import say, show_step, warn, write
from bot.outcome import DECLINED, FINE, UNUSABLE, WRONG_USAGE, complain, find_root, show_progress, spell_call

if TYPE_CHECKING:
    from bot.engine import Bot
    from bot.types import Pack
    from bot.written import Problem

__all__ = [
    "check",
    "complete",
    "create",
    "evaluate",
    "explain",
    "import_file",
    "show_counts",
    "sources",
    "test",
    "topics",
    "update",
]


def _load(options: argparse.Namespace) -> Bot:
    from bot.engine import Bot  # noqa: PLC0415

    return Bot.load(options.pack, progress=show_progress)


def _show_check(what: str, share: float) -> None:
    """What is being checked, where a person looks on."""
    if sys.stderr.isatty():
        show_step(f"Checking {what} … {share:.0%}" if share < 1 else "")


def check(options: argparse.Namespace) -> int:
    from datetime import date  # noqa: PLC0415

    from bot.cache import obtain_model  # noqa: PLC0415
    from bot.check import find_doubts  # noqa: PLC0415
    from bot.errors import PackError  # noqa: PLC0415
    from bot.labelled import EvalError  # noqa: PLC0415
    from bot.leaks import find_leaks  # noqa: PLC0415
    from bot.pack import read_pack, show_places  # noqa: PLC0415

    root = find_root(options)
    try:
        pack, faults = read_pack(root)
        model = None if faults else obtain_model(root, show_progress)
        problems = show_places(faults, root) + find_doubts(pack, root, model, date.today(), _show_check)
        if options.against:
            problems += show_places(find_leaks(pack, Path(options.against)), root)
    except PackError as error:
        return _report(error.problems, None, options)
    except EvalError as error:
        warn(str(error))
        return WRONG_USAGE
    return _report(problems, None if faults else pack, options)


def _report(problems: Sequence[Problem], pack: Pack | None, options: argparse.Namespace) -> int:
    """Print what `check` found, in the form that was asked for; problems go to standard error only as text."""
    from bot.check import to_github, to_json  # noqa: PLC0415

    if options.json:
        write(json.dumps(to_json(problems, pack), ensure_ascii=sys.stdout.isatty()) + "\n")
    elif problems and options.format == "github":
        say("\n".join(to_github(problem, find_root(options)) for problem in problems))
    elif problems:
        complain(problems, "the pack can be used, but its authors should look at them" if pack else UNUSABLE)
    if pack is None or not all(problem.is_warning for problem in problems):
        return DECLINED
    if not options.json:
        examples = sum(len(intent.examples) for intent in pack.intents.values())
        found = "No errors" if problems else "No problems"
        articles = "1 article" if len(pack.articles) == 1 else f"{len(pack.articles)} articles"
        say(f"{found}: {articles}, {len(pack.intents)} intents, {examples} examples.")
    return FINE


def topics(options: argparse.Namespace) -> int:
    from bot.topics import list_topics  # noqa: PLC0415

    say(list_topics(_load(options).model.pack, everything=options.all))
    return FINE


def sources(options: argparse.Namespace) -> int:
    from bot.topics import list_sources  # noqa: PLC0415

    say(list_sources(_load(options).model.pack))
    return FINE


def explain(options: argparse.Namespace) -> int:
    from bot.errors import PackError  # noqa: PLC0415
    from bot.explain import explain as tell  # noqa: PLC0415

    try:
        say(
            tell(
                _load(options),
                " ".join(options.question),
                find_root(options),
                options.expect or "",
                options.after or "",
            )
        )
    except PackError as error:
        complain(error.problems, "nothing is explained")
        return WRONG_USAGE
    return FINE


def evaluate(options: argparse.Namespace) -> int:
    from bot.evaluate import ask_all, measure, show, to_json  # noqa: PLC0415
    from bot.labelled import EvalError  # noqa: PLC0415

    bot = _load(options)
    try:
        cases = ask_all(bot, Path(options.file), _show_count)
    except EvalError as error:
        warn(str(error))
        return WRONG_USAGE
    figures = measure(cases)
    if options.report:
        from bot.pack import load_pack  # noqa: PLC0415
        from bot.report import draw_report  # noqa: PLC0415

        pack = load_pack(find_root(options))
        try:
            Path(options.report).write_text(draw_report(bot, cases, figures, pack, options.file), encoding="utf-8")
        except OSError as error:
            warn(f"{options.report}: cannot be written: {error.strerror}")
            return WRONG_USAGE
    calibration = bot.model.calibration
    say(json.dumps(to_json(figures, calibration)) if options.json else show(figures, calibration))
    return FINE


def _show_count(done: int, of: int) -> None:
    """Count on one line of the terminal, and leave it empty in the end."""
    if sys.stderr.isatty():
        show_step(f"{done + 1} of {of}" if done + 1 < of else "")


def bench(options: argparse.Namespace) -> int:
    """How fast the bot is, each figure beside a floor or another way."""
    from bot.bench import measure, tabulate, to_json  # noqa: PLC0415
    from bot.labelled import EvalError, Row, read_rows  # noqa: PLC0415
    from bot.pack import load_pack  # noqa: PLC0415

    if options.scale:
        return _bench_scale(options)
    root, bot = find_root(options), _load(options)
    try:
        rows = list(read_rows(Path(options.file), bot.articles)) if options.file else []
    except EvalError as error:
        warn(str(error))
        return WRONG_USAGE
    questions = [turn.question for row in rows for turn in ((row,) if isinstance(row, Row) else row.turns)]
    figures = list(measure(root, load_pack(root), bot, _show_measured, questions))
    _show_measured("")
    say(to_json(figures) if options.json else "\n".join(tabulate(figures)))
    return FINE if all(figure.holds for figure in figures) else DECLINED


def _bench_scale(options: argparse.Namespace) -> int:
    from dataclasses import asdict  # noqa: PLC0415

    from bot.growth import SIZES, chart, choose_words, measure_growth  # noqa: PLC0415
    from bot.pack import load_pack  # noqa: PLC0415

    growths = list(measure_growth(choose_words(load_pack(find_root(options))), _show_measured))
    _show_measured("")
    if options.json:
        say(json.dumps({"sizes": list(map(asdict, SIZES)), "growths": list(map(asdict, growths))}, indent=2))
    else:
        say("\n".join(chart(growths)))
    return FINE if all(growth.holds for growth in growths) else DECLINED


def _show_measured(what: str) -> None:
    if sys.stderr.isatty():
        show_step(what)


def test(options: argparse.Namespace) -> int:
    from bot.contents import find_changes, run_tests, to_junit  # noqa: PLC0415
    from bot.pack import load_pack  # noqa: PLC0415

    bot = _load(options)
    pack = load_pack(find_root(options))
    if options.impact:
        old = argparse.Namespace(**{**vars(options), "pack": options.impact})
        old_bot = _load(old)
        changes = list(find_changes(old_bot, bot, load_pack(Path(options.impact)), pack, _show_count))
        for change in changes:
            say(str(change))
        say(f"{len(changes)} questions are answered differently.")
        return FINE
    if not pack.tests:
        warn("this pack has no tests\n    -> add tests: to one of its files, as in the README")
        return FINE
    outcomes = list(run_tests(bot, pack, _show_count))
    failed = [outcome for outcome in outcomes if outcome.faults]
    for outcome in failed:
        say(str(outcome))
    if options.junit:
        try:
            Path(options.junit).write_text(to_junit(outcomes, bot.name), encoding="utf-8")
        except OSError as error:
            warn(f"{options.junit}: cannot be written: {error.strerror}")
            return WRONG_USAGE
    say(f"{len(outcomes) - len(failed)} of {len(outcomes)} questions were answered as expected.")
    if failed:
        say(f'To see why, run: {spell_call(options)} explain "the question"')
    return DECLINED if failed else FINE


def update(options: argparse.Namespace) -> int:
    from datetime import date  # noqa: PLC0415

    from bot.errors import PackError  # noqa: PLC0415
    from bot.update import plan_update, take_in  # noqa: PLC0415

    def is_reviewed() -> bool:
        if options.reviewed or not sys.stdin.isatty():
            return bool(options.reviewed)
        say("Has somebody qualified read the whole new text, and found it right and safe to quote?")
        say("Type yes to take it in, and press Enter.")
        return sys.stdin.readline().strip().lower() == "yes"

    try:
        update = plan_update(find_root(options), Path(options.file), date.today())
        say("\n".join(map(str, update.changes)) or "The text is as it was.")
        if update.broken:
            complain(update.broken, "mend them in the files of intents/ once the article is in")
        is_taken = take_in(update, is_reviewed)
    except PackError as error:
        complain(error.problems, "nothing was changed")
        return WRONG_USAGE
    if not is_taken:
        say("Nothing was changed. Have the text reviewed, then run this again, or add --reviewed.")
        return DECLINED
    say(f"{update.path} is up to date. Its review holds for a year: see review_by in its header.")
    return DECLINED if update.broken else FINE


def create(options: argparse.Namespace) -> int:
    from bot.errors import PackError  # noqa: PLC0415
    from bot.new import create_intent, create_pack  # noqa: PLC0415

    try:
        if options.what == "article":
            return _create_article(options)
        if options.what == "intent":
            path = create_intent(find_root(options), "_".join(options.name), spell_call(options))
            say(f"{path} is written, and works as it stands. Open it in an editor: its notes say what to change.")
            say(f"Then run: {spell_call(options)} check")
            return FINE
        folder = " ".join(options.name)
        files = create_pack(Path(folder), options.copy)
    except PackError as error:
        complain(error.problems, "nothing was written")
        return WRONG_USAGE
    say("\n".join(map(str, files)))
    say(f"{len(files)} files are written. First check the numbers in intents/clinic.yaml: people in danger see them.")
    options.pack = folder
    say(f"Then run: {spell_call(options)} check")
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
                warn(f"\nthe article needs its {key}\n    -> answer the question, or give it with --{key}")
                raise SystemExit(WRONG_USAGE)

    file = Path(" ".join(options.name))
    plan = plan_article(find_root(options), file, options.asked, ask_for, date.today())
    say(list_passages(plan.article))
    write_whole(plan.path, plan.text)
    say(f"{plan.path} is written: {len(plan.article.passages)} passages can be quoted, as above.")
    say(f"Have somebody qualified read it. Then lead to it with: {spell_call(options)} new intent NAME")
    return FINE


def _is_refused(key: str, value: str) -> bool:
    """Say what is wrong with an answer, before the next is asked for."""
    from bot.header import read_header  # noqa: PLC0415

    _, problems = read_header(f"{key}: {value}", key, required=())
    for problem in problems:
        say(f"{problem.fact}\n    -> {problem.remedy}")
    return bool(problems)


def import_file(options: argparse.Namespace) -> int:
    from bot.errors import PackError  # noqa: PLC0415
    from bot.importing import plan_import, write_import  # noqa: PLC0415

    try:
        plan = plan_import(find_root(options), Path(options.file))
        write_import(plan)
    except PackError as error:
        complain(error.problems, "nothing was imported")
        return WRONG_USAGE
    if plan.left_out:
        complain(plan.left_out, "what was left out or changed; all else is imported")
    intents = plan.quoted + plan.worded + plan.unanswered
    say(f"{plan.path} is written: {intents} intents, {plan.examples} examples, {plan.synonyms} synonyms.")
    say(f"Answered with a quote: {plan.quoted}. In words of their own: {plan.worded}. Not yet: {plan.unanswered}.")
    return FINE


def show_counts(options: argparse.Namespace) -> int:
    from bot.errors import PackError  # noqa: PLC0415
    from bot.stats import show_stats  # noqa: PLC0415

    try:
        say(show_stats(Path(options.file)))
    except PackError as error:
        complain(error.problems, "there are no counts to show")
        return WRONG_USAGE
    return FINE


def complete(options: argparse.Namespace) -> int:
    from bot.completion import write_completion  # noqa: PLC0415

    say(write_completion(options.whole(), options.shell))
    return FINE
