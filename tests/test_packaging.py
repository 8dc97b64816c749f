"""The wheel: it carries the pack as it stands, and answers as the checkout does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conftest import ROOT, Run

PARTS = ("bot", "corpus", "intents", "pyproject.toml", "README.md", "LICENSE")


def build(project: Path, out: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(out),
        str(project),
    ]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def test_the_wheel_carries_exactly_the_pack_and_answers_the_same(project: Path, tmp_path: Path, run: Run) -> None:
    wheel = build(project, tmp_path / "wheel")
    home = tmp_path / "site"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-compile",
        "--target",
        str(home),
        str(wheel),
    ]
    subprocess.run(command, check=True, timeout=300, capture_output=True)
    for folder in ("corpus", "intents"):
        shipped = {p.relative_to(ROOT / folder): p.read_bytes() for p in (ROOT / folder).rglob("*.*")}
        carried = {
            p.relative_to(home / "bot/_pack" / folder): p.read_bytes()
            for p in (home / "bot/_pack" / folder).rglob("*.*")
        }
        assert carried == shipped
    assert (home / "bot" / "py.typed").is_file()
    page = {path.name for path in (ROOT / "bot" / "kiosk").iterdir() if path.is_file()}
    assert page == {path.name for path in (home / "bot" / "kiosk").iterdir() if path.is_file()}
    for question in ("do they use lasers", "what does an hour cost", "crushing chest pain right now"):
        there = run("ask", "--json", question, env={"PYTHONPATH": str(home)}, cwd=tmp_path)
        assert there.stdout == run("ask", "--json", question).stdout
        assert there.stderr == b""
    where = [sys.executable, "-c", "import bot; print(bot.__file__)"]
    found = subprocess.run(
        where, env={**os.environ, "PYTHONPATH": str(home)}, cwd=tmp_path, capture_output=True, check=True
    )
    assert found.stdout.decode().startswith(str(home))


def test_an_article_taken_out_is_not_in_the_next_wheel(project: Path, tmp_path: Path) -> None:
    first = build(project, tmp_path / "first")
    (project / "corpus" / "clearing.txt").rename(tmp_path / "clearing.txt")
    try:
        second = build(project, tmp_path / "second")
    finally:
        (tmp_path / "clearing.txt").rename(project / "corpus" / "clearing.txt")
    names = [set(zipfile.ZipFile(wheel).namelist()) for wheel in (first, second)]
    assert "bot/_pack/corpus/clearing.txt" in names[0]
    assert not any("clearing.txt" in name for name in names[1])
