"""What `check` finds: each kind in a small pack broken for it, with all that is printed as a golden file."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.cache import obtain_model
from bot.check import find_doubts
from bot.cli import main
from bot.errors import PackError
from bot.folder import shipped_root
from bot.intents import WARNINGS
from bot.pack import load_pack, read_pack
from bot.written import Problem
from conftest import PACKS

TODAY = date(2026, 11, 24)
BROKEN = sorted(path for path in (PACKS / "broken").iterdir() if path.is_dir())


def find(pack: Path) -> list[Problem]:
    return find_doubts(load_pack(pack), pack, obtain_model(pack, lambda what, share: None), TODAY)


def run_check(pack: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    code = main(["--pack", str(pack), "check", *options])
    shown = capsys.readouterr()
    return code, shown.out, "".join(line for line in shown.err.splitlines(True) if "Getting ready" not in line)


# --- the golden files -------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", BROKEN, ids=lambda path: path.name)
def test_what_is_printed_of_a_broken_pack_is_as_it_was(pack: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """CHECK_UPDATE=1 writes the golden files anew."""
    code = main(["--pack", str(pack), "check"])
    shown = capfdbinary.readouterr()
    told = [line for line in shown.err.decode().splitlines() if "Getting ready" not in line and line]
    text = "\n".join([*told, *shown.out.decode().splitlines(), f"exit code {code}", ""])
    text = re.sub(
        r"belief \d\.\d\d against \d\.\d\d", "belief # against #", text
    )  # Other versions fit a hair otherwise.
    golden = pack / "check.txt"
    if os.environ.get("CHECK_UPDATE"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_the_packs_hold_every_kind_of_warning_and_the_sound_one_none() -> None:
    assert len(BROKEN) >= 20
    assert "No problems" in (PACKS / "broken" / "sound" / "check.txt").read_text(encoding="utf-8")
    found = {problem.rule for pack in BROKEN for problem in _warnings(pack)}
    assert found == set(WARNINGS)


def _warnings(pack: Path) -> list[Problem]:
    try:
        return [problem for problem in find(pack) if problem.is_warning]
    except PackError:
        return []


# --- forms ------------------------------------------------------------------------------------------


def test_json_holds_all_that_is_printed(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code = main(["--pack", str(PACKS / "broken" / "all_at_once"), "check", "--json"])
    outcome = json.loads(capfdbinary.readouterr().out)
    assert code == 1
    assert outcome["ok"] is outcome["usable"] is False
    assert len(outcome["problems"]) == 56
    first = outcome["problems"][0]
    assert (first["file"], first["line"], first["severity"]) == ("corpus/changed.txt", 11, "error")
    assert set(first) == {"file", "line", "column", "severity", "rule", "fact", "remedy", "nearest", "excerpt"}
    main(["--pack", str(PACKS / "broken" / "sound"), "check", "--json"])
    sound = json.loads(capfdbinary.readouterr().out)
    assert sound == {"ok": True, "usable": True, "problems": [], "articles": 1, "intents": 3, "examples": 18}


def test_github_sees_each_problem_beside_its_line(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PACKS)
    main(["--pack", "broken/thin", "check", "--format", "github"])
    (line, _) = capfdbinary.readouterr().out.decode().splitlines()
    assert line == (
        "::warning file=broken/thin/intents/visit.yaml,line=28,col=1,title=thin::"
        "chapel has only 2 examples in different words%0A"
        "-> write at least 5, as different people would ask; twenty are good"
    )


def test_a_warning_that_is_accepted_is_not_repeated(pack: Path) -> None:
    assert [p.rule for p in find(pack) if p.rule == "thin"] == ["thin"]
    edit(pack, "  first: [parking_place]", "  first: [parking_place]\n  accepted:\n    - {warning: thin, because: so}")
    assert [p.rule for p in find(pack) if p.rule in ("thin", "unused")] == []


# --- kinds ------------------------------------------------------------------------------------------


def edit(pack: Path, old: str, new: str) -> None:
    path = pack / "intents" / "visiting.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def doubts(pack: Path, rule: str) -> list[str]:
    return [str(problem) for problem in find(pack) if problem.rule == rule]


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
    told = [str(problem) for problem in find(pack)]
    expected = "intents/checks.yaml:2 asks nearly the same as this example of parking_cost: 'is the parking free'"
    assert any(expected in line for line in told)


def test_the_shipped_pack_raises_no_doubt(bot: object) -> None:
    assert [str(problem) for problem in find(shipped_root())] == []


# --- files that somebody broke ----------------------------------------------------------------------

MUTATIONS = int(os.environ.get("PATIENT_GUIDE_MUTATIONS", "80"))
MARKS = (b"\t", b": ", b" #", b'"', b"'", b"[", b"{", b"- ", b"&", b"*", b"|", b"!", b"%", b"\x00", b"\r", b"\xff\xfe")


def mutate(text: bytes, draw: random.Random) -> bytes:
    """One or two of what editors, careless hands and failing disks do to a file."""
    for _ in range(draw.randint(1, 2)):
        lines = text.split(b"\n")
        at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
        line = lines[at]
        cut = draw.randrange(len(line) + 1)
        text = b"\n".join(
            draw.choice(
                [
                    [*lines[:at], *lines[at + draw.randint(1, 3) :]],
                    [*lines[:at], b" " * draw.randint(0, 9) + line.lstrip(), *lines[at + 1 :]],
                    [*lines[:at], lines[other], *lines[at:]],
                    [*lines[:at], lines[other], *lines[at + 1 :]],
                    [*lines[:at], line[:cut] + draw.randbytes(draw.randint(1, 4)) + line[cut:], *lines[at + 1 :]],
                    [*lines[:at], line[:cut] + draw.choice(MARKS) + line[cut:], *lines[at + 1 :]],
                    [*lines[:at], line[:cut]],
                    [*lines[:at], line[:cut], *lines[at + 1 :]],
                    [*lines[:at], line.decode("utf-8", "replace").encode("utf-16"), *lines[at + 1 :]],
                ]
            )
        )
    return text


def test_no_mutation_of_a_file_ends_in_a_traceback(tmp_path: Path) -> None:
    """Each is read whole or refused by name; PATIENT_GUIDE_MUTATIONS sets how many are tried."""
    draw = random.Random(6)
    outcomes = {"read": 0, "refused": 0}
    shutil.copytree(PACKS / "broken" / "sound", tmp_path / "pack")
    (tmp_path / "pack" / "intents" / "more.yaml").write_text(MORE, encoding="utf-8")
    files = sorted(path for path in (tmp_path / "pack").rglob("*") if path.suffix in (".txt", ".yaml"))
    files = [path for path in files if path.name != "check.txt"]
    sound = {path: path.read_bytes() for path in files}
    assert read_pack(tmp_path / "pack")[1] == []
    for _ in range(MUTATIONS):
        path = draw.choice(files)
        path.write_bytes(mutate(sound[path], draw))
        pack, faults = read_pack(tmp_path / "pack")
        for problem in [*faults, *find_doubts(pack, tmp_path / "pack", None, TODAY)]:
            assert problem.fact
            assert problem.remedy
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.file == "intents" or (tmp_path / "pack" / problem.file).is_file(), problem
        if faults:
            name = path.relative_to(tmp_path / "pack").as_posix()
            # What a file lacks may be missed in another: a quote whose article is gone, an intent that is led to.
            assert any(p.file == name for p in faults) or "corpus" in name or any("no intent" in p.fact for p in faults)
        outcomes["refused" if faults else "read"] += 1
        path.write_bytes(sound[path])
    assert min(outcomes.values()) > MUTATIONS / 10, outcomes


MORE = """
synonyms:
  lift: elevator
wording:
  welcome: Welcome to {clinic}.
safety:
  words:
    smoke: smoke|fire
  cards:
    fire: Call {emergency} and leave.
  rules:
    - flag: fire
      card: fire
      when: |
        - {smoke} ... (room|ward)
      unless: |
        - no x
  unless: |
    - where is the x
tests:
  - ask: may roses stand in the intensive care unit
    cites: intensive care
  - talk:
      - ask: until when can we stay
        intent: visiting_hours
      - ask: more
        kind: answer
"""
