"""The touch-screen page under many visitors and random requests.

A short run here; by hand `PATIENT_GUIDE_LOAD=120` is for that many seconds, `PATIENT_GUIDE_SOAK=100000` for that many
questions, and `PATIENT_GUIDE_REQUESTS=10000` for that many random requests.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import Bot
from conftest import ROOT
from screen import Screen, serve

SECONDS = float(os.environ.get("PATIENT_GUIDE_LOAD", "4"))
QUESTIONS = int(os.environ.get("PATIENT_GUIDE_SOAK", "300"))
REQUESTS = int(os.environ.get("PATIENT_GUIDE_REQUESTS", "200"))
VISITORS = 50


@pytest.fixture(scope="module")
def screen(bot: Bot) -> Iterator[Screen]:
    with serve(bot) as served, pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.kiosk.guard.SLOWEST", 0.2)  # Many random requests never come to their end.
        patch.setattr("bot.kiosk.server.SLOWEST_HEAD", 0.2)
        yield served


def read_quotes(page: str) -> tuple[str, ...]:
    return tuple(unescape(text) for text in re.findall(r"<blockquote>\s*<p>(.*?)</p>", page, re.DOTALL))


def test_fifty_visitors_at_once_are_answered_and_none_sees_another(screen: Screen, bot: Bot) -> None:
    """Each asks of a subject of its own, then says "say that again": it must be what that visitor was told."""
    asked = [q for topic in bot.topics() for q in topic.questions if bot.ask(q).citations][:VISITORS]
    end = time.monotonic() + SECONDS

    def visit(number: int) -> tuple[int, list[float]]:
        waits: list[float] = []
        right = 0
        idle = httpx.Limits(keepalive_expiry=2)  # Less than the server's, which else may just be closing the line.
        with httpx.Client(base_url=screen.url, follow_redirects=True, timeout=30, limits=idle) as visitor:
            visitor.get("/")
            time.sleep(2 * number / VISITORS)  # They do not come all in the same moment.
            while time.monotonic() < end or not waits:
                question = asked[(number + right) % len(asked)]
                pages = []
                for typed in (question, "say that again"):
                    began = time.monotonic()
                    page = visitor.post("/ask", data={"question": typed})
                    waits.append(time.monotonic() - began)
                    assert page.status_code == 200, page.text
                    pages.append(read_quotes(page.text))
                    time.sleep(1.0)
                assert pages[0] and pages[0][0] in pages[1], question
                right += 1
        return right, waits

    with ThreadPoolExecutor(VISITORS) as pool:
        visits = list(pool.map(visit, range(VISITORS)))
    waits = sorted(wait for _, waited in visits for wait in waited)
    assert all(right for right, _ in visits)
    print(
        f"{len(waits)} questions of {VISITORS} visitors: median {waits[len(waits) // 2] * 1000:.0f} ms, "
        f"longest {waits[-1] * 1000:.0f} ms"
    )


SOAK = """
import os, random, sys
from pathlib import Path
from bot import Bot

bot, chosen = Bot.load(), random.Random(8)
known = [question for topic in bot.topics() for question in topic.questions]

def ask(count):
    for number in range(count):
        if number % 10 == 0:
            session = bot.session()
        words = chosen.choice(known).split()
        word = "".join(chosen.choices("abcdefghijklmnopqrstuvwxyz", k=chosen.randint(2, 9)))
        words[chosen.randrange(len(words))] = word
        session.ask(" ".join(words))
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

before = ask(int(sys.argv[1]) // 20 + 300)  # What is made when it is first of use is there by then.
after = ask(int(sys.argv[1]))
print(before, after)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_stays_flat_however_much_is_asked(bot: Bot) -> None:
    """Questions with a word that nobody knows, in visits of ten, in a process of their own."""
    command = [sys.executable, "-c", SOAK, str(QUESTIONS)]
    said = subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout.split()
    before, after = map(int, said)
    print(f"after {QUESTIONS} questions: {before / 2**20:.0f} MB and {after / before - 1:+.2%}")
    assert after < before * 1.05


NAMES = st.sampled_from(
    ["Host", "Origin", "Cookie", "Content-Type", "Content-Length", "Sec-Fetch-Site", "Transfer-Encoding", "X"]
)
VALUES = st.one_of(
    st.sampled_from(
        ["HOST", "http://HOST", "null", "patient_guide_visit=x", "application/x-www-form-urlencoded", "chunked", "5"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
)
METHODS = st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "X" * 30, "get"])
PATHS = st.one_of(
    st.sampled_from(["/", "/ask", "/stay", "/reset", "/health", "/kiosk.js", "/ask/", "*", "http://evil/"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=40).map("/{}".format),
)


@settings(max_examples=REQUESTS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(METHODS, PATHS, st.lists(st.tuples(NAMES, VALUES), max_size=5), st.booleans(), st.binary(max_size=300))
def test_no_request_ends_in_an_error_of_the_server(
    screen: Screen, method: str, path: str, headers: list[tuple[str, str]], is_sound: bool, body: bytes
) -> None:
    host = f"127.0.0.1:{screen.port}"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}".replace("HOST", host) for name, value in headers)]
    if is_sound:
        form = "Content-Type: application/x-www-form-urlencoded"
        lines = [lines[0], f"Host: {host}", form, f"Content-Length: {len(body)}"]
    with socket.create_connection(("127.0.0.1", screen.port)) as line:
        line.settimeout(20)
        line.sendall("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body)
        try:
            said = line.recv(1 << 16)
        except ConnectionResetError:
            said = b""  # It was refused before all of it had come.
    assert said or not is_sound
    assert not said or re.match(rb"HTTP/1.1 [234]\d\d ", said), said
    assert not said or b"default-src 'none'" in said
    assert screen.complaints == []
