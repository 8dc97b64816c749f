from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.check import find_overdue
from bot.errors import PackError
from bot.header import read_header, split_header
from bot.pack import load_pack
from bot.update import plan_update, take_in
from conftest import Run

TODAY = date(2026, 11, 24)


def header_of(path: Path) -> dict[str, str]:
    parts = split_header(path.read_text(encoding="utf-8"))
    assert parts
    return read_header(parts[0], path.name)[0]


@pytest.fixture
def article(pack: Path) -> Path:
    return pack / "corpus" / "visiting.txt"


def test_an_article_taken_in_has_its_hash_its_marks_and_a_year(pack: Path, article: Path) -> None:
    text = article.read_text(encoding="utf-8").replace("Clean shoes", "Clean socks")
    article.write_text(text, encoding="utf-8")
    update = plan_update(pack, article, TODAY)
    assert not update.broken
    assert take_in(update, lambda: True)
    header = header_of(article)
    assert header["review_by"] == "2027-11-24"
    assert len(header["lines"].split()) == sum(bool(line.strip()) for line in text.split("---\n", 1)[1].splitlines())
    assert "Clean socks" in load_pack(pack).articles["visiting"].text
    # From now on a change is named by its line.
    article.write_text(article.read_text(encoding="utf-8").replace("Clean socks", "Clean boots"), encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_pack(pack)
    (problem,) = caught.value.problems
    assert "is new or other than it was" in problem.fact
    assert "Clean boots" in article.read_text(encoding="utf-8").splitlines()[problem.line - 1]


def test_the_quotes_that_a_new_text_breaks_are_listed_and_nothing_is_written_unread(
    pack: Path, article: Path, tmp_path: Path
) -> None:
    before = article.read_bytes()
    body = before.decode().split("---\n", 1)[1]
    new = tmp_path / "visiting.txt"
    new.write_text(body.replace("Two people at a time may visit.", "Three may visit."), encoding="utf-8")
    update = plan_update(pack, new, TODAY)
    assert [(p.file, "quote is in no article" in p.fact) for p in update.broken] == [("intents/visiting.yaml", True)]
    assert len(update.changes) == 1
    assert not take_in(update, lambda: False)
    assert article.read_bytes() == before
    assert take_in(update, lambda: True)
    assert "Three may visit." in article.read_text(encoding="utf-8")


def test_a_lost_line_is_named(pack: Path, article: Path) -> None:
    take_in(plan_update(pack, article, TODAY), lambda: True)
    lines = article.read_text(encoding="utf-8").split("\n")
    gone = next(i for i, line in enumerate(lines) if "Two people" in line)
    article.write_text("\n".join(lines[:gone] + lines[gone + 1 :]), encoding="utf-8")
    with pytest.raises(PackError, match="1 line that is missing"):
        load_pack(pack)


@pytest.mark.parametrize(
    ("name", "junk", "fact"),
    [
        ("visiting.txt", b"", "the file holds no text"),
        ("visiting.txt", b"\xff\xfe", "is not UTF-8 text"),
        ("visiting.txt", b"titel: x\n---\nA text.\n", "unknown key 'titel'"),
        ("unknown.txt", b"A text.\n", "the pack holds no article 'unknown'"),
    ],
)
def test_a_file_that_cannot_be_taken_in_is_refused(
    pack: Path, tmp_path: Path, name: str, junk: bytes, fact: str
) -> None:
    (tmp_path / name).write_bytes(junk)
    with pytest.raises(PackError) as caught:
        plan_update(pack, tmp_path / name, TODAY)
    assert fact in caught.value.problems[0].fact
    assert caught.value.problems[0].remedy


def test_the_command_asks_for_the_review(run: Run, pack: Path, article: Path) -> None:
    article.write_text(article.read_text(encoding="utf-8").replace("Clean shoes", "Clean socks"), encoding="utf-8")
    unread = run("update", "article", str(article), "--pack", str(pack))
    assert unread.returncode == 1
    assert b"Nothing was changed" in unread.stdout
    done = run("update", "article", str(article), "--pack", str(pack), "--reviewed")
    assert done.returncode == 0, done.stderr
    assert b"is up to date" in done.stdout


def test_an_article_past_its_review_is_flagged(pack: Path, article: Path) -> None:
    take_in(plan_update(pack, article, date(2024, 2, 29)), lambda: True)
    loaded = load_pack(pack)
    assert [p.file for p in find_overdue(loaded, TODAY)] == ["corpus/visiting.txt"]
    assert not list(find_overdue(loaded, date(2025, 2, 28)))
