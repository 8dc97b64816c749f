from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from bot import Bot, Reply
from bot.labelled import keeps_form
from bot.session import Session
from bot.text import clean

ROOT = Path(__file__).resolve().parent.parent
PACKS = ROOT / "tests" / "packs"

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put those last that need the shipped pack: where there are two processes, one learns it meanwhile."""
    items.sort(key=lambda item: bool({"bot", "run"} & set(getattr(item, "fixturenames", ()))))


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for the whole run, so that the shipped pack is built once and never in the user's own."""
    kept = os.environ.get("PATIENT_GUIDE_TEST_CACHE")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = Path(kept) if kept else shared / "cache"
    old = os.environ.get("PATIENT_GUIDE_CACHE")
    os.environ["PATIENT_GUIDE_CACHE"] = str(folder)
    yield folder
    if old is None:
        del os.environ["PATIENT_GUIDE_CACHE"]
    else:
        os.environ["PATIENT_GUIDE_CACHE"] = old


@pytest.fixture(scope="session")
def bot(cache: Path):
    cache.mkdir(exist_ok=True)
    with FileLock(cache / "lock"):  # Where the tests are shared out to several processes, one of them learns the pack.
        return Bot.load()


@pytest.fixture(scope="session")
def tiny(cache: Path):
    return Bot.load(PACKS / "tiny")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the small pack, to break."""
    return Path(shutil.copytree(PACKS / "tiny", tmp_path / "pack"))


@pytest.fixture(scope="session")
def run(bot: object) -> Run:
    """Run `python -m bot …` as a program of its own, the shipped pack built, and return what it printed."""

    def call(*arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None, cwd: Path = ROOT):
        command = [sys.executable, "-m", "bot", *arguments]
        surroundings = {**os.environ, **(env or {})}
        return subprocess.run(
            command, input=stdin, capture_output=True, cwd=cwd, env=surroundings, timeout=300, check=False
        )

    return call


class Hindered:
    """A bot to which something is done before each reply: it waits, or it fails."""

    def __init__(self, bot: Bot, hinder: Callable[[str], object]) -> None:
        self.model = bot.model
        self._bot, self._hinder = bot, hinder

    def reply(self, text: str, session: Session) -> tuple[Reply, Session]:
        self._hinder(text)
        return self._bot.reply(text, session)


def require(program: str) -> None:
    """Skip a test where a program is not installed; in CI, which installs it, fail."""
    if not shutil.which(program):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is not installed")


CONTROL = set(
    map(chr, (*range(9), 11, *range(13, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)


def assert_sound(bot: Bot, reply: Reply) -> None:
    """What every reply must be, whatever was asked (contract, section 3)."""
    assert keeps_form(reply, bot.articles)
    assert not CONTROL & set(reply.text)
    assert reply.text.strip()
    assert len(reply.text.split()) <= 220
    assert clean(reply.text) == " ".join(reply.text.split())[:2000].rstrip() or len(reply.text) > 2000
    shown = [c.quote for c in reply.citations] + [c.lead.quote for c in reply.citations if c.lead]
    assert len(" ".join(shown).split()) <= 120
    for citation in reply.citations:
        article = bot.articles[citation.article]
        if citation.lead:
            assert article.text[citation.lead.start : citation.lead.end] == citation.lead.quote
            assert citation.lead.quote in reply.text
        assert citation.publisher in reply.text
        assert article.interest in reply.notice
    if reply.kind == "urgent":
        assert not reply.citations and not reply.suggestions
    if reply.kind in ("advice", "out_of_scope", "unreadable"):
        assert bot.wording["emergency"] in reply.text
    assert len(reply.suggestions) <= 3
    assert not set(reply.suggestions) & {i.question for i in bot.intents.values() if not i.quotes}
    if reply.kind == "clarify":
        assert 2 <= len(reply.choices) <= 4
    assert 0 <= reply.confidence <= 1
    assert len(reply.alternatives) <= 5
