"""An optional count of what visitors were and were not answered. It keeps nothing that they typed.

Per day: replies by kind, intents hit, pairs of intents that had to be asked back about, and, of the questions that were
not answered, those words that the pack's authors wrote themselves. No text, no time, no id, no order: each word is
added to its day alone, and the file is sorted. An emergency is counted by its kind only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from tempfile import mkstemp
from threading import Lock
from typing import Any, Self, TypeAlias

from bot.engine import Answers
from bot.errors import PackError
from bot.model import Model
from bot.session import Session
from bot.text import clean, index_phrases, plain_marks, replace_phrases, split_words, strip_controls
from bot.types import Reply
from bot.written import Problem

__all__ = ["CountingBot", "show_stats"]

Days: TypeAlias = dict[str, dict[str, Counter[str]]]
"""By ISO date and section, how often each name occurred."""

Row: TypeAlias = tuple[str, int]

SECTIONS = ("kinds", "intents", "pairs", "words")
UNANSWERED = ("out_of_scope", "unreadable", "clarify")

EVERY, STALE, PAUSE = 10.0, 10.0, 0.02
"""Seconds between two writings, after which a lock was left behind, and between two looks at one."""

LEAST = 11
"""The smallest count that is shown, as in the CMS rule on small cells of health data."""

MOST, LARGEST = 10**9, 1 << 26
"""A count, and bytes of a file, beyond which it is none of ours."""

NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million"
)
"""Never counted: an age or a telephone number may be spelt out."""

_PLAIN = re.compile(r"""["'(¿¡]*([^\W\d_]+(?:['-][^\W\d_]+)*)["').,;:!?…]*""")

# Windows refuses to make a lock that is just being removed as if nobody were allowed to.
_TAKEN = (FileExistsError, PermissionError) if os.name == "nt" else (FileExistsError,)


class CountingBot:
    """Answers as the bot that it wraps, and counts. Safe to share between threads; `close`, or `with`, saves the rest.

    A file that cannot be written, or holds anything but counts, is left as it is: `complain` is told once, in one line,
    and the counts wait in memory for the next attempt.
    """

    def __init__(
        self, bot: Answers, file: Path, complain: Callable[[str], None], today: Callable[[], date] = date.today
    ) -> None:
        self._bot = bot
        self._file = Path(os.path.realpath(file))  # A link stays one, wherever the program goes.
        self._complain: Callable[[str], None] | None = complain
        self._today = today
        self._days: Days = {}
        self._due = 0.0  # The first reply is saved at once, so that a wrong file is told of early.
        self._guard = Lock()

    @property
    def model(self) -> Model:
        """The wrapped bot's model."""
        return self._bot.model

    def reply(self, text: str, session: Session) -> tuple[Reply, Session]:
        """The wrapped bot's reply and session, which are counted. Raises what the bot raises."""
        reply, after = self._bot.reply(text, session)
        cells = list(_find_cells(text, session, reply, self._bot.model))
        with self._guard:
            day = self._days.setdefault(self._today().isoformat(), _empty_day())
            for section, name in cells:
                day[section][name] += 1
            if time.monotonic() >= self._due:
                self._save(patience=0.0)  # A visitor waits for no other program.
        return reply, after

    def close(self) -> None:
        """Save what is still in memory, waiting for others who write; may be called again."""
        with self._guard:
            self._save(patience=STALE + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _save(self, patience: float) -> None:
        self._due = time.monotonic() + EVERY
        try:
            if self._days:
                _add(self._file, self._days, patience)
            self._days = {}  # Only now: an interruption may count twice what it fell on, but loses nothing.
        except (OSError, PackError) as error:
            is_busy = isinstance(error, BlockingIOError) and not patience
            if self._complain and not is_busy:
                fact = error.problems[0].fact if isinstance(error, PackError) else f"cannot be saved: {error.strerror}"
                self._complain(f"{self._file}: {fact}. The bot goes on, but its counts are not saved.")
                self._complain = None


def _empty_day() -> dict[str, Counter[str]]:
    return {section: Counter() for section in SECTIONS}


# --- what is counted --------------------------------------------------------------------------------


def _find_cells(text: str, session: Session, reply: Reply, model: Model) -> Iterator[tuple[str, str]]:
    """The section and the name of each count that goes up by one."""
    yield "kinds", reply.kind
    if reply.kind == "urgent":
        return
    intents = model.pack.intents
    hit = intents.get(reply.intent or "")
    if reply.kind == "clarify":
        # A question back that follows another, or nothing at all, offers what is at hand, not what was close.
        names = {intent.question: name for name, intent in intents.items()}
        pair = sorted(names[question] for question in reply.choices[:2] if question in names)
        if hit and not session.unclear and len(pair) == 2:
            yield "pairs", " + ".join(pair)
    elif hit and hit.kind != "urgent":
        yield "intents", f"{reply.kind}/{hit.name}"
    if reply.kind in UNANSWERED:
        for word in _find_known_words(text, model):
            yield "words", word


def _find_known_words(text: str, model: Model) -> frozenset[str]:
    """The words of a text that the authors' examples hold, synonyms replaced, without the pack's commonest.

    What is written with a capital may be a name, a single letter an initial or, as a Han sign, half a name; what holds
    a digit or a sign may be a number, an address or a password. None of it is looked up.
    """
    found = (_PLAIN.fullmatch(typed) for typed in plain_marks(clean(text)).split())
    plain = " ".join(match[1] for match in found if match and match[1] == match[1].lower())
    words = replace_phrases(split_words(plain), index_phrases(model.pack.synonyms))
    known = model.words.intersection(words) - model.common - set(NUMBERS.split())
    # The pack's words are those of articles and misspelt synonyms, too; `seen` tells what stands in examples.
    return frozenset(word for word in known if len(word) > 1 and model.seen(f"w{word}"))


# --- the file ---------------------------------------------------------------------------------------


def _add(file: Path, days: Days, patience: float) -> None:
    """Add counts to those in the file. Raises OSError, BlockingIOError where another holds the lock, and PackError."""
    with _lock(file, patience) as is_ours:
        merged = _read(file) if file.exists() else {}
        for day, sections in days.items():
            for section, counts in sections.items():
                merged.setdefault(day, _empty_day())[section].update(counts)
        handle, part = mkstemp(dir=file.parent, prefix=f"{file.name}.", suffix=".part")
        try:
            with open(handle, "w", encoding="ascii", newline="\n") as out:
                json.dump({"schema": 1, "days": merged}, out, indent=1, sort_keys=True)
                out.flush()
                os.fsync(handle)
            if file.exists():
                shutil.copymode(file, part)  # A new file is its owner's alone; who may read an old one stays so.
            if not is_ours():
                raise BlockingIOError(None, "its lock was taken away")
            os.replace(part, file)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise


@contextmanager
def _lock(file: Path, patience: float) -> Iterator[Callable[[], bool]]:
    """Hold the lock beside a file; what is yielded tells whether it is still ours. Raises OSError."""
    lock, mark = file.with_name(f"{file.name}.lock"), os.urandom(8).hex()

    def is_ours() -> bool:
        with suppress(OSError):
            return lock.read_text(encoding="latin-1") == mark
        return False

    limit = time.monotonic() + patience
    while not _take(lock, mark):
        if time.monotonic() >= limit:
            raise BlockingIOError(None, f"another program holds {lock.name}")
        time.sleep(PAUSE)
    try:
        yield is_ours
    finally:
        with suppress(OSError):  # If it cannot be removed, it grows stale.
            if is_ours():
                lock.unlink()


def _take(lock: Path, mark: str) -> bool:
    """Whether the lock could be made; one that was left behind is broken first."""
    with suppress(OSError):  # There is none, or another has just broken it.
        if abs(time.time() - lock.stat().st_mtime) > STALE:
            lock.unlink()
    try:
        with lock.open("x", encoding="ascii") as file:
            file.write(mark)
    except _TAKEN:
        return False
    return True


def _read(file: Path) -> Days:
    """The counts of a file. Raises PackError for anything else."""
    fact, line, column = "is damaged, or was never a file of counts", 1, 1
    try:
        if file.exists() and not file.is_file():
            fact = "is not a file"
        elif file.stat().st_size <= LARGEST and (days := _parse(json.loads(file.read_bytes()))) is not None:
            return days
    except OSError as error:
        fact = f"cannot be read: {error.strerror}"
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass  # It is no UTF-8, holds a number or brackets without end, or has another form.
    raise PackError([Problem(str(file), line, column, fact, "name the file that --stats wrote, or a new one")])


def _parse(data: Any) -> Days | None:
    """What JSON says, if that is all it says and nothing but whole counts; an error or None for anything else."""
    days = {
        date.fromisoformat(day).isoformat(): {section: Counter(counts[section]) for section in SECTIONS}
        for day, counts in data["days"].items()
    }
    numbers = [n for day in days.values() for counts in day.values() for n in counts.values()]
    is_whole = data == {"schema": 1, "days": days} and all(type(n) is int and 0 <= n <= MOST for n in numbers)
    return days if is_whole else None


# --- what is shown ----------------------------------------------------------------------------------

# To hide what is under 11 is not enough. The sections count the same replies in several ways, so whoever takes the
# intents shown off their kind, or the kinds shown off the days, would be left with what was hidden. Therefore what is
# left of any total is nothing, or 11 and more: where it is less, the smallest count shown is hidden with it (_choose).
# What belongs to a hidden kind is hidden, too. Days are joined to spans, so that none is (_join). Words make no sum.


def show_stats(file: Path) -> str:
    """The counts of a file as tables, over all its days; nothing under 11 stands in them or follows from them.

    Raises PackError for a file that is missing, damaged or none of counts.
    """
    days = _read(file)
    if not days:
        return "Nothing was counted yet."
    sums = {section: sum((day[section] for day in days.values()), Counter[str]()) for section in SECTIONS}
    total = sums["kinds"].total()
    many = "1 day" if len(days) == 1 else f"{len(days)} days"
    head = f"{many}, {min(days)} to {max(days)}. Counts under {LEAST} are not shown."
    if total < LEAST:
        return f"{head}\nThere were fewer than {LEAST} replies."
    tables = {"Replies": _choose(sums["kinds"], total)}
    for kind, count in tables["Replies"]:
        of_kind = {name: n for name, n in sums["intents"].items() if name.startswith(f"{kind}/")}
        parts = sums["pairs"] if kind == "clarify" else of_kind
        tables[f"Replies: {kind}"] = _choose(parts, count) if parts else []
    tables["Words in questions that were not answered"] = _list_frequent(sums["words"])
    tables["Replies by day"] = _join({name: day["kinds"].total() for name, day in days.items()})
    return "\n\n".join([head, *(_draw(title, rows) for title, rows in tables.items() if rows)])


def _choose(counts: Mapping[str, int], total: int) -> list[Row]:
    """The counts that may be shown, the largest first, and what the others come to; `total` is at least `LEAST`.

    >>> _choose({"a": 40, "b": 12, "c": 3, "d": 9}, 64), _choose({"a": 40, "b": 12, "c": 3}, 55)
    ([('a', 40), ('b', 12), ('others, together', 12)], [('a', 40), ('others, together', 15)])
    """
    total = max(total, sum(counts.values()))
    shown = _list_frequent(counts)
    while 0 < (rest := total - sum(count for _, count in shown)) < LEAST:
        shown.pop()
    return [*shown, ("others, together", rest)] if rest else shown


def _join(days: Mapping[str, int]) -> list[Row]:
    """Spans of days, in order: a day under `LEAST` is joined to the next, the last to the one before it.

    >>> _join({"2026-11-24": 12, "2026-11-25": 4, "2026-11-26": 9, "2026-11-27": 2})
    [('2026-11-24', 12), ('2026-11-25 to 2026-11-27', 15)]
    """
    spans: list[tuple[str, str, int]] = []
    for day, count in sorted(days.items()):
        first, _, before = spans.pop() if spans and spans[-1][2] < LEAST else (day, day, 0)
        spans.append((first, day, before + count))
    if len(spans) > 1 and spans[-1][2] < LEAST:
        (first, _, before), (_, last, count) = spans[-2:]
        spans[-2:] = [(first, last, before + count)]
    return [(first if first == last else f"{first} to {last}", count) for first, last, count in spans]


def _list_frequent(counts: Mapping[str, int]) -> list[Row]:
    return sorted((row for row in counts.items() if row[1] >= LEAST), key=lambda row: (-row[1], row[0]))


def _draw(title: str, rows: list[Row]) -> str:
    names = [" ".join(strip_controls(name).split()) for name, _ in rows]
    wide, deep = max(map(len, names)), max(len(str(count)) for _, count in rows)
    return "\n".join([title, *(f"  {name:{wide}}  {n:>{deep}}" for name, (_, n) in zip(names, rows, strict=True))])
