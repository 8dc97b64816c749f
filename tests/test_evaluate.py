"""Scoring, and the page that tells what went wrong, on the small pack: every figure can be checked by hand."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot import Bot
from bot.evaluate import Case, ask_all, measure, show, to_json
from bot.labelled import EvalError, Row, judge_turn, read_rows
from bot.pack import load_pack
from bot.report import draw_report, tell_failure
from conftest import PACKS, Run

FREE = {"doc": "visiting", "quote": "Parking is free for two hours."}
ROWS = [
    {"id": "right", "q": "is parking free", "kind": "answerable", "gold": [FREE]},
    {"id": "wrong", "q": "hello", "kind": "answerable", "gold": [FREE]},
    {"id": "no", "q": "is there a cafeteria", "kind": "oos", "near": "yes"},
    {"id": "bad", "q": "is parking free", "kind": "oos"},
    {
        "id": "talk",
        "turns": [
            {"q": "is parking free", "gold": [FREE]},
            {"q": "say that again", "expect": "repeat"},
            {"q": "which article is that from", "expect": "sources", "ok_expect": ["clarify"]},
            {"q": "thanks", "expect": "emergency"},
        ],
    },
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


@pytest.fixture
def cases(tiny: Bot, file: Path) -> list[Case]:
    return ask_all(tiny, file)


def test_the_figures_are_those_of_the_cases(tiny: Bot, cases: list[Case]) -> None:
    figures = measure(cases)
    assert figures.kinds == (
        ("answerable", 1, 2),
        ("unanswerable", 1, 1),
        ("oos", 0, 1),
        ("turn-first", 1, 1),
        ("turn", 2, 3),
    )
    assert figures.macro == pytest.approx((0.5 + 1 + 0 + 2 / 3) / 4)
    # Of two questions to be answered one is; of the two answers given to single questions one is right.
    assert figures.coverage[0] == (0.0, 0.5, 0.5)
    assert sum(right + wrong for _, right, wrong in figures.bins) == 5
    assert [(wanted, got) for wanted, got, _ in figures.confusions] == [("parking_place", "hello")]
    assert "parking_place -> hello" in show(figures, tiny.model.calibration)
    assert to_json(figures, tiny.model.calibration)["answerable"]["share"] == 0.5


def test_a_turn_is_judged_by_what_came_before(tiny: Bot, file: Path) -> None:
    talk = list(read_rows(file, tiny.articles))[-1]
    first, again, source, _ = talk.turns  # type: ignore[union-attr]
    answer, other = tiny.ask("is parking free"), tiny.ask("is there a cafeteria")
    assert judge_turn(first, answer, [], tiny.articles)
    assert not judge_turn(first, other, [], tiny.articles)
    assert judge_turn(again, answer, [answer], tiny.articles)
    assert not judge_turn(again, other, [answer], tiny.articles)
    assert judge_turn(source, answer, [answer], tiny.articles)
    more = Row("x", "more", "turn", (), ((),), (), both=False, expects=("more",))
    assert not judge_turn(more, answer, [answer], tiny.articles)
    assert judge_turn(more, answer, [other], tiny.articles)


def test_a_line_that_is_no_conversation_is_named(tiny: Bot, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"id": 1, "turns": [{"q": "x", "gold": [{"doc": "visiting", "quote": "Not there."}]}]}\n')
    with pytest.raises(EvalError, match=r"bad\.jsonl:1:1: not a labelled question: the gold is in no article"):
        list(read_rows(path, tiny.articles))


class Page(HTMLParser):
    """What a page would fetch, and whether its tags close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]
        if tag not in ("meta", "path", "rect", "circle", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag


def test_the_page_stands_alone_and_explains_every_failure(tiny: Bot, cases: list[Case], file: Path) -> None:
    page = draw_report(tiny, cases, measure(cases), load_pack(PACKS / "tiny"), str(file))
    reader = Page()
    reader.feed(page)
    assert reader.fetched == []
    assert reader.open == []
    assert not re.search(r"https?:|@import|url\(|<script", page)
    assert 'content="width=device-width' in page
    wrong = [case for case in cases if not case.is_right]
    assert page.count("<section class=failure>") == len(wrong) == 3
    for case in wrong:
        told = " ".join(tell_failure(tiny, case, load_pack(PACKS / "tiny")))
        assert "To mend it" in told or "Expected was" in told, case.row.question


def test_what_a_question_holds_is_text_in_the_page(tiny: Bot, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    row = {"id": "<b>", "q": "<script>alert(1)</script> is parking free", "kind": "smalltalk"}
    path.write_text(json.dumps(row), encoding="utf-8")
    cases = ask_all(tiny, path)
    page = draw_report(tiny, cases, measure(cases), load_pack(PACKS / "tiny"), "<i>file</i>")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<i>file" not in page


def test_eval_writes_the_page_and_says_where_it_cannot(run: Run, file: Path, tmp_path: Path) -> None:
    tiny = ("--pack", str(PACKS / "tiny"))
    page = tmp_path / "scores.html"
    assert run(*tiny, "eval", str(file), "--report", str(page)).returncode == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    done = run(*tiny, "eval", str(file), "--report", str(tmp_path / "no" / "where.html"))
    assert done.returncode == 2
    assert b"cannot be written" in done.stderr
