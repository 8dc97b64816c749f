"""The routes: one screen, what is sent from it, and whether the bot can answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.engine import Answers, Bot
from bot.kiosk.pages import Pages
from bot.kiosk.visits import WARNED, Visits, read_clock
from bot.types import Pack
from bot.visit import says_goodbye

__all__ = ["House", "build_app"]

T = TypeVar("T")

HERE = Path(__file__).parent

COOKIE = "patient_guide_visit"
"""Holds a random token while a visit lasts, and nothing else."""

STARTING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Starting</title>
<link rel="stylesheet" href="/kiosk.css"><main><h1>This screen is starting. Please ask at the front desk.</h1></main>"""
"""What is shown while no pack, and so no word of the clinic's, is known."""

FILES = {"/kiosk.css": "text/css", "/kiosk.js": "text/javascript", "/icon.svg": "image/svg+xml"}

THINKERS = 4
"""Questions that are answered at once; more of them wait."""

FORGETS = 5.0
"""Seconds between two looks for visits that are over."""

LONGEST_WAIT = 10.0
"""Seconds in which a question is to be answered."""


class House:
    """What answers behind the page: nothing at first, a pack's words while it is learned, then a bot."""

    def __init__(self, clock: Callable[[], float] = read_clock) -> None:
        self.bot: Answers | None = None
        self.visits = Visits(clock)
        self._learning: Pack | None = None
        self._pages: Pages | None = None
        self._silent: Bot | None = None

    def announce(self, pack: Pack) -> None:
        """Say in the words of that pack that it is being learned."""
        self._learning = pack

    @property
    def pages(self) -> Pages | None:
        """The screens of the pack as it is now; None before any is known."""
        pack = self.bot.model.pack if self.bot else self._learning
        if pack and (self._pages is None or self._pages.pack is not pack):
            self._pages = Pages(pack)
        return self._pages

    def can_answer(self) -> bool:
        """Whether a question is answered; nobody counts this one."""
        if self.bot is None:
            return False
        silent = self._silent
        if silent is None or silent.model is not self.bot.model:
            silent = self._silent = Bot(self.bot.model)
        return bool(silent.ask(next(iter(silent.intents.values())).question).text)


def build_app(house: House, complain: Callable[[str], None]) -> Starlette:
    """The web application; `house.bot` may come later. `complain` is told what went wrong, without what was typed."""
    door = _Door(house, complain)

    @asynccontextmanager
    async def forgetting(_: Starlette) -> AsyncIterator[None]:
        """Forget in time, though nobody may come any more."""
        task = asyncio.create_task(_forget_every(FORGETS, house.visits))
        yield
        task.cancel()
        door.close()

    app = Starlette(
        lifespan=forgetting,
        exception_handlers={Exception: door.fail},
        routes=[
            Route("/", door.show),
            Route("/ask", door.ask, methods=["POST"]),
            Route("/stay", door.stay, methods=["POST"]),
            Route("/reset", door.reset, methods=["POST"]),
            Route("/health", door.check),
            *(_give(path, kind) for path, kind in FILES.items()),
        ],
    )
    app.router.redirect_slashes = False  # Such a redirect would repeat what stood in the address.
    return app


