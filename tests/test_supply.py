"""What a kiosk installs: every library pinned within its range, and every file of it known by its hash."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conftest import ROOT

LOCK = (ROOT / ".ci" / "kiosk.lock").read_text(encoding="ascii")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# An address, a file's place, an option that names an index, or a bare name of a host.
HOST = re.compile(r"://|@|--(?!hash=)|[a-z0-9-]+\.(org|com|net|io|dev)\b")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def wanted(project: str) -> list[Requirement]:
    """What a project file asks for on a kiosk."""
    table = tomllib.loads(project)["project"]
    return [Requirement(line) for line in table["dependencies"] + table["optional-dependencies"]["kiosk"]]


def pins(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of a lock with its hashes; what is an option of pip's is none."""
    text = "\n".join(line for line in lock.splitlines() if not line.startswith(("#", "-")))
    lines = [line.split() for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    found = []
    for words in lines:
        hashes = [word for word in words if word.startswith("--")]
        found.append((Requirement(" ".join(word for word in words if word not in hashes)), hashes))
    return found


def problems(lock: str, project: str) -> list[str]:
    """What is wrong with a lock; nothing, where a kiosk can rely on it."""
    wrong = []
    for pin, hashes in pins(lock):
        (only,) = pin.specifier or [None]
        if only is None or only.operator != "==" or "*" in only.version:
            wrong.append(f"{pin} is not one version")
        if not hashes or not all(HASH.fullmatch(word) for word in hashes):
            wrong.append(f"{pin.name} has no hash, or a strange one")
    for python in PYTHONS:
        here = {**default_environment(), "python_version": python, "python_full_version": f"{python}.1"}
        found = {
            canonicalize_name(pin.name): next(iter(pin.specifier)).version
            for pin, _ in pins(lock)
            if pin.specifier and (pin.marker is None or pin.marker.evaluate(here))
        }
        for need in wanted(project):
            version = found.get(canonicalize_name(need.name))
            if version is None or not need.specifier.contains(version):
                wrong.append(f"{need} is not met on Python {python}: {version}")
    return wrong + [f"line {n} names a host" for n, line in enumerate(lock.splitlines(), 1) if HOST.search(line)]


def test_the_lock_pins_and_hashes_all_that_a_kiosk_needs_and_names_no_host() -> None:
    assert problems(LOCK, PROJECT) == []
    assert len({pin.name for pin, _ in pins(LOCK)}) > len(wanted(PROJECT))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (r"uvicorn==\S+", "uvicorn==0.1", "uvicorn<1,>=0.40 is not met on Python 3.11: 0.1"),
        (r"uvicorn==\S+", "uvicorn>=0.40", "uvicorn>=0.40 is not one version"),
        (r"uvicorn==", "unicorn==", "uvicorn<1,>=0.40 is not met on Python 3.14: None"),
        (r"(uvicorn==\S+) \\\n( +--hash=\S+( \\)?\n)+", "\\1\n", "uvicorn has no hash, or a strange one"),
        (r"sha256:\w", "sha1:", "anyio has no hash, or a strange one"),
        (r"\A", "--index-url https://example.org/simple\n", "line 1 names a host"),
        (r"\A", "# from example.org\n", "line 1 names a host"),
    ],
)
def test_a_lock_that_lost_something_is_found_out(old: str, new: str, said: str) -> None:
    broken, times = re.subn(old, new, LOCK, count=1)
    assert times
    assert said in problems(broken, PROJECT)
