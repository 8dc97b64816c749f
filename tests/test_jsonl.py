from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from threading import Thread
from typing import Any

import pytest

from bot import Bot
from bot.jsonl import LONGEST_LINE, MOST_SESSIONS, Door, serve
from conftest import PACKS, ROOT


def talk(bot: Bot, *lines: bytes | dict[str, Any]) -> list[dict[str, Any]]:
    """What the door says to these lines, the ready line first."""
    sent = b"".join((json.dumps(x).encode() if isinstance(x, dict) else x) + b"\n" for x in lines)
    out = io.BytesIO()
    serve(bot, io.BytesIO(sent), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_ready_line_tells_the_pack(bot: Bot) -> None:
    (ready,) = talk(bot)
    assert ready["ready"] is True and ready["schema"] == 1
    assert ready["pack"]["articles"] == 2
    assert ready["pack"]["intents"] == len(bot.intents)
    assert ready["pack"]["passages"] == sum(len(a.passages) for a in bot.articles.values())
    assert ready["pack"]["fingerprint"] == bot.fingerprint


def test_a_question_is_answered_under_its_id(bot: Bot) -> None:
    _, one, two = talk(bot, {"id": [1], "question": "do they use lasers"}, {"question": "hello"})
    assert one["id"] == [1] and one["reply"]["kind"] == "answer"
    assert set(one["reply"]) == {
        *(
            "kind",
            "text",
            "citations",
            "intent",
            "confidence",
            "alternatives",
            "choices",
            "suggestions",
            "repairs",
            "notice",
        )
    }
    assert two["id"] is None and two["reply"]["kind"] == "smalltalk"


def test_sessions_remember_apart_and_forget_at_once(bot: Bot) -> None:
    laser, more = {"question": "do they use lasers", "session": "a"}, {"question": "more"}
    answers = talk(
        bot, laser, more | {"session": "a"}, more | {"session": "b"}, {"reset": "a", "id": 7}, more | {"session": "a"}
    )
    kinds = [answer["reply"]["kind"] if "reply" in answer else answer for answer in answers[1:]]
    assert kinds == ["answer", "answer", "clarify", {"id": 7, "ok": True}, "clarify"]


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"[1]",
        b"3",
        b"null",
        b'"x"',
        b"{",
        b"\xff\xfe",
        b"{}",
        b'{"question": 3}',
        b'{"question": "x", "session": 1}',
        b'{"reset": 1}',
        b'{"id": NaN, "question": "x"}',
        b'{"id": [-1e999], "question": "x"}',
        b"[" * 50_000,
    ],
)
def test_a_line_that_is_no_question_is_refused_and_the_door_stays_open(bot: Bot, line: bytes) -> None:
    _, refused, answered = talk(bot, line, {"id": 2, "question": "hello"})
    assert refused["error"]["code"] == "bad_request" and refused["error"]["message"]
    assert answered["id"] == 2 and "reply" in answered


def test_the_id_of_a_bad_request_comes_back(bot: Bot) -> None:
    assert talk(bot, {"id": "x", "question": None})[1]["id"] == "x"


def test_a_line_too_long_is_skipped_without_being_held(bot: Bot) -> None:
    class Endless(io.RawIOBase):
        """A megabyte of one line, then a question; remembers the most that was asked for at once."""

        def __init__(self) -> None:
            self.left, self.most = 1_000_000, 0

        def readline(self, size: int | None = -1) -> bytes:
            assert size is not None and 0 < size <= LONGEST_LINE + 1
            self.most = max(self.most, size)
            taken = min(size, self.left)
            self.left -= taken
            if taken:
                return b"x" * (taken - 1) + b"\n" if not self.left else b"x" * taken
            self.left = -1
            return b"" if self.most < 0 else self._last()

        def _last(self) -> bytes:
            self.most = -1
            return b'{"id": 2, "question": "hello"}\n'

    class Once(Endless):
        def readline(self, size: int | None = -1) -> bytes:
            return b"" if self.most == -1 else super().readline(size)

    out = io.BytesIO()
    serve(bot, Once(), out)  # type: ignore[arg-type]
    _, refused, answered = map(json.loads, out.getvalue().splitlines())
    assert refused == {"id": None, "error": {"code": "too_long", "message": refused["error"]["message"]}}
    assert answered["id"] == 2


