"""The routes: one screen, what is sent from it, and whether the bot can answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.engine import Answers, Bot
from bot.kiosk.pages import Pages
from bot.kiosk.visits import WARNED, Visits
from bot.types import Pack

__all__ = ["House", "build_app"]

HERE = Path(__file__).parent

COOKIE = "patient_guide_visit"
"""Holds a random token while a visit lasts, and nothing else."""

FILES = {"/kiosk.css": "text/css", "/kiosk.js": "text/javascript", "/icon.svg": "image/svg+xml"}

THINKERS = 4
"""Questions that are answered at once; more of them wait."""

FORGETS = 5.0
"""Seconds between two looks for visits that are over."""

LONGEST_WAIT = 10.0
"""Seconds in which a question is to be answered."""


class House:
    """What answers behind the page: nothing at first, a pack's words while it is learned, then a bot."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
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
        if self._silent is None or self._silent.model is not self.bot.model:
            self._silent = Bot(self.bot.model)
        return bool(self._silent.ask(next(iter(self._silent.intents.values())).question).text)


def build_app(house: House, complain: Callable[[str], None]) -> Starlette:
    """The web application; `house.bot` may come later. `complain` is told what went wrong, without what was typed."""
    thinkers = ThreadPoolExecutor(THINKERS, "answers")  # Of its own: whether it can answer is asked beside them.

    async def screen(request: Request) -> Response:
        visits, token = house.visits, request.cookies.get(COOKIE)
        if house.pages is None:
            return PlainTextResponse("starting\n", 503, {"Retry-After": "1", "Refresh": "1"})
        if house.bot is None:
            return HTMLResponse(house.pages.card("getting_ready", "emergency"))
        visit = visits.find(token)
        if visit is None or visits.rest(visit) + WARNED <= 0:
            visits.forget(token)
            return _admit(HTMLResponse(house.pages.welcome()), visits.touch(None))
        last, rest = visit.session.last, visits.rest(visit)
        if last is None:
            return HTMLResponse(house.pages.welcome())
        if rest <= 0:
            return HTMLResponse(house.pages.still_here(rest + WARNED))
        return HTMLResponse(house.pages.answer(last, rest))

    async def ask(request: Request) -> Response:
        if house.bot is None or house.pages is None:
            return RedirectResponse("/", 303)
        question = _read_question(await request.body())
        given = request.cookies.get(COOKIE)
        token = house.visits.touch(given)
        visit = house.visits.find(token)
        if token is None or visit is None:
            return HTMLResponse(house.pages.words("too_fast", "emergency"), 429)
        try:
            thinking = asyncio.get_running_loop().run_in_executor(thinkers, house.bot.reply, question, visit.session)
            reply, after = await asyncio.wait_for(thinking, LONGEST_WAIT)
        except Exception as error:  # Its name alone, for its words may be what a visitor typed.
            complain(f"a question was not answered: {type(error).__name__}")
            return HTMLResponse(house.pages.card("out_of_order", "emergency"), 503)
        if given is None:  # A browser that keeps no cookies gets its answer all the same, and is remembered by nobody.
            house.visits.forget(token)
            return HTMLResponse(house.pages.answer(reply, replace(visit, session=after).patience))
        if reply.blocks[0].text == house.pages.wording["goodbye"]:
            return _leave(house, token)
        if await request.is_disconnected():  # Its visitor started over while it was answered.
            house.visits.forget(token)
        is_kept = house.visits.keep(token, after)
        response = RedirectResponse("/", 303)
        return _admit(response, token) if is_kept and token != given else response

    async def stay(request: Request) -> Response:
        if house.visits.find(token := request.cookies.get(COOKIE)):
            house.visits.touch(token)
        return RedirectResponse("/", 303)

    async def reset(request: Request) -> Response:
        return _leave(house, request.cookies.get(COOKIE))

    async def health(request: Request) -> Response:
        can_answer = await asyncio.to_thread(house.can_answer)
        return JSONResponse({"ready": can_answer}, 200 if can_answer else 503)

    @asynccontextmanager
    async def forgetting(_: Starlette) -> AsyncIterator[None]:
        """Forget in time, though nobody may come any more."""
        task = asyncio.create_task(_forget_every(FORGETS, house.visits))
        yield
        task.cancel()
        thinkers.shutdown(wait=False, cancel_futures=True)

    app = Starlette(
        lifespan=forgetting,
        routes=[
            Route("/", screen),
            Route("/ask", ask, methods=["POST"]),
            Route("/stay", stay, methods=["POST"]),
            Route("/reset", reset, methods=["POST"]),
            Route("/health", health),
            *(_give(path, kind) for path, kind in FILES.items()),
        ],
    )
    app.router.redirect_slashes = False  # Such a redirect would repeat what stood in the address.
    return app


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


def _admit(response: Response, token: str | None) -> Response:
    """The response, with which the browser is given the token of a visit."""
    if token:
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict")
    return response


def _leave(house: House, token: str | None) -> Response:
    """The welcome, with all of the visit forgotten."""
    house.visits.forget(token)
    response = RedirectResponse("/", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _give(path: str, kind: str) -> Route:
    """A file of the page, read once: no path of a request ever leads to the disk."""
    body = (HERE / path[1:]).read_bytes()

    async def file(request: Request) -> Response:
        return Response(body, media_type=kind)

    return Route(path, file)
