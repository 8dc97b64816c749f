"""The touch-screen page in a server of its own, and the browser that shows it."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

from bot.engine import Answers
from bot.kiosk.app import House
from bot.kiosk.server import build_server, open_port

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@dataclass
class Screen:
    """A page that is being served; `ahead` are the seconds by which its clock is put forward."""

    port: int
    ahead: float = 0.0
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"
        self.house = House(lambda: time.monotonic() + self.ahead)


@contextmanager
def serve(bot: Answers | None, port: int = 0) -> Iterator[Screen]:
    """The page with that bot behind it, in a thread."""
    with open_port("127.0.0.1", port) as listener:
        port = listener.getsockname()[1]
        screen = Screen(port)
        screen.house.bot = bot
        server = build_server(screen.house, "127.0.0.1", port, screen.complaints.append)
        thread = Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        try:
            yield screen
        finally:
            server.should_exit = True
            thread.join()


def find_browser() -> str:
    """The path of the system's browser; without one, a test is skipped, and in CI fails."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium is installed")
    return str(found)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)


def launch_with_profile(playwright: Playwright, folder: Path) -> BrowserContext:
    """A browser that keeps what it keeps in a folder, as one does that is not told otherwise."""
    return playwright.chromium.launch_persistent_context(folder, executable_path=find_browser(), args=FLAGS)