def test_the_longest_line_allowed_is_answered(bot: Bot) -> None:
    frame = len(b'{"question": ""}')
    allowed, over = (b'{"question": "%b"}' % (b"a" * (LONGEST_LINE - frame + extra)) for extra in (0, 1))
    assert "reply" in talk(bot, allowed)[1]
    assert talk(bot, over)[1]["error"]["code"] == "too_long"


def test_sessions_are_bounded_in_number(tiny: Bot) -> None:
    door = Door(tiny)
    for number in range(MOST_SESSIONS + 50):
        door.answer(json.dumps({"question": "hi there", "session": str(number)}).encode())
    assert len(door._sessions) == MOST_SESSIONS
    assert str(MOST_SESSIONS + 49) in door._sessions and "0" not in door._sessions


def test_sessions_are_bounded_in_age(tiny: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("bot.jsonl.time.monotonic", lambda: now[0])
    door = Door(tiny)
    door.answer(b'{"question": "is parking free", "session": "old"}')
    now[0] = 4000.0
    assert door.answer(b'{"question": "say that again", "session": "old"}')["reply"]["kind"] == "clarify"


def start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bot", "--pack", str(PACKS / "tiny"), "serve", "--jsonl"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)


def test_a_reader_that_stalls_holds_nothing_up_for_good(tiny: Bot) -> None:
    """The door waits for its reader, and the writer for the door; nothing is lost, and nothing piles up."""
    lines = [{"id": number, "question": "where can i park", "session": "s"} for number in range(1500)]
    with start() as door:
        assert door.stdin and door.stdout
        assert b"ready" in door.stdout.readline()
        writer = Thread(target=lambda: (door.stdin.write(b"".join(map(encode, lines))), door.stdin.close()))  # type: ignore[union-attr]
        writer.start()
        time.sleep(1.0)  # The pipe is full by now.
        assert door.poll() is None and writer.is_alive()
        answered = [json.loads(line) for line in door.stdout]
        writer.join()
    assert [answer["id"] for answer in answered] == list(range(1500))
    assert door.returncode == 0


def test_malformed_huge_and_interleaved_lines_are_each_answered_in_order(bot: Bot) -> None:
    laser = {"question": "do they use lasers", "session": "a"}
    other = {"question": "what is occupational therapy?", "session": "b"}
    again = {"question": "say that again"}
    answers = talk(
        bot,
        {"id": 1, **laser},
        b"\xff{broken",
        {"id": 2, **other},
        b"x" * 200_000,
        {"id": 3, **again, "session": "a"},
        b'{"id": 4, "question": "hi"} {"id": 5}',
        {"id": 6, **again, "session": "b"},
    )[1:]
    assert [answer["id"] for answer in answers] == [1, None, 2, None, 3, None, 6]
    quotes = {
        answer["id"]: [c["quote"] for c in answer["reply"]["citations"]] for answer in answers if "reply" in answer
    }
    assert quotes[3] == quotes[1] != quotes[2] == quotes[6]


def test_a_line_cut_off_by_the_end_is_answered(tiny: Bot) -> None:
    with start() as door:
        said, _ = door.communicate(b'{"id": 1, "question": "where can i park"}\n{"id": 2, "question": "where')
    kinds = [set(json.loads(line)) for line in said.splitlines()[1:]]
    assert kinds == [{"id", "reply"}, {"id", "error"}]


def encode(request: dict[str, Any]) -> bytes:
    return json.dumps(request).encode() + b"\n"
