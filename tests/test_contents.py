"""The pack's own tests: what an author expects, and what an edit changes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from bot import Bot
from bot.contents import find_changes, run_tests, to_junit
from bot.errors import PackError
from bot.folder import shipped_root
from bot.pack import load_pack
from conftest import PACKS, Run

LINE = 1 + (PACKS / "tiny" / "intents" / "visiting.yaml").read_text().splitlines().index("      - is parking free")

TESTS = """
tests:
  - ask: is parking free
    kind: answer
    intent: parking_cost
    cites: two hours
    never: three hours
  - talk:
      - ask: what does it cost to leave the car
        cites: dollars
      - ask: say that again
        cites: dollars
  - ask: is parking free
    kind: smalltalk
    intent: hello
    cites: five hours
    says: no such words
    never: |
      - parking
      - "999"
"""


def write_tests(pack: Path, text: str = TESTS) -> None:
    (pack / "intents" / "checks.yaml").write_text(text, encoding="utf-8")


def test_what_came_back_is_held_against_what_was_expected(pack: Path) -> None:
    write_tests(pack)
    outcomes = list(run_tests(Bot.load(pack), load_pack(pack)))
    assert [bool(outcome.faults) for outcome in outcomes] == [False, False, False, True]
    told = str(outcomes[-1])
    assert told.startswith("intents/checks.yaml:13:10: 'is parking free'")
    for words in ("expected kind smalltalk, got answer", "expected intent hello", "'five hours'", "'no such words'"):
        assert words in told
    assert "must never say 'parking'" in told
    assert "999" not in told
    assert f"for parking_cost: intents/visiting.yaml:{LINE} 'is parking free'" in told
    assert "for hello: intents/visiting.yaml" in told


def test_the_outcomes_as_junit(pack: Path) -> None:
    write_tests(pack)
    suite = ET.fromstring(to_junit(list(run_tests(Bot.load(pack), load_pack(pack))), "a <pack>"))
    assert (suite.get("tests"), suite.get("failures"), suite.get("name")) == ("4", "1", "a <pack>")
    assert suite[3][0].tag == "failure"


def test_a_test_that_cannot_be_one_is_a_problem_at_its_place(pack: Path) -> None:
    write_tests(
        pack,
        "tests:\n"
        "  - ask: is parking free\n"
        "  - kind: answer\n"
        "  - ask: x\n    kind: maybe\n"
        "  - ask: x\n    intent: nobody\n"
        "  - ask: x\n    wants: y\n    kind: answer\n",
    )
    try:
        load_pack(pack)
    except PackError as error:
        found = [(p.line, p.fact) for p in error.problems if p.file == "intents/checks.yaml"]
    assert found == [
        (2, "a test that expects nothing"),
        (3, "a test without a question"),
        (5, "unknown kind 'maybe'"),
        (6, "there is no intent 'nobody' to expect"),
        (9, "unknown key 'wants' in a test"),
    ]


def test_what_an_edit_changes_is_listed_and_nothing_else(pack: Path) -> None:
    old, old_pack = Bot.load(PACKS / "tiny"), load_pack(PACKS / "tiny")
    assert list(find_changes(old, old, old_pack, old_pack)) == []
    path = pack / "intents" / "visiting.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("      - quote: Two people at a time\n", ""), encoding="utf-8")
    changes = list(find_changes(old, Bot.load(pack), old_pack, load_pack(pack)))
    asked = {change.question: change for change in changes}
    assert "how many visitors at once" in asked
    assert "is parking free" not in asked
    assert "Two people" in asked["how many visitors at once"].before
    assert "older than twelve" in asked["how many visitors at once"].after


def test_what_could_also_be_asked_makes_no_other_answer(tiny: Bot, pack: Path) -> None:
    path = pack / "intents" / "visiting.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("question: Who may visit?", "question: Who can visit?"), encoding="utf-8")
    old, new = load_pack(PACKS / "tiny"), load_pack(pack)
    assert tiny.ask("is there a cafeteria").text != Bot.load(pack).ask("is there a cafeteria").text
    assert list(find_changes(tiny, Bot.load(pack), old, new)) == []


def test_the_command_says_what_failed_and_ends_on_it(pack: Path, tmp_path: Path, run: Run) -> None:
    assert b"this pack has no tests" in run("--pack", str(pack), "test").stderr
    write_tests(pack)
    page = tmp_path / "junit.xml"
    done = run("--pack", str(pack), "test", "--junit", str(page))
    assert done.returncode == 1
    assert b"3 of 4 questions were answered as expected." in done.stdout
    assert page.read_text(encoding="utf-8").startswith("<?xml")
    listed = run("--pack", str(pack), "test", "--impact", str(PACKS / "tiny"))
    assert listed.stdout.decode().strip() == "0 questions are answered differently."


def test_the_shipped_pack_answers_as_its_own_tests_expect(bot: Bot) -> None:
    pack = load_pack(shipped_root())
    assert sum(len(test.turns) for test in pack.tests) >= 20
    assert [str(outcome) for outcome in run_tests(bot, pack) if outcome.faults] == []
