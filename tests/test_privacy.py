"""A canary: a word that nobody else types goes through every door, and is then looked for wherever it might be kept."""

from __future__ import annotations

import json
import os
import re
import signal
import site
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from bot.kiosk.visits import IDLE, WARNED
from browser import launch_with_profile
from conftest import PACKS, ROOT
from screen import serve

CANARY = "zanzibarquokka"
FORMS = [CANARY.encode(), CANARY.encode("utf-16-le"), CANARY[:8].encode()]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The surroundings of a program whose every folder to write in is a new one, and is searched in the end."""
    folders = {name: str(tmp_path / name.lower()) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME")}
    for folder in folders.values():
        Path(folder).mkdir()
    env = {
        **os.environ,
        **folders,
        "PYTHONUSERBASE": site.getuserbase(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT),
    }
    del env["PATIENT_GUIDE_CACHE"]
    yield env
    assert find_canary(tmp_path) == []
    assert any(Path(folders["XDG_CACHE_HOME"]).rglob("*.model"))  # It was looked for where something was written.


def find_canary(folder: Path) -> list[Path]:
    """The files below a folder that hold the word, whatever they are."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in files if any(form in path.read_bytes() for form in FORMS) or CANARY in path.name]


def find_in_process(number: int) -> list[str]:
    """The open files and the arguments of a process in which the word stands."""
    if sys.platform != "linux":
        return []
    found = []
    for link in Path(f"/proc/{number}/fd").iterdir():
        target = os.readlink(link)
        if target.startswith("/") and not target.startswith("/dev/") and Path(target).is_file():
            found += [target] if CANARY.encode() in link.read_bytes() else []
    found += [name for name in ("cmdline", "environ") if CANARY.encode() in Path(f"/proc/{number}/{name}").read_bytes()]
    return found


def start(env: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bot", "--pack", str(PACKS / "tiny"), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=env, cwd=env["TMPDIR"])


@pytest.mark.parametrize("door", ["lines", "jsonl", "stats"])
def test_a_door_keeps_nothing(home: dict[str, str], door: str, tmp_path: Path) -> None:
    arguments = {"lines": [], "jsonl": ["serve", "--jsonl"], "stats": ["--stats", str(tmp_path / "counts.json")]}
    question = f"where can the {CANARY} park my car"
    typed = json.dumps({"question": question, "session": CANARY}) if door == "jsonl" else question
    with start(home, *arguments[door]) as program:
        assert program.stdin and program.stdout and program.stderr
        program.stdin.write(typed.encode() + b"\n")
        program.stdin.flush()
        if door == "jsonl":
            assert b"ready" in program.stdout.readline()
        said = program.stdout.readline()
        assert said.strip()
        assert find_in_process(program.pid) == []
        _, complained = program.communicate()
    assert CANARY.encode() not in complained


def test_the_chat_keeps_nothing(home: dict[str, str]) -> None:
    pytest.importorskip("pty", reason="no pseudo-terminals on this system")
    from terminal import Terminal  # noqa: PLC0415

    with Terminal("--pack", str(PACKS / "tiny"), env={**home, "PATIENT_GUIDE_CACHE": None}) as terminal:
        terminal.wait_for("Not medical advice")
        terminal.ask(f"where can the {CANARY} park")
        assert find_in_process(terminal.child.pid) == []
        terminal.type("bye\r")
        assert terminal.code() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="it is killed by a signal")
def test_the_page_keeps_nothing_though_it_is_killed(home: dict[str, str]) -> None:
    with start(home, "kiosk", "--port", "0") as program:
        assert program.stdout
        url = program.stdout.readline().decode().split()[-1].rstrip("/")
        port = url.rpartition(":")[2]
        try:
            wait_for_health(url)
            with httpx.Client(base_url=url, follow_redirects=True) as visitor:
                visitor.get("/")
                visitor.post("/ask", data={"question": f"where can the {CANARY} park"})
                visitor.get(f"/{CANARY}?{CANARY}")
                visitor.post("/ask", content=CANARY.encode(), headers={"Content-Type": "text/plain"})
            assert find_in_process(program.pid) == []
        finally:
            program.send_signal(signal.SIGKILL)
        said, complained = program.communicate()
    assert CANARY.encode() not in said + complained
    with start(home, "kiosk", "--port", str(port)) as again:  # At once, on the same port, as if nothing had been.
        try:
            wait_for_health(url)
        finally:
            again.send_signal(signal.SIGTERM)
        again.communicate()
    assert again.returncode == 0


def wait_for_health(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("it was never ready")


@pytest.mark.parametrize("ending", ["wipe", "start over", "closed"])
def test_the_browser_keeps_nothing_in_its_profile(tiny: object, tmp_path: Path, ending: str) -> None:
    with serve(tiny) as screen, sync_playwright() as playwright:  # type: ignore[arg-type]
        context = launch_with_profile(playwright, tmp_path / "profile")
        page = context.new_page()
        page.clock.install()
        page.goto(screen.url)
        page.fill("#question", f"where can the {CANARY} park my car")
        page.press("#question", "Enter")
        expect(page.locator(".asked")).to_contain_text(CANARY)
        page.fill("#question", f"{CANARY} again")
        if ending == "wipe":
            page.clock.fast_forward((IDLE + 1) * 1000)
            page.clock.fast_forward((WARNED + 1) * 1000)
        elif ending == "start over":
            page.get_by_role("button", name="Start over").click()
        if ending != "closed":
            expect(page.locator("body[data-kind=welcome] #question")).to_have_value("")
            assert CANARY not in page.content()
        assert CANARY not in page.evaluate(
            "JSON.stringify([localStorage, sessionStorage, history.state, location.href])"
        )
        context.close()
        assert find_canary(tmp_path) == []
        context = launch_with_profile(playwright, tmp_path / "profile")  # What it does keep is found.
        page = context.new_page()
        page.goto(f"{screen.url}/icon.svg?{CANARY}")
        page.wait_for_timeout(500)
        context.close()
        assert find_canary(tmp_path) != []


def test_what_is_looked_for_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "log").write_bytes(b"GET /?" + CANARY.encode("utf-16-le"))
    assert find_canary(tmp_path) == [tmp_path / "deep" / "log"]


def test_no_code_of_a_door_writes_files() -> None:
    """What may write at all: the cache, the counts, what an author asked for, and a history that a user asked for."""
    writing = re.compile(r"\.write_text\(|\.write_bytes\(|\bopen\(|\.mkdir\(|os\.open\(|mkstemp|NamedTemporary|logging")
    writers = {path.name for path in (ROOT / "bot").rglob("*.py") if writing.search(path.read_text(encoding="utf-8"))}
    doors = {"doors.py", "jsonl.py", "visit.py", "chat.py", "engine.py", "session.py", "live.py"}
    assert writers and not writers & (doors | {path.name for path in (ROOT / "bot" / "kiosk").glob("*.py")})
