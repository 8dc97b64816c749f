"""The process of the page: a port, a bot that is loaded meanwhile, an end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from threading import Thread

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.engine import Answers
from bot.kiosk.app import House, build_app
from bot.kiosk.guard import HEADERS, Guard, name_hosts

__all__ = ["build_server", "open_port", "run"]

MOST_CONNECTIONS = 500
"""Beyond these, one is closed: fewer than the files that a process may have open by default."""

SLOWEST_HEAD = 3.0
"""Seconds in which a connection has to ask for something."""

LAST_ANSWERS = 3
"""Seconds that requests have to end in when the process is told to."""


class _Connection(H11Protocol):
    """A connection that is closed where no request has come in time, or where there are too many."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.close()
        else:
            self.loop.call_later(SLOWEST_HEAD, self._close_idle)

    def _close_idle(self) -> None:
        if self.cycle is None:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP: no route sees it, so what every response carries is added here."""
        headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        body = msg.encode("ascii", "replace")
        start = h11.Response(
            status_code=400, headers=[(b"content-type", b"text/plain"), *headers], reason=b"Bad Request"
        )
        for event in (start, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def open_port(address: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family, backlog=MOST_CONNECTIONS)


def build_server(house: House, address: str, port: int, complain: Callable[[str], None]) -> uvicorn.Server:
    """The server of the page under that name. It logs nothing; `complain` is told what went wrong."""
    config = uvicorn.Config(
        Guard(build_app(house, complain), name_hosts(address, port)),
        http=_Connection,
        loop="asyncio",
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=LAST_ANSWERS,
    )
    return uvicorn.Server(config)


def run(
    listener: socket.socket, load: Callable[[House], Answers], tell: Callable[[], None], complain: Callable[[str], None]
) -> None:
    """Serve the page until told to end. `load` fetches the bot meanwhile, `tell` is called once it can answer.

    Raises what `load` raises.
    """
    house = House()
    address, port = listener.getsockname()[:2]
    server = build_server(house, address, port, complain)
    failures: list[BaseException] = []

    def fetch() -> None:
        try:
            house.bot = load(house)
            tell()
        except BaseException as error:
            failures.append(error)
            server.should_exit = True

    Thread(target=fetch, name="loads the pack", daemon=True).start()
    server.run(sockets=[listener])
    if failures:
        raise failures[0]
