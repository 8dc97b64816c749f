"""What stands before the routes: who may ask, how much, for how long, and what every response carries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "LONGEST_BODY", "SLOWEST", "Guard", "name_hosts"]

LONGEST_BODY = 64 * 1024
"""Bytes of one request: as much as of a line of the JSON Lines door."""

SLOWEST = 10.0
"""Seconds in which a request has to arrive."""

TOLD_ONCE = ("host", "origin", "sec-fetch-site", "content-type", "content-length")
"""Headers of which a second one could say something else to whoever reads it."""

FORM = "application/x-www-form-urlencoded"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    # One request a connection: there is none to hold open, and nothing to be slow in.
    "Connection": "close",
}
"""What every response carries."""


class Guard:
    """Lets in what is asked of this machine by its own page; the rest is told why not, in a line, and nothing else.

    `hosts` are the names, with their port, under which the page may be asked for: another one means that a foreign page
    had its own name lead here (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        if scope["type"] != "http":
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        held = self._refuse(scope) or await self._hold(scope, receive)
        if isinstance(held, Response):
            await held(scope, receive, send_guarded)
        else:
            await self._app(scope, held, send_guarded)

    def _refuse(self, scope: Scope) -> Response | None:
        """What is wrong with a request by its head."""
        headers = Headers(scope=scope)
        if any(len(headers.getlist(name)) > 1 for name in TOLD_ONCE):
            return PlainTextResponse("a header is there twice\n", 400)
        if headers.get("host", "").lower() not in self._hosts:
            return PlainTextResponse("this machine is not asked under that name\n", 403)
        if not self._is_own(headers, scope["method"]):
            return PlainTextResponse("another page may not ask this one\n", 403)
        if scope["method"] == "POST":
            kind = headers.get("content-type", FORM).partition(";")[0].strip().lower()
            if kind != FORM:
                return PlainTextResponse(f"send a form, as {FORM}\n", 415)
            length = headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > LONGEST_BODY:
                return _too_long()
        return None

    def _is_own(self, headers: Headers, method: str) -> bool:
        """Whether a request comes from this page, from no page at all, or only follows a link to here.

        A form of a page without a referrer has the origin "null"; then only what browsers say of the site tells.
        """
        origin, site = (headers.get(name, "").lower() for name in ("origin", "sec-fetch-site"))
        if origin == "null":
            return site == "same-origin"
        is_foreign = site in ("cross-site", "same-site") and method == "POST"
        is_here = origin.startswith("http://") and origin.removeprefix("http://") in self._hosts
        return not is_foreign and (is_here or not origin)

    async def _hold(self, scope: Scope, receive: Receive) -> Receive | Response:
        """The body, received whole before anything is done about it."""
        held: list[Message] = []
        size, is_more = 0, scope["method"] == "POST"
        try:
            async with asyncio.timeout(SLOWEST):
                while is_more:
                    message = await receive()
                    size += len(message.get("body", b""))
                    if size > LONGEST_BODY:
                        return _too_long()
                    held.append(message)
                    is_more = message.get("more_body", False)
        except TimeoutError:
            return PlainTextResponse("that came too slowly\n", 408)

        async def replay() -> Message:
            return held.pop(0) if held else await receive()

        return replay


def _too_long() -> Response:
    return PlainTextResponse(f"that is more than {LONGEST_BODY} bytes\n", 413)


def name_hosts(address: str, port: int) -> set[str]:
    """The names under which a page on that address is asked for."""
    names = {f"[{address}]" if ":" in address else address, "127.0.0.1", "localhost", "[::1]"}
    return {f"{name.lower()}:{port}" for name in names} | ({name.lower() for name in names} if port == 80 else set())
