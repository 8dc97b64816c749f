from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import Bot

ROOT = Path(__file__).resolve().parent.parent
PACKS = ROOT / "tests" / "packs"

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for the whole run, so that the shipped pack is built once and never in the user's own."""
    kept = os.environ.get("PATIENT_GUIDE_TEST_CACHE")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("cache")
    old = os.environ.get("PATIENT_GUIDE_CACHE")
    os.environ["PATIENT_GUIDE_CACHE"] = str(folder)
    yield folder
    if old is None:
        del os.environ["PATIENT_GUIDE_CACHE"]
    else:
        os.environ["PATIENT_GUIDE_CACHE"] = old


@pytest.fixture(scope="session")
def bot(cache: Path):
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
