"""Who stands before a screen: a visit is known by a token, bounded in every way, and forgotten in time."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.session import Session

__all__ = ["CARD", "IDLE", "LATE", "WARNED", "Presence", "Visits", "read_clock"]

IDLE, WARNED, CARD = 60, 30, 120
"""Seconds without a touch until the visitor is asked whether they are still there, from then until all is forgotten,
and those that a safety card stands before the first of them begin."""

LATE = 15
"""Seconds that the page may be behind in telling of a touch."""

MOST_VISITS = 1000
"""Beyond these the one longest without a touch is forgotten, those that were told nothing yet before the others."""

BURST, PACE = 30, 1.0
"""Requests that a visit may make at once, and how many more a second."""

BURST_OF_NEW, PACE_OF_NEW = 100, 20.0
"""The same of all who have no visit yet, together."""


def read_clock() -> float:
    """Seconds, those included that the machine slept, wherever its system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True)
class _Allowance:
    """What may still be asked for, as it was at a time: a token bucket."""

    left: float
    at: float

    def spend(self, now: float, burst: float, pace: float) -> _Allowance | None:
        """The allowance after one more request; None where there is none left."""
        left = min(burst, self.left + (now - self.at) * pace)
        return _Allowance(left - 1, now) if left >= 1 else None


@dataclass(frozen=True, slots=True)
class Presence:
    """One visitor's session, when they last touched the screen, and what they may still ask for."""

    session: Session
    touched: float
    allowance: _Allowance

    @property
    def patience(self) -> int:
        """Seconds from the last touch to the question whether somebody is there."""
        is_card = self.session.last is not None and self.session.last.kind == "urgent"
        return IDLE + (CARD if is_card else 0)


class Visits:
    """The visits that go on. Not shared between threads: the event loop's alone."""

    def __init__(self, clock: Callable[[], float] = read_clock) -> None:
        self._clock = clock
        self._visits: OrderedDict[str, Presence] = OrderedDict()  # The longest untouched first.
        self._new = _Allowance(BURST_OF_NEW, clock())

    def find(self, token: str | None) -> Presence | None:
        """The visit of that token, unless it is over."""
        self.forget_old()
        return self._visits.get(token) if token else None

    def rest(self, visit: Presence) -> float:
        """Seconds until its visitor is asked whether they are there; below 0 once they are."""
        return visit.touched + visit.patience - self._clock()

    def touch(self, token: str | None) -> str | None:
        """The token of the visit that asks for something, a new one where there was none; None if it asks too fast."""
        now, visit = self._clock(), self.find(token)
        if visit is None or token is None:
            fresh = self._new.spend(now, BURST_OF_NEW, PACE_OF_NEW)
            if fresh is None:
                return None
            self._new = fresh
            token = secrets.token_urlsafe(16)
            visit = Presence(Session(), now, _Allowance(BURST, now))
        allowance = visit.allowance.spend(now, BURST, PACE)
        if allowance is None:
            return None
        self._visits[token] = replace(visit, touched=now, allowance=allowance)
        self._visits.move_to_end(token)
        if len(self._visits) > MOST_VISITS:
            idle = (t for t, v in self._visits.items() if v.session.last is None and t != token)
            self.forget(next(idle, next(iter(self._visits))))
        return token

    def keep(self, token: str, session: Session) -> bool:
        """Go on from that session; a visit that was ended meanwhile stays so, or the next visitor would see it."""
        visit = self.find(token)
        if visit:
            self._visits[token] = replace(visit, session=session, touched=self._clock())
            self._visits.move_to_end(token)
        return visit is not None

    def forget(self, token: str | None) -> None:
        """End a visit."""
        if token:
            self._visits.pop(token, None)

    def forget_old(self) -> None:
        """End the visits that nobody has touched for too long."""
        now = self._clock()
        # Where nothing was said yet there is nothing to forget: the next visitor may come in an hour.
        # A card keeps its visit longer than those touched after it, so the oldest is not always the first to go.
        over = [t for t, v in self._visits.items() if v.session.last and v.touched + v.patience + WARNED + LATE < now]
        for token in over:
            del self._visits[token]