class _Door:
    """What is done for each address."""

    def __init__(self, house: House, complain: Callable[[str], None]) -> None:
        self._house = house
        self._complain = complain
        self._thinkers = ThreadPoolExecutor(THINKERS, "answers")

    def close(self) -> None:
        """Begin no more answers."""
        self._thinkers.shutdown(wait=False, cancel_futures=True)

    async def show(self, request: Request) -> Response:
        """The screen of a visit as it is now."""
        house, token = self._house, request.cookies.get(COOKIE)
        if house.pages is None:
            return HTMLResponse(STARTING, 503, {"Refresh": "1"})
        if house.bot is None:
            return HTMLResponse(house.pages.card("getting_ready", "emergency"))
        visit = house.visits.find(token)
        if visit is None or house.visits.rest(visit) + WARNED <= 0:
            house.visits.forget(token)
            return _admit(HTMLResponse(house.pages.welcome()), house.visits.touch(None))
        last, rest = visit.session.last, house.visits.rest(visit)
        if last is None:
            return HTMLResponse(house.pages.welcome())
        if rest <= 0:
            return HTMLResponse(house.pages.still_here(rest + WARNED))
        return HTMLResponse(house.pages.answer(last, rest))

    async def ask(self, request: Request) -> Response:
        """Answer a question: on the next screen, or, to a browser that keeps no cookies, here and from no memory."""
        house, given = self._house, request.cookies.get(COOKIE)
        if house.bot is None or house.pages is None:
            return _go_on()
        question = _read_question(await request.body())
        token = house.visits.touch(given)
        visit = house.visits.find(token)
        if token is None or visit is None:
            return HTMLResponse(house.pages.note("too_fast", "emergency"), 429)
        if says_goodbye(question, house.pages.wording):
            return _leave(house, token)
        try:
            reply, after = await self._think(house.bot.reply, question, visit.session)
        except Exception as error:  # Its name alone, for its words may be what a visitor typed.
            self._complain(f"a question was not answered: {type(error).__name__}")
            return HTMLResponse(house.pages.note("out_of_order", "emergency"), 503)
        if given is None:
            house.visits.forget(token)
            return HTMLResponse(house.pages.answer(reply, replace(visit, session=after).patience))
        if reply.blocks[0].text == house.pages.wording["goodbye"]:
            return _leave(house, token)
        if await request.is_disconnected():  # Its visitor started over while it was answered.
            house.visits.forget(token)
        is_kept = house.visits.keep(token, after)
        return _admit(_go_on(), token) if is_kept and token != given else _go_on()

    async def stay(self, request: Request) -> Response:
        """Note that the visitor is still there."""
        token = request.cookies.get(COOKIE)
        if token and (visit := self._house.visits.find(token)):
            self._house.visits.keep(token, visit.session)
        return _go_on()

    async def reset(self, request: Request) -> Response:
        """Forget a visit at once."""
        return _leave(self._house, request.cookies.get(COOKIE))

    async def check(self, request: Request) -> Response:
        """Whether a question is answered, where all of them are: what holds them up holds this up, too."""
        try:
            can_answer = await self._think(self._house.can_answer)
        except Exception as error:
            self._complain(f"it cannot answer: {type(error).__name__}")
            can_answer = False
        return JSONResponse({"ready": can_answer}, 200 if can_answer else 503)

    async def fail(self, request: Request, error: Exception) -> Response:
        """What is told where something else goes wrong."""
        self._complain(f"the page could not be shown: {type(error).__name__}")
        return HTMLResponse(STARTING, 503, {"Refresh": "1"})

    def _think(self, what: Callable[..., T], *arguments: Any) -> Awaitable[T]:
        """Do something that takes its time, but not more than `LONGEST_WAIT`. Raises TimeoutError."""
        thinking = asyncio.get_running_loop().run_in_executor(self._thinkers, what, *arguments)
        return asyncio.wait_for(thinking, LONGEST_WAIT)


async def _forget_every(seconds: float, visits: Visits) -> None:
    while True:
        await asyncio.sleep(seconds)
        visits.forget_old()


def _read_question(body: bytes) -> str:
    """The field of a form; "" for what is none."""
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=10).get("question", [""])[0]
    except ValueError:
        return ""


def _go_on() -> Response:
    """To the screen as it is now. What was sent is then no part of the browser's way back."""
    return RedirectResponse("/", 303)


def _admit(response: Response, token: str | None) -> Response:
    """The response, with which the browser is given the token of a visit."""
    if token:
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict")
    return response


def _leave(house: House, token: str | None) -> Response:
    """The welcome, with all of the visit forgotten."""
    house.visits.forget(token)
    response = _go_on()
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _give(path: str, kind: str) -> Route:
    """A file of the page, read once: no path of a request ever leads to the disk."""
    body = (HERE / path[1:]).read_bytes()

    async def file(request: Request) -> Response:
        return Response(body, media_type=kind)

    return Route(path, file)
