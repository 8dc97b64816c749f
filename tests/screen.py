"""The touch-screen page in a server of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

from bot.engine import Answers
from bot.kiosk.app import House
from bot.kiosk.server import build_server, open_port


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
