from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.errors import PackError
from bot.folder import fingerprint, shipped_root
from bot.pack import load_pack
from bot.quotes import unreached
from bot.written import Problem

FILE = "intents/visiting.yaml"


def problems_of(pack: Path) -> list[Problem]:
    with pytest.raises(PackError) as caught:
        load_pack(pack)
    return list(caught.value.problems)


def edit(pack: Path, old: str, new: str, file: str = FILE) -> None:
    path = pack / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def add(pack: Path, text: str) -> None:
    (pack / "intents" / "more.yaml").write_text(text, encoding="utf-8")


def test_the_shipped_pack_reaches_every_passage() -> None:
    pack = load_pack(shipped_root())
    assert set(pack.articles) == {"evergreenhealth", "clearing"}
    assert unreached(pack) == []


def test_quotes_become_whole_sentences_and_items_with_their_lead(pack: Path) -> None:
    loaded = load_pack(pack)
    text = loaded.articles["visiting"].text
    shown = {
        name: [text[q.start : q.end] for q in loaded.intents[name].quotes] for name in ("parking_cost", "visitors")
    }
    # "B." may be an abbreviation: where it is not sure that a sentence ends, none is cut off.
    joined = "Visitors can park behind building B. Parking is free for two hours."
    assert shown["parking_cost"] == ["After that it costs two dollars an hour.", joined]
    first = loaded.intents["parking_cost"].quotes[0]
    assert first.lead is not None
    assert text[first.lead.start : first.lead.end] == joined
    (brought,) = loaded.intents["bring_along"].quotes
    assert text[brought.start : brought.end] == "Please bring:\n\n  • A photo card\n  • Clean shoes"


def test_quotes_are_found_whatever_their_apostrophes_dashes_and_spaces(pack: Path) -> None:
    edit(pack, "quote: Two people at a time", "quote: Two\u00a0people  at a\u202ftime may")
    assert load_pack(pack).intents["visitors"].quotes[0].start > 0


def test_what_a_pack_does_not_bring_comes_from_the_shipped_one(pack: Path) -> None:
    loaded = load_pack(pack)
    shipped = load_pack(shipped_root())
    assert loaded.rules == shipped.rules
    assert set(loaded.wording) == set(shipped.wording)
    assert "999" in loaded.cards["medical"] and "911" not in loaded.cards["medical"]
    assert "988" in loaded.cards["crisis"]
    assert loaded.name == "North Clinic"
    assert set(loaded.articles) == {"visiting"} and "what_is_pt" not in loaded.intents


def test_a_shipped_pack_without_its_red_flags_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "shipped"
    for part in ("corpus", "intents"):
        shutil.copytree(shipped_root() / part, shipped / part)
    for file in (shipped / "intents" / "safety").glob("red-flags*.yaml"):
        file.unlink()
    for room in ("pack", "folder"):
        monkeypatch.setattr(f"bot.{room}.shipped_root", lambda: shipped)
    assert "no red flags: danger would not be seen" in [p.fact for p in problems_of(shipped)]


def test_a_number_of_another_country_is_a_doubt(pack: Path) -> None:
    doubts = [d.fact for d in load_pack(pack).doubts]
    assert "the crisis number is missing, so the one of US is shown: 988" in doubts
    assert not [fact for fact in doubts if "emergency" in fact]
    assert not [d for d in load_pack(shipped_root()).doubts if d.rule == "number"]


