"""The JSON Lines door: one JSON object a line in, one out, flushed at once."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from math import isfinite
from typing import Any, BinaryIO

from bot.engine import Answers
from bot.session import Session

__all__ = ["Door", "serve"]

LONGEST_LINE = 64 * 1024
"""Bytes of one line, its end not counted."""

MOST_SESSIONS = 1000
OLDEST_SESSION = 3600.0
"""Seconds after its last turn at which a session is forgotten."""


class Door:
    """Turns request lines into reply objects; remembers a bounded number of sessions for a bounded time."""

    def __init__(self, bot: Answers) -> None:
        self._bot = bot
        self._sessions: OrderedDict[str, tuple[float, Session]] = OrderedDict()

    def ready(self) -> dict[str, Any]:
        """The first line out."""
        held = self._bot.model.pack
        pack = {
            "name": held.name,
            "fingerprint": held.fingerprint,
            "articles": len(held.articles),
            "passages": sum(len(article.passages) for article in held.articles.values()),
            "intents": len(held.intents),
        }
        return {"ready": True, "schema": 1, "pack": pack}

    def answer(self, line: bytes) -> dict[str, Any]:
        """The reply to one line, whatever it holds."""
        try:
            request = json.loads(line, parse_constant=_refuse, parse_float=_read_number)
        except (ValueError, RecursionError):
            return _error(None, "bad_request", 'the line is not JSON: send an object such as {"question": "…"}')
        if not isinstance(request, dict):
            return _error(None, "bad_request", 'the line is not an object: send one such as {"question": "…"}')
        name = request.get("id")
        session, question, reset = (request.get(key) for key in ("session", "question", "reset"))
        if isinstance(reset, str):
            self._sessions.pop(reset, None)
            return {"id": name, "ok": True}
        if not isinstance(question, str):
            return _error(name, "bad_request", 'the object holds no question: send {"question": "…"} or {"reset": "…"}')
        if session is None:
            return {"id": name, "reply": self._bot.reply(question, Session())[0].to_dict()}
        if not isinstance(session, str):
            return _error(name, "bad_request", 'the session is not a text: send {"session": "name"}')
        reply, after = self._bot.reply(question, self._recall(session))
        self._sessions[session] = (time.monotonic(), after)
        return {"id": name, "reply": reply.to_dict()}

    def _recall(self, name: str) -> Session:
        """The session of that name, once the old ones are gone and there is room for one more."""
        limit = time.monotonic() - OLDEST_SESSION
        while self._sessions and next(iter(self._sessions.values()))[0] < limit:
            self._sessions.popitem(last=False)
        _, session = self._sessions.pop(name, (0.0, Session()))
        if len(self._sessions) >= MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return session


def _refuse(name: str) -> float:
    """NaN and the like are Python's own: sent back in an id, they would be no JSON to another program."""
    raise ValueError(f"{name} is not JSON")


def _read_number(text: str) -> float:
    """A number; one that is too large would come back as Infinity."""
    return number if isfinite(number := float(text)) else _refuse(text)


def _error(name: Any, code: str, message: str) -> dict[str, Any]:
    return {"id": name, "error": {"code": code, "message": message}}


def serve(bot: Answers, lines: BinaryIO, out: BinaryIO) -> None:
    """Answer every line of `lines` on `out` until it ends. A line that is too long is skipped, not held."""
    door = Door(bot)
    _write(out, door.ready())
    while line := lines.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := lines.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            _write(
                out, _error(None, "too_long", f"the line is longer than {LONGEST_LINE} bytes: send a shorter question")
            )
        elif line.strip():
            _write(out, door.answer(line))


def _write(out: BinaryIO, thing: dict[str, Any]) -> None:
    out.write(json.dumps(thing, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    out.flush()
