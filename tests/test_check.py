"""What `check` finds beyond a file's form, each kind in a small pack broken for it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.check import find_doubts
from bot.pack import load_pack, shipped_root

TODAY = date(2026, 11, 24)


def edit(pack: Path, old: str, new: str) -> None:
    path = pack / "intents" / "visiting.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def doubts(pack: Path, rule: str) -> list[str]:
    return [str(problem) for problem in find_doubts(load_pack(pack), TODAY) if problem.rule == rule]


def test_a_sound_pack_raises_no_doubt_of_these(pack: Path) -> None:
    assert doubts(pack, "collision") == doubts(pack, "personal") == []
    (small_talk,) = doubts(pack, "thin")
    assert "hello has only 3 examples" in small_talk


def test_words_in_another_order_under_two_intents_collide(pack: Path) -> None:
    edit(pack, "      - parking fee\n", "      - parking fee\n      - a car park is there\n")
    (found,) = doubts(pack, "collision")
    assert "parking_cost has the words of one of parking_place: 'a car park is there'" in found
    assert "'is there a car park'" in found


def test_an_intent_with_hardly_an_example_is_thin(pack: Path) -> None:
    edit(pack, "      - price of a parking ticket\n      - do i pay for the garage\n", "")
    found, _ = doubts(pack, "thin")
    assert "parking_cost has only 3 examples in different words" in found


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("call me on 555-201-3344 about parking", "a telephone number"),
        ("mail joan.doe@example.org the fee", "an e-mail address"),
        ("joan doe born 3/4/1951 pays what", "a date of birth"),
        ("parking for patient 8812345", "a record number"),
    ],
)
def test_what_tells_who_somebody_is_is_found(pack: Path, typed: str, what: str) -> None:
    edit(pack, "      - parking fee\n", f"      - parking fee\n      - {typed}\n")
    (found,) = doubts(pack, "personal")
    assert what in found


def test_a_passage_that_no_intent_leads_to_is_named(pack: Path) -> None:
    before = doubts(pack, "unreached")
    edit(pack, '      - quote: "Please bring:"\n', "      - quote: Two people at a time\n")
    new = set(doubts(pack, "unreached")) - set(before)
    assert new and all("corpus/visiting.txt" in line for line in new)


def test_a_question_of_the_packs_own_tests_is_no_example(pack: Path) -> None:
    (pack / "intents" / "checks.yaml").write_text("tests:\n  - ask: is the parking free\n    kind: answer\n")
    leaks = [str(p) for p in find_doubts(load_pack(pack), TODAY) if "has a question of" in p.fact]
    assert any("intents/checks.yaml:2, nearly: 'is the parking free'" in leak for leak in leaks)


def test_the_shipped_pack_raises_no_doubt() -> None:
    assert [str(problem) for problem in find_doubts(load_pack(shipped_root()), TODAY)] == []