def test_scalars_stay_what_was_typed_with_any_line_ending_and_mark(pack: Path) -> None:
    text = (
        "intents:\n  - intent: no\n    kind: smalltalk\n    examples: |\n      - 7:30 # or: later?\n"
        "      - 1.0\n      - \"yes\"\n    reply: 'off'\n"
    )
    (pack / "intents" / "more.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    intent = load_pack(pack).intents["no"]
    assert [(e.text, e.line) for e in intent.examples] == [("7:30 # or: later?", 5), ("1.0", 6), ('"yes"', 7)]
    assert intent.reply == "off"


@pytest.mark.parametrize(
    ("old", "new", "at", "fact"),
    [
        ("quote: Two people at a time", "quote: Three people at a time", "Three people", "quote is in no article"),
        ("quote: Two people at a time", "quote: Take card #2 with you", "Take card", "quote is in no article"),
        ("quote: Two people at a time", "quote: Two people #1", "Two people #1", "a # cuts this quote short"),
        ("quote: Two people at a time", "quote: two", "two\n", "quote stands in 2 places (visiting)"),
        ("quote: Two people at a time", "quote: Who may visit", "Who may visit\n      -", "quote is a heading"),
        (
            "intent: visitors",
            "intent: parking_cost",
            "parking_cost\n    question: Who",
            "the intent 'parking_cost' stands",
        ),
        ("next: [parking_cost]", "next: [parkng]", "parkng", "there is no intent 'parkng' to lead to"),
        ("next: [parking_cost]", "nxt: [parking_cost]", "nxt", "unknown key 'nxt' in an intent"),
        ("kind: advice", "kind: advise", "advise", "unknown kind 'advise'"),
        (
            "- hi there\n      - good morning\n      - hello\n",
            "\n",
            "|\n      \n",
            "the example list of hello is empty",
        ),
        ('emergency: "999"', 'emergency: ""', '""', "the emergency number is missing"),
        ("question: Who may visit?", "question: a\n    question: b", "question: b", "the key 'question' stands"),
        ("kind: advice", "kind: &a advice", "&a advice", "an anchor &a"),
        ("kind: advice", "kind: !!str advice", "!!str", "a tag"),
        ("- can my children come", "can my children come", "can my children", "does not start with a dash"),
        ("  - intent: visitors", "\t- intent: visitors", "\t- intent", "a tab stands here"),
        ("reply: Hello.", "reply: Hello #1.", "Hello #1", "a # cuts this reply short"),
        ("kind: smalltalk", "kind: answer", "hello\n    kind: answer", "hello has no question"),
    ],
)
def test_each_problem_has_its_place_fact_and_remedy(pack: Path, old: str, new: str, at: str, fact: str) -> None:
    edit(pack, old, new)
    before = (pack / FILE).read_text(encoding="utf-8").split(at)[0]
    found = [p for p in problems_of(pack) if fact in p.fact]
    assert found, [str(p) for p in problems_of(pack)]
    assert (found[0].file, found[0].line, found[0].column) == (
        FILE,
        before.count("\n") + 1,
        len(before) - before.rfind("\n"),
    )
    assert found[0].remedy


def test_a_quote_in_no_article_comes_with_the_nearest(pack: Path) -> None:
    edit(pack, "quote: Two people at a time", "quote: Too people at a thyme")
    (problem,) = problems_of(pack)
    assert problem.nearest == 'nearest, visiting: "Two people at a time may visit."'


def test_all_problems_of_all_files_come_at_once(pack: Path) -> None:
    edit(pack, "quote: Two people at a time", "quote: Three people")
    edit(pack, "next: [parking_cost]", "next: [parkng]")
    add(pack, "intents:\n  - intent: [\n")
    (pack / "corpus" / "other.txt").write_text("no header", encoding="utf-8")
    files = [p.file for p in problems_of(pack)]
    assert files == ["corpus/other.txt", "intents/more.yaml", FILE, FILE]


@pytest.mark.parametrize(
    "junk",
    [
        b"\xff\xfe\x00",
        b"\x00\x01",
        b"- a\n- b\n",
        b"intents: {a: [}",
        b"a: *b",
        b"? [x]\n: y",
        b"[" * 3000,
        b"intents: 3",
    ],
)
def test_junk_is_a_problem_and_never_a_traceback(pack: Path, junk: bytes) -> None:
    (pack / "intents" / "more.yaml").write_bytes(junk)
    found = problems_of(pack)
    assert {p.file for p in found} == {"intents/more.yaml"}
    assert all(p.fact and p.remedy and p.line >= 1 for p in found)


def test_a_folder_that_is_no_pack_is_named(tmp_path: Path) -> None:
    assert "holds no folder intents/" in problems_of(tmp_path)[0].fact
    assert "no such folder" in problems_of(tmp_path / "missing")[0].fact


def test_unknown_wording_and_braces_are_refused(pack: Path) -> None:
    add(pack, 'wording:\n  notise: x\n  notice: "Call {nobody}"\n  source: "{publisher"\n')
    facts = [p.fact for p in problems_of(pack)]
    assert facts == ["unknown wording 'notise'", "unknown name in braces: {nobody}", "a brace stands alone"]


def test_the_fingerprint_follows_every_byte(pack: Path) -> None:
    before = fingerprint(pack)
    assert fingerprint(pack) == before
    edit(pack, "- hi there", "- hi  there")
    assert fingerprint(pack) != before


def test_an_example_under_two_intents_is_a_doubt_with_both_places(pack: Path) -> None:
    edit(pack, "price of a parking ticket", "Where do I leave my car?")
    (doubt,) = (d for d in load_pack(pack).doubts if not d.is_warning)
    assert (doubt.file, doubt.line, doubt.column) == (FILE, 25, 9)
    assert f"stands under parking_place too ({FILE}:12)" in doubt.fact


SOUND = (
    "intents:\n  - intent: bus\n    kind: smalltalk\n    examples: |\n      - bus\n    reply: The bus stops here.\n"
    "tests: []\n"
)


@pytest.mark.parametrize(
    ("old", "new", "place", "fact", "remedy"),
    [
        ("reply: The", 'reply: "The', (6, 12), "a quotation mark opens here and is never closed", "close it"),
        ("kind: small", "kind:small", (3, 5), "this is no key: value", "put a space behind the colon"),
        ("stops here", "stops\n  here", (7, 3), "this is no key: value", "a text of several lines"),
        ("intents:\n", "# notes\n", (2, 1), "this stands under no key", "begin the file with intents:"),
        ("reply: The", "reply: [The", (6, 12), "a bracket opens here", "must stand in quotes"),
        ("reply: The", "reply: @The", (6, 12), "cannot start any token", "must stand in quotes"),
        ("    reply", "\treply", (6, 1), "a tab stands here", "indent with spaces"),
        ("intents:\n", "{\\rtf1\\ansi\n", (1, 1), "this is Rich Text", "as plain text"),
    ],
)
def test_what_the_yaml_reader_cannot_read_is_told_in_plain_words(
    pack: Path, old: str, new: str, place: tuple[int, int], fact: str, remedy: str
) -> None:
    assert old in SOUND
    add(pack, SOUND.replace(old, new, 1))
    found = next(p for p in problems_of(pack) if p.file == "intents/more.yaml")
    assert (found.line, found.column) == place
    assert fact in found.fact
    assert remedy in found.remedy


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le"])
def test_a_file_in_utf_16_is_told_by_its_name(pack: Path, coding: str) -> None:
    mark = b"\xff\xfe" if coding == "utf-16-le" else b""
    (pack / "intents" / "more.yaml").write_bytes(mark + SOUND.encode(coding))
    (found,) = problems_of(pack)
    assert "saved as UTF-16" in found.fact


@pytest.mark.parametrize("key", ["exampels", "repyl", "quesion", "intnet"])
def test_a_misspelt_key_is_one_problem_and_not_two(pack: Path, key: str) -> None:
    right = {"exampels": "examples", "repyl": "reply", "quesion": "question", "intnet": "intent"}[key]
    text = "intents:\n  - intent: bus\n    question: Where is it?\n    examples: |\n      - bus\n    reply: The bus.\n"
    add(pack, text.replace(right, key, 1) if right != "intent" else text.replace("- intent", f"- {key}"))
    (found,) = problems_of(pack)
    assert f"did you mean {right}?" in found.remedy


def test_a_separator_that_no_editor_shows_as_a_line_end_moves_no_place(pack: Path) -> None:
    add(pack, 'intents:\n  - intent: "one\u2028two\u0085three"\n    nothing: here\n    examples: "[')
    (problem,) = problems_of(pack)
    assert (problem.line, problem.column) == (4, 15)  # In the last line, though the reader ends behind it.
    add(pack, 'intents:\n  - intent: "one\u2028two\u0085three"\n    nothing: here\n')
    assert [p.line for p in problems_of(pack) if "nothing" in p.fact] == [3]


@pytest.mark.parametrize("place", [0, 70_000, -1])
def test_an_edit_that_leaves_a_file_as_long_as_it_was_is_seen(tmp_path: Path, place: int) -> None:
    file = tmp_path / "intents" / "long.yaml"
    file.parent.mkdir()
    text = bytearray(b"# a comment\n" * 12_000)  # Longer than what is read at once.
    file.write_bytes(text)
    before = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == before
    text[place] ^= 1
    file.write_bytes(text)
    assert fingerprint(tmp_path) != before
