"""A bot that follows the files of its pack: an edit is taken in while it runs, a bad one is told once and left out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Self

from bot.cache import be_quiet, find_learned, is_small, obtain_model
from bot.engine import Bot
from bot.errors import PackError
from bot.folder import Stamp, fingerprint, stamp
from bot.lessons import learned_from
from bot.model import Model
from bot.nouns import replace
from bot.pack import load_pack
from bot.session import Session
from bot.types import Reply
from bot.written import Problem

__all__ = ["LiveBot"]

PATIENCE = 5.0
"""Seconds that `close` waits for an edit that is being taken in."""

IN_USE = "The edited pack is in use."
LEFT_SO = "The edited pack could not be learned as a whole, and answers as far as it was learned before"

BUILD = "import os, sys; getattr(os, 'nice', int)(10); from bot.live import build; build(sys.argv[1])"


class LiveBot:
    """Answers as the newest pack in its folder that can be used. Safe to share between threads; `close` ends it.

    `every` is the number of seconds between two looks at the files; an edit counts once they have stood still from one
    to the next. `complain` is told, once for each edit, what is wrong with a pack that cannot be used, and the last
    good one goes on; `tell`, of one that is taken in. A large pack is first answered from what was learned before, with
    the edit learned on top (see patch.py), while a program of its own learns everything anew.
    """

    def __init__(
        self,
        bot: Bot,
        root: Path,
        complain: Callable[[PackError], None],
        every: float,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._bot = bot
        self._root = root
        self._complain = complain
        self._tell = tell
        self._every = every
        self._learned = bot.model  # The last that was learned whole, if any was: edits are patched onto it.
        self._mark = bot.fingerprint
        self._seen: Stamp = ()
        self._last: Stamp = ()  # The files may have been edited since the bot was loaded.
        self._builder: subprocess.Popen[bytes] | None = None
        self._closed = Event()
        self._watcher = Thread(target=self._watch, name="follows the pack's files", daemon=True)
        self._watcher.start()

    @property
    def model(self) -> Model:
        """The model that answers now."""
        return self._bot.model

    def reply(self, text: str, session: Session) -> tuple[Reply, Session]:
        """As `Bot.reply`, from the newest pack."""
        return self._bot.reply(text, session)

    def close(self) -> None:
        """Follow the files no longer, and leave no program behind that still learns."""
        self._closed.set()
        self._watcher.join(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watch(self) -> None:
        try:
            if not self._bot.model.is_whole:
                self._build()
            while not self._closed.wait(self._every):
                self._look()
        finally:
            self._stop_building()

    def _look(self) -> None:
        now = stamp(self._root)
        is_still, self._last = now == self._last, now
        try:
            if now != self._seen and is_still:
                self._seen = now
                self._follow()
            elif is_still and self._builder and (status := self._builder.poll()) is not None:
                self._builder = None
                self._take_over(status)
        except PackError as error:
            if self._builder:
                self._stop_building()
                self._mark = ""  # Should the files come back as they were, what was stopped begins again.
            self._complain(error)
        except OSError as error:  # A disk that is gone, say: whatever answers now goes on.
            fact = f"cannot be read: {error.strerror}"
            self._complain(PackError([Problem(str(self._root), 1, 1, fact, "check the folder and its rights")]))

    def _follow(self) -> None:
        """Take an edit in, unless the files say what they said. Raises PackError."""
        mark = fingerprint(self._root)
        if mark != self._mark:
            self._mark = mark
            self._stop_building()
            self._take_in()
            if self._bot.fingerprint == mark:
                self._tell(IN_USE)

    def _take_in(self) -> None:
        """Answer from the pack as it now stands. Raises PackError."""
        pack = load_pack(self._root)
        learned = learned_from(pack)
        if learned == self._learned.learned_from:
            self._answer_from(replace(self._learned, pack=pack))
        elif stored := find_learned(learned):
            self._answer_from(replace(stored, pack=pack))
        elif is_small(pack):
            self._answer_from(obtain_model(self._root, be_quiet))
        else:
            from bot.patch import patch  # noqa: PLC0415 (NumPy, which nothing else here needs)

            if patched := patch(self._learned, pack):
                self._bot = Bot(patched)
            self._build()

    def _build(self) -> None:
        try:
            self._builder = _start_building(self._root)
        except OSError as error:
            self._tell(f"{LEFT_SO}: {error.strerror}")

    def _take_over(self, status: int) -> None:
        """Answer from what the other program learned; where it could learn but nothing be stored, learn here, slowly.

        Raises PackError.
        """
        if status:
            self._tell(f"{LEFT_SO}: the program that was to do so ended with {status}")
        else:
            before, self._bot = self._bot.fingerprint, Bot.load(self._root)
            self._learned = self._bot.model
            if self._bot.fingerprint != before:  # It could not be learned on top.
                self._tell(IN_USE)

    def _answer_from(self, model: Model) -> None:
        self._learned = model
        self._bot = Bot(model)

    def _stop_building(self) -> None:
        if self._builder:
            self._builder.kill()
            self._builder.wait()
            self._builder = None


def _start_building(root: Path) -> subprocess.Popen[bytes]:
    """Learn a pack in a program of its own, so that no answer waits for it."""
    package = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(root.resolve())],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def build(root: str) -> None:
    """What that program does: its model is left in the cache."""
    obtain_model(Path(root), be_quiet)
