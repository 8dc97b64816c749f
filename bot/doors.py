"""What the commands that answer questions do: `options` in, an exit code out. Rooms are imported when they are needed.

A pack that cannot be used raises PackError, which ends the program with each problem named (see cli.py).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from bot.console import find_look, open_history, prefers_plain, say, warn, write
from bot.outcome import DECLINED, FINE, WRONG_USAGE, complain, find_root, show_progress, spell_call

if TYPE_CHECKING:
    from types import FrameType

    from bot.chat import Loading
    from bot.engine import Answers
    from bot.errors import PackError
    from bot.kiosk.app import House
    from bot.types import Reply
    from bot.visit import Visit

__all__ = ["ask", "chat", "kiosk", "serve"]

LAST_MOMENT = 15.0
"""Seconds after which a chat that was told to end is ended without more ado."""


def ask(options: argparse.Namespace) -> int:
    """Answer one question."""
    from bot.session import Session  # noqa: PLC0415

    with _open_bot(options, stays=False, at_once=True) as bot:
        reply, _ = bot.reply(" ".join(options.question), Session())
    if options.json:
        import json  # noqa: PLC0415

        # For programs, and so as it stands; a terminal gets what it would obey as \\u escapes.
        write(json.dumps(reply.to_dict(), ensure_ascii=sys.stdout.isatty()) + "\n")
    else:
        _say_reply(reply, options)
    if not bot.model.is_whole:
        fact = "the new examples are only learned on top of the rest so far, and a few answers may yet change"
        warn(f"{fact}\n    -> to learn all of them together: {spell_call(options)} check")
    return DECLINED if reply.kind in ("out_of_scope", "unreadable") else FINE


def chat(options: argparse.Namespace) -> int:
    """Talk in a terminal; where input is piped, answer its lines."""
    if not sys.stdin.isatty():
        return _answer_lines(options)
    from bot.chat import Settings  # noqa: PLC0415
    from bot.chat import chat as talk  # noqa: PLC0415

    if options.history:
        try:
            open_history(Path(options.history))
        except OSError as error:
            warn(f"{options.history}: nothing can be kept in it: {error.strerror}\n    -> name another file")
            return WRONG_USAGE
    _heed(_leave)
    is_plain = options.plain or prefers_plain()
    if options.history and is_plain:
        warn("--history: plain lines keep nothing, for there the terminal has the arrow keys")
    with ExitStack() as stack:

        def load(loading: Loading) -> Visit:
            from bot.visit import Visit  # noqa: PLC0415

            progress = partial(_tell_progress, options, loading)
            bot = _open_bot(options, progress, loading.warn, at_once=bool(options.watch))
            return Visit(stack.enter_context(bot), is_plain)

        talk(load, Settings(is_plain, options.no_color, options.vi, options.history))
    return FINE


def _tell_progress(options: argparse.Namespace, loading: Loading, what: str, share: float) -> None:
    """Progress of learning; before the first of it, what a visitor should know who has to wait."""
    if not loading.progress:
        from bot.pack import load_pack  # noqa: PLC0415

        wording = load_pack(find_root(options)).wording
        loading.announce(f"{wording['getting_ready']}\n{wording['emergency']}")
    loading.tell(what, share)


def _heed(leave: Callable[[int, FrameType | None], Any]) -> None:
    """Do so where the program is told to end, or its terminal has gone."""
    import signal  # noqa: PLC0415 (a single answer needs none)

    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, leave)


def _leave(number: int, _: object) -> NoReturn:
    """End as on an error, so that the terminal is put back as it was; in any case soon, for it may be gone."""
    from threading import Timer  # noqa: PLC0415 (as above)

    last_resort = Timer(LAST_MOMENT, os._exit, [128 + number])
    last_resort.daemon = True
    last_resort.start()
    raise SystemExit(128 + number)


def serve(options: argparse.Namespace) -> int:
    """Answer another program."""
    from bot.jsonl import serve as answer_lines  # noqa: PLC0415

    with _open_bot(options) as bot:
        answer_lines(bot, sys.stdin.buffer, sys.stdout.buffer)
    return FINE


def kiosk(options: argparse.Namespace) -> int:
    """Serve the touch-screen page."""
    try:
        from bot.kiosk.server import open_port, run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in ("h11", "jinja2", "starlette", "uvicorn"):
            raise
        warn(
            f"the touch-screen page is not installed: there is no {error.name}\n"
            f"    -> in the folder of the README: {sys.executable} -m pip install '.[kiosk]'"
        )
        return WRONG_USAGE
    try:
        listener = open_port(options.host, options.port)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        another = f"name another: --port {options.port + 1 if options.port < 65535 else 8322}"
        warn(f"port {options.port} of {options.host} cannot be used: {why}\n    -> {another}")
        return WRONG_USAGE
    name = f"[{options.host}]" if ":" in options.host else options.host
    from ipaddress import ip_address  # noqa: PLC0415

    url = f"http://{name}:{listener.getsockname()[1]}/"
    if not ip_address(options.host).is_loopback:
        warn(f"Anybody on the network can ask at {url}, and what they type crosses it unencrypted.")
    # Told to end, it saves its counts first; what a supervisor asked for is no failure.
    _heed(lambda *_: sys.exit(FINE))
    say(f"The page is at {url}\nIts content is {find_root(options).resolve()}")
    with ExitStack() as stack, listener:

        def load(house: House) -> Answers:
            progress = partial(_announce_learning, options, house)
            return stack.enter_context(_open_bot(options, progress, at_once=bool(options.watch)))

        run(listener, load, lambda: say("It can answer. To end it, press Ctrl-C."), warn)
    return FINE


def _announce_learning(options: argparse.Namespace, house: House, what: str, share: float) -> None:
    """Progress of learning; before the first of it, the page gets words for those who wait."""
    if house.pages is None:
        from bot.pack import load_pack  # noqa: PLC0415

        house.announce(load_pack(find_root(options)))
    show_progress(what, share)


def _answer_lines(options: argparse.Namespace) -> int:
    """Piped input: one question a line, one session, a blank line between the answers."""
    from bot.engine import Conversation  # noqa: PLC0415

    with _open_bot(options) as bot:
        session, last = Conversation(bot), None
        for line in iter(lambda: sys.stdin.buffer.readline(1 << 20), b""):
            if question := line.decode("utf-8", "replace").strip():
                if last:
                    say("")
                last = session.ask(question)
                _say_reply(last, options)
    return FINE


def _say_reply(reply: Reply, options: argparse.Namespace) -> None:
    from bot.render import draw, lay_out  # noqa: PLC0415

    write(draw(lay_out(reply.blocks), find_look(options.no_color or options.plain)) + "\n")


@contextmanager
def _open_bot(
    options: argparse.Namespace,
    progress: Callable[[str, float], None] = show_progress,
    tell: Callable[[str], None] = warn,
    stays: bool = True,
    at_once: bool = False,
) -> Iterator[Answers]:
    """The bot for a door: where asked to, it counts; one that `stays` open follows the pack's files.

    `at_once` as for `Bot.load`: one that follows its files learns the whole behind.
    """
    from bot.engine import Bot  # noqa: PLC0415

    bot = Bot.load(options.pack, progress, stays, at_once)
    with ExitStack() as stack:
        answers: Answers = bot
        if stays and options.watch:
            from bot.live import LiveBot  # noqa: PLC0415

            news = tell if not sys.stdin.isatty() else lambda text: None  # A visitor at a prompt is not told.
            complain_of = partial(_complain_of_edit, tell)
            answers = stack.enter_context(LiveBot(bot, find_root(options), complain_of, options.watch, news))
        if options.stats:
            from bot.stats import CountingBot  # noqa: PLC0415

            answers = stack.enter_context(CountingBot(answers, Path(options.stats), tell))
        yield answers


def _complain_of_edit(tell: Callable[[str], None], error: PackError) -> None:
    consequence = "the edit is not used until they are mended; the pack as it was goes on answering"
    complain(error.problems, consequence, tell)
