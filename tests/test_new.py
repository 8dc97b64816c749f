"""New files of a pack: valid from the start, and never written over another."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from bot import Bot
from bot.contents import run_tests
from bot.errors import PackError
from bot.folder import shipped_root
from bot.new import create_intent, create_pack, plan_article, write_new
from bot.pack import load_pack, read_pack
from bot.patch import patch
from bot.schema import to_schema
from conftest import ROOT, Run
from test_check import find

TODAY = date(2026, 11, 24)


def test_a_new_pack_answers_passes_its_tests_and_raises_no_doubt(tmp_path: Path) -> None:
    folder = tmp_path / "north-clinic"
    files = create_pack(folder, whole=False)
    assert {path.name for path in files} >= {"clinic.yaml", "opening_hours.yaml", "schema.json"}
    create_intent(folder, "parking", f"python -m bot --pack {folder}")
    assert [str(problem) for problem in find(folder)] == []
    bot, pack = Bot.load(folder), load_pack(folder)
    assert pack.name == "North Clinic"
    assert [str(outcome) for outcome in run_tests(bot, pack) if outcome.faults] == []
    assert len(pack.tests) == 2
    assert bot.ask("should i stop my tablets").kind == "advice"
    assert bot.ask("my chest hurts and my arm is numb").kind == "urgent"


def test_a_copy_of_the_shipped_pack_holds_what_it_holds(tmp_path: Path) -> None:
    create_pack(tmp_path / "copy", whole=True)
    pack, faults = read_pack(tmp_path / "copy")
    assert faults == []
    assert pack.intents == load_pack(shipped_root()).intents


def test_the_guide_of_the_readme_ends_as_it_says(bot: Bot, tmp_path: Path) -> None:
    """As far as an edit is taken in at once; learning the whole pack anew is what `check` does."""
    create_pack(tmp_path / "copy", whole=True)
    with pytest.raises(PackError, match="it is known, and not answered") as caught:
        create_intent(tmp_path / "copy", "parking", "")
    (told,) = caught.value.problems
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    written = re.search(r"     - intent: parking\n   (    question: .*)\n   (    reply: .*)\n", readme)
    asked = re.search(r'bot ask "(any place[^"]+)"', readme)
    assert written
    assert asked
    file = Path(told.file)
    lines = file.read_text(encoding="utf-8").split("\n")
    assert lines[told.line - 1 : told.line + 1] == ["  - intent: parking", "    kind: out_of_scope"]
    file.write_text("\n".join([*lines[: told.line], *written.groups(), *lines[told.line + 1 :]]), encoding="utf-8")
    answering = Bot(patch(bot.model, load_pack(tmp_path / "copy")))
    for question in (asked[1], "is parking free", "got room for my pickup truck"):
        assert answering.ask(question).text.startswith("The garage is behind the house."), question


@pytest.mark.parametrize("name", ["Par king", "", "../up", "ä", "a" * 99])
def test_a_name_that_cannot_be_one_is_refused(pack: Path, name: str) -> None:
    with pytest.raises(PackError, match="cannot name an intent"):
        create_intent(pack, name, "")


def test_nothing_is_written_over(pack: Path, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="there is an intent visitors already"):
        create_intent(pack, "visitors", "")
    (pack / "intents" / "cafe.yaml").write_text("synonyms:\n  java: coffee\n")
    with pytest.raises(PackError, match="there is such a file already"):
        create_intent(pack, "cafe", "")
    assert (pack / "intents" / "cafe.yaml").read_text() == "synonyms:\n  java: coffee\n"
    assert not list(pack.rglob("*.part"))
    with pytest.raises(PackError, match="is not empty"):
        create_pack(pack, whole=False)


def test_every_new_file_names_the_schema_that_stands_beside_it(tmp_path: Path) -> None:
    create_pack(tmp_path / "p", whole=False)
    create_intent(tmp_path / "p", "parking", "")
    for path in (tmp_path / "p" / "intents").glob("*.yaml"):
        assert path.read_text().splitlines()[0] == "# yaml-language-server: $schema=schema.json"
    assert json.loads((tmp_path / "p" / "intents" / "schema.json").read_text()) == to_schema()
    assert json.loads((shipped_root() / "intents" / "schema.json").read_text(encoding="utf-8")) == to_schema()


def test_the_schema_knows_every_key_that_the_reader_knows() -> None:
    from bot import intents  # noqa: PLC0415

    schema = to_schema()["properties"]
    assert set(schema) == set(intents._TOP)
    assert set(schema["intents"]["items"]["properties"]) == set(intents._INTENT_KEYS)
    assert set(schema["tests"]["items"]["oneOf"][0]["properties"]) == set(intents._TURN_KEYS)
    assert set(schema["safety"]["properties"]) == set(intents._SAFETY)
    assert set(schema["safety"]["properties"]["rules"]["items"]["properties"]) == set(intents._RULE_KEYS)
    assert set(schema["clinic"]["properties"]) == set(intents._CLINIC_KEYS)


ANSWERS = {"publisher": "North Clinic", "published": "2024-01-01"}


def test_a_new_article_gets_a_header_and_is_shown_as_it_is_cut(pack: Path, tmp_path: Path) -> None:
    file = tmp_path / "Foot Care.txt"
    file.write_text("Foot care\n\nWash your feet every day.\n\nSubscribe to our newsletter!\n")
    asked = []

    def ask(key: str, usual: str) -> str:
        asked.append((key, usual))
        return ANSWERS.get(key, usual)

    plan = plan_article(pack, file, ["title", "publisher", "published", "url", "licence", "interest"], ask, TODAY)
    assert asked[0] == ("title", "Foot care")
    assert ("licence", "The text belongs to North Clinic.") in asked
    assert plan.path == pack / "corpus" / "foot-care.txt"
    assert [p.text for p in plan.article.passages] == ["Wash your feet every day."]
    write_new(plan.path, plan.text)
    article = load_pack(pack).articles["foot-care"]
    assert (article.publisher, article.published, article.retrieved) == ("North Clinic", "2024-01-01", "2026-11-24")
    with pytest.raises(PackError, match="there is an article of that name already"):
        plan_article(pack, file, [], ask, TODAY)


@pytest.mark.parametrize("body", [b"", b"  \n ", b"\xff\xfeA\x00"])
def test_a_file_that_holds_no_article_is_refused(pack: Path, tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "page.txt"
    file.write_bytes(body)
    with pytest.raises(PackError):
        plan_article(pack, file, [], lambda key, usual: usual, TODAY)
    with pytest.raises(PackError, match="cannot be read"):
        plan_article(pack, tmp_path / "nowhere.txt", [], lambda key, usual: usual, TODAY)


def test_the_commands_write_and_say_what_to_do_next(pack: Path, tmp_path: Path, run: Run) -> None:
    done = run("--pack", str(pack), "new", "intent", "cafe")
    assert done.returncode == 0
    assert b"cafe.yaml is written" in done.stdout
    again = run("--pack", str(pack), "new", "intent", "cafe")
    assert again.returncode == 2
    assert b"there is an intent cafe already" in again.stderr
    file = tmp_path / "feet.txt"
    file.write_text("Foot care\n\nWash your feet every day.\n")
    short = run("--pack", str(pack), "new", "article", str(file), "--publisher", "North Clinic", stdin=b"\n")
    assert short.returncode == 0, short.stderr
    assert b"feet-1  Wash your feet every day." in short.stdout
    missing = run("--pack", str(pack), "new", "article", str(file), "--title", "x", stdin=b"")
    assert missing.returncode == 2
    assert b"Traceback" not in missing.stderr
