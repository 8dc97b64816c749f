"""What other bots and spreadsheets hold, carried into a pack: all of it, or listed."""

from __future__ import annotations

import csv
import doctest
import io
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import Bot, foreign, importing
from bot.errors import PackError
from bot.foreign import MOST_SENTENCES, expand
from bot.importing import Import, plan_import, tidy_line, tidy_text, write_import
from bot.intents import IntentDraft, read_content
from bot.pack import load_pack
from bot.text import split_words
from conftest import PACKS

Take = Callable[..., Import]

RASA = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hey
    - hello there!
- intent: faq/ask_parking
  examples: |
    - where do I park [two](count) cars on [Monday]{"entity": "day", "value": "mon"}
    - parking for [three](count:3) [vans](vehicle)
    - is there a [lot]{"entity"}
    not a dash
- intent: hours
  metadata:
    sentiment: neutral
  examples:
  - text: |
      when do you open
  - text: opening hours?
    metadata: x
- synonym: credit
  examples: |
    - credit card account
    - Credit
- synonym: debit
  examples: |
    - credit-card account
- regex: zip
  examples: |
    - \\d{5}
- lookup: city
  examples: |
    - Rome
    - Berlin
responses:
  utter_greet:
  - text: "Hey {name}!"
    buttons:
    - title: x
  - text: Hi!
  utter_faq/ask_parking:
  - text: Visitors can park behind building B. Parking is free for two hours.
  utter_bye:
  - text: Bye
rules:
- rule: say hello
  steps:
  - intent: greet
"""

TABLE = [
    ["Question", "Answer", "Topic"],
    ["Wo ist der Fön, bitte?", "Im Bad; links.", ""],
    ["where's the café", "Ground floor,\nnext to the “stairs”.", "eating"],
    ["may I eat there", "", "eating"],
    ["", "", ""],
    ["who may visit", "Two people at a time may visit.", ""],
]

SENTENCES = """\
# what people ask of the garage
(is there|do you have) [free] parking
where is the {vehicle_kind} park

parking (for|of) the {vehicle_kind}
"""


def to_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


@pytest.fixture
def take(pack: Path, tmp_path: Path) -> Take:
    """Plan to import a file of this name that holds `content`."""

    def plan(name: str, content: str | bytes, root: Path = pack) -> Import:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return plan_import(root, file)

    return plan


def read_back(text: str) -> tuple[dict[str, IntentDraft], dict[str, str]]:
    """The intents and synonyms of a file of a pack, which must hold no problem."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "x.yaml"
        place.write_text(text, encoding="utf-8", newline="")
        content = read_content([(place, "x.yaml")])
    assert content.problems == []
    return {draft.name.value: draft for draft in content.intents}, content.synonyms


def examples_of(plan: Import) -> dict[str, list[str]]:
    return {name: [e.text for e in draft.examples] for name, draft in read_back(plan.text)[0].items()}


def replies_of(plan: Import) -> dict[str, str | None]:
    """By intent: its reply, the stretch it quotes with a mark before it, or None."""
    drafts = read_back(plan.text)[0]
    for draft in drafts.values():
        assert (draft.kind == "out_of_scope") == (not draft.reply and not draft.quotes)
    return {
        name: draft.reply.value if draft.reply else f"> {draft.quotes[0].text.value}" if draft.quotes else None
        for name, draft in drafts.items()
    }


def listed(plan: Import, *rules: str) -> list[tuple[str, int, int]]:
    """What was left out, by rule and place, of these rules or of all."""
    assert all(p.is_warning and p.fact and p.remedy for p in plan.left_out)
    return [(p.rule, p.line, p.column) for p in plan.left_out if not rules or p.rule in rules]


def facts(plan: Import, rule: str) -> list[str]:
    return [p.fact for p in plan.left_out if p.rule == rule]


def refusal(take: Take, name: str, content: str | bytes) -> PackError:
    with pytest.raises(PackError) as caught:
        take(name, content)
    assert all(problem.fact and problem.remedy for problem in caught.value.problems)
    return caught.value


# --- Rasa -------------------------------------------------------------------------------------------


def test_a_rasa_file_becomes_intents_quotes_and_synonyms(take: Take) -> None:
    plan = take("nlu.yml", RASA)
    assert plan.text == (
        "# Imported from nlu.yml.\n\n"
        "intents:\n"
        "  - intent: greet\n"
        "    question: Hey\n"
        "    examples: |\n"
        "      - hey\n"
        "      - hello there!\n"
        "    reply: Hey {{name}}!\n"
        "  - intent: faq_ask_parking\n"
        "    question: Where do I park two cars on Monday\n"
        "    examples: |\n"
        "      - where do I park two cars on Monday\n"
        "      - parking for three vans\n"
        '      - is there a [lot]{"entity"}\n'
        "    answer:\n"
        "      - quote: Visitors can park behind building B. Parking is free for two hours.\n"
        "  # No answer came with this: to have it answered, take out the line kind: and add answer: with a quote,"
        " or reply:.\n"
        "  - intent: hours\n"
        "    kind: out_of_scope\n"
        "    question: When do you open\n"
        "    examples: |\n"
        "      - when do you open\n"
        "      - opening hours?\n"
        "synonyms:\n"
        "  credit card account: credit\n"
    )
    assert (plan.quoted, plan.worded, plan.unanswered, plan.examples, plan.synonyms) == (1, 1, 1, 7, 1)


def test_what_a_pack_cannot_hold_of_a_rasa_file_is_listed_with_its_place(take: Take) -> None:
    plan = take("nlu.yml", RASA)
    lines = RASA.split("\n")
    expected = [
        ("'faq/ask_parking' became faq_ask_parking", "faq/ask_parking"),
        ("2 questions mark 'count'", "[two](count)"),
        ("1 question marks 'day'", "[Monday]"),
        ("1 question marks 'vehicle'", "[vans](vehicle)"),
        ("this mark is not JSON", '[lot]{"entity"}'),
        ("this line of the examples does not start with a dash", "not a dash"),
        ("metadata: is left out", "metadata:"),
        ("hours has no answer", "|"),
        ("metadata: of an example", "metadata: x"),
        ("'credit-card account' is read as 'credit', so not as 'debit'", "credit-card account"),
        ("the regex 'zip' is left out, with 1 line", "zip"),
        ("the lookup 'city' is left out, with 2 lines", "city"),
        ("1 intent answers in words of its own", '"Hey {name}!"'),
        ("the answer of greet holds braces", '"Hey {name}!"'),
        ("buttons: of utter_greet", "buttons:"),
        ("another wording of utter_greet is left out: 'Hi!'", "Hi!"),
        ("the response 'bye' answers no intent", "Bye"),
        ("the section rules: is left out", "rules:"),
    ]
    assert len(plan.left_out) == len(expected)
    for problem, (fact, stands) in zip(plan.left_out, expected, strict=True):
        assert problem.fact.startswith(fact)
        assert lines[problem.line - 1][problem.column - 1 :].startswith(stands), problem
        assert problem.is_warning and problem.rule and problem.remedy and problem.file.endswith("nlu.yml")


def test_an_intent_that_stands_twice_in_a_rasa_file_is_one(take: Take) -> None:
    entry = "- intent: pets\n  examples: |\n    - {}\n"
    plan = take("nlu.yml", "nlu:\n" + entry.format("can my dog come") + entry.format("are cats fine"))
    assert examples_of(plan) == {"pets": ["can my dog come", "are cats fine"]}


@pytest.mark.parametrize(
    ("content", "line", "fact"),
    [
        ("nlu:\n- intent: a\n  intent: b\n", 3, "the key 'intent' stands here twice, first in line 2"),
        ("nlu: &x\n- intent: a\n", 1, "an anchor &x is not understood here"),
        ("nlu:\n- intent: [a\n", 2, "a bracket opens here"),
        ("- intent: a\n", 1, "the file must open with a key"),
        ("stories:\n- story: x\n", 1, "the file holds no section nlu:"),
        ("intents:\n  - intent: a\n", 1, "the file holds no section nlu:"),
        ("nlu:\n", 1, "the file holds nothing to import"),
        ("nlu: what\nresponses: which\n", 1, "the file holds nothing to import"),
        (b"nlu:\n- intent: a\n  examples: |\n    - caf\xe9\n", 4, "a byte here is not UTF-8"),
        (b"nlu: \0", 1, "a control character stands in the file"),
        ("nlu: " + "[" * 5000, 1, "lists and keys are nested too deeply"),
    ],
)
def test_a_rasa_file_that_cannot_be_read_is_refused(take: Take, content: str | bytes, line: int, fact: str) -> None:
    problem = refusal(take, "nlu.yml", content).problems[0]
    assert problem.fact.startswith(fact)
    assert problem.line == line


def test_a_file_of_which_nothing_can_be_taken_says_why(take: Take) -> None:
    told = str(refusal(take, "nlu.yml", "nlu:\n- regex: zip\n  examples: |\n    - \\d+\n- intent: bare\n- 3\n- x: y\n"))
    for fact in ("the regex 'zip'", "the intent 'bare' has no examples", "an entry of nlu has no keys", "has no name"):
        assert fact in told


# --- tables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_is_read_whatever_parts_its_cells_and_encodes_them(take: Take, delimiter: str, encoding: str) -> None:
    plan = take("faq.csv", to_csv(TABLE, delimiter).encode(encoding))
    assert examples_of(plan) == {
        "wo_ist_der_fon_bitte": ["Wo ist der Fön, bitte?"],
        "eating": ["where's the café", "may I eat there"],
        "who_may_visit": ["who may visit"],
    }
    assert replies_of(plan) == {
        "wo_ist_der_fon_bitte": "Im Bad; links.",
        "eating": "Ground floor,\nnext to the “stairs”.",
        "who_may_visit": "> Two people at a time may visit.",
    }
    assert bool(listed(plan, "encoding")) == (encoding == "cp1252")
    assert len(listed(plan, "empty")) == 2


def test_the_places_in_a_table_are_those_of_its_cells(take: Take) -> None:
    text = (
        "Intent;Question;Answer;Notes\n"
        ";where is it;here;x\n"
        'way;"how do I\nget there"; by bus;\n'
        "way;by bus;by train;\n"
        "\n"
        "way;;lost;\n"
        "way;HOW do i get there?;;\n"
        "way;is it far;no;;yes\n"
    )
    assert listed(take("faq.csv", text)) == [
        ("column", 1, 24),
        ("empty", 2, 1),
        ("worded", 2, 14),
        ("several", 3, 1),
        ("empty", 7, 5),
        ("lost", 8, 5),
        ("twice", 8, 5),
        ("cells", 9, 19),
    ]


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        ("question,answer,intent", "may I,yes you may,ask"),
        ("Answer,Q,Category,Id", "yes you may,may I,ask,7"),
        ("TAG,Response,Utterance", "ask,yes you may,may I"),
        ('topic,"text",a', 'ask,"may I",yes you may'),
    ],
)
def test_a_heading_tells_the_columns_in_any_order(take: Take, heading: str, row: str) -> None:
    plan = take("faq.csv", f"{heading}\n{row}\n")
    assert examples_of(plan) == {"ask": ["may I"]}
    assert replies_of(plan) == {"ask": "yes you may"}
    assert facts(plan, "column") == (["the column 'Id' is left out"] if "Id" in heading else [])


def test_without_a_heading_the_first_column_asks_and_the_second_answers(take: Take) -> None:
    plan = take("faq.txt", "may I come in\tyes you may\tx\nmay I stay\tyes you may\ty\n")
    assert examples_of(plan) == {"may_i_come_in": ["may I come in", "may I stay"]}
    assert replies_of(plan) == {"may_i_come_in": "yes you may"}
    assert listed(plan, "column") == [("column", 1, 27)]


def test_questions_of_one_answer_or_one_name_are_one_intent(take: Take) -> None:
    rows = [["q", "a", "tag"], ["x1", "A", ""], ["x2", "A", ""], ["x3", "B", "b"], ["x4", "", "b"], ["x5", "", ""]]
    plan = take("faq.csv", to_csv(rows))
    assert examples_of(plan) == {"x1": ["x1", "x2"], "b": ["x3", "x4"], "x5": ["x5"]}
    assert replies_of(plan) == {"x1": "A", "b": "B", "x5": None}
    assert (plan.quoted, plan.worded, plan.unanswered, plan.examples) == (0, 2, 1, 5)


def test_a_category_of_several_answers_loses_none_of_them(take: Take) -> None:
    rows = [["q", "a", "category"], *([f"x{n}", f"A{n // 2}", "money"] for n in range(4)), ["x4", "", "money"]]
    plan = take("faq.csv", to_csv(rows))
    assert examples_of(plan) == {"x0": ["x0", "x1"], "x2": ["x2", "x3"], "x4": ["x4"]}
    assert replies_of(plan) == {"x0": "A0", "x2": "A1", "x4": None}
    assert listed(plan, "several") == [("several", 2, 7)]


def test_a_row_whose_answer_may_be_cut_short_is_left_out_whole(take: Take) -> None:
    plan = take("faq.csv", "q,a\nmay I,yes, but not alone\nmay we,yes\n")
    assert replies_of(plan) == {"may_we": "yes"}
    assert listed(plan, "cells") == [("cells", 2, 11)]


def test_a_windows_file_is_said_to_have_been_guessed_at(take: Take) -> None:
    plan = take("faq.csv", "q,a\nwo ist der Fön,im “Bad”\n".encode("cp1252"))
    assert replies_of(plan) == {"wo_ist_der_fon": "im “Bad”"}
    assert facts(plan, "encoding") == ["the file is not UTF-8, so it was read as Windows-1252"]


@pytest.mark.parametrize(
    ("name", "content", "place", "fact"),
    [
        ("faq.csv", 'q,a\nmay I,"yes\nand no\n', (2, 7), "the quotation mark opened here closes no cell"),
        ("faq.csv", 'q,a\n"may" I,yes\n', (2, 1), "the quotation mark opened here closes no cell"),
        ("faq.csv", "answer,intent\nyes,ask\n", (1, 1), "no column holds the questions"),
        ("faq.csv", "", (1, 1), "the file holds nothing to import"),
        ("faq.csv", "\n;;\n \n", (1, 1), "the file holds nothing to import"),
        ("faq.csv", "question,answer\n", (1, 1), "the file holds nothing to import"),
        ("faq.csv", b"q,a\nmay I\0,yes\n", (1, 1), "this is not text but a program's own file"),
        ("faq.csv", b"\x9d\x81\x02\xff", (1, 1), "this is not text"),
        ("faq.csv", "q,a\nmay I,yes\n".encode("utf-16")[:-1], (1, 1), "this is not text"),
        ("faq.csv", b"PK\x03\x04 sheet", (1, 1), "this is not text but a program's own file"),
        ("faq.xlsx", b"PK\x03\x04\x14\0\x06\0", (1, 1), "this is not text but a program's own file"),
        ("faq.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", (1, 1), "this is not text but a program's own file"),
        ("faq.json", "{}", (1, 1), "'.json' is no known format"),
        ("faq", "a", (1, 1), "a name without an ending is no known format"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    take: Take, name: str, content: str | bytes, place: tuple[int, int], fact: str
) -> None:
    problem = refusal(take, name, content).problems[0]
    assert (problem.fact.replace(".json is", "'.json' is"), (problem.line, problem.column)) == (fact, place)
    assert Path(problem.file).name == name
    assert "CSV" in problem.remedy or "not text" not in fact


def test_a_file_that_is_not_there_is_refused(pack: Path, tmp_path: Path) -> None:
    for name in ("gone.csv", "gone.yml", "gone.intent"):
        with pytest.raises(PackError, match="cannot be read: No such file"):
            plan_import(pack, tmp_path / name)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(PackError, match="cannot be read"):
        plan_import(pack, tmp_path / "folder.csv")


# --- files of sentences -----------------------------------------------------------------------------


def test_a_file_of_sentences_is_one_intent_without_an_answer(take: Take) -> None:
    plan = take("garage.find.intent", SENTENCES)
    assert plan.path.name == "garage.find.yaml"
    assert examples_of(plan) == {
        "garage_find": [
            "is there free parking",
            "is there parking",
            "do you have free parking",
            "do you have parking",
            "where is the vehicle kind park",
            "parking for the vehicle kind",
            "parking of the vehicle kind",
        ]
    }
    assert replies_of(plan) == {"garage_find": None}
    assert listed(plan) == [("renamed", 1, 1), ("unanswered", 2, 1), ("entity", 3, 1)]
    assert facts(plan, "entity") == ["2 questions mark 'vehicle_kind', first here: the words are kept, the mark is not"]


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("(a|b) [c] d", ["a c d", "a d", "b c d", "b d"]),
        ("a|b c", ["a", "b c"]),
        ("(a|(b|c) [d|e]) f", ["a f", "b d f", "b e f", "b f", "c d f", "c e f", "c f"]),
        ("a (very|) big b", ["a very big b", "a big b"]),
        ("", [""]),
    ],
)
def test_a_line_stands_for_all_its_sentences(line: str, sentences: list[str]) -> None:
    assert list(expand(line)) == sentences


def test_what_a_line_says_too_much_or_wrongly_is_listed(take: Take) -> None:
    many = "(a|b|c|d) (e|f|g|h) (i|j|k|l) end"
    plan = take("x.intent", f"fine\n{many}\n  (open [here\nshut) here\nwrong (one]\n{{slot\n()\n{'long ' * 500}\n")
    asked = examples_of(plan)["x"]
    assert asked[:2] == ["fine", "a e i end"]
    assert len(asked) == 1 + MOST_SENTENCES
    (problem,) = [p for p in plan.left_out if p.rule == "many"]
    assert problem.line == 2
    assert problem.nearest == "from: d e k end"
    assert "d e j end" in asked and "d e k end" not in asked
    assert listed(plan, "bracket") == [("bracket", 3, 9), ("bracket", 4, 5), ("bracket", 5, 11), ("bracket", 6, 1)]
    assert listed(plan, "empty", "long") == [("empty", 7, 1), ("long", 8, 1)]


# --- into a pack ------------------------------------------------------------------------------------


def test_a_plan_writes_nothing_and_its_file_is_used_at_once(take: Take, pack: Path) -> None:
    before = {path: path.read_bytes() for path in pack.rglob("*") if path.is_file()}
    rows = [
        ["q", "a"],
        ["who gets umbrellas", "Rain coats are at {desk} 4."],
        ["how old", "They must be older than twelve."],
    ]
    plan = take("faq.csv", to_csv(rows))
    assert {path: path.read_bytes() for path in pack.rglob("*") if path.is_file()} == before
    write_import(plan)
    assert {path for path in pack.rglob("*") if path.is_file()} - set(before) == {pack / "intents" / "faq.yaml"}
    intents = load_pack(pack).intents
    assert intents["who_gets_umbrellas"].kind == "answer"
    (quote,) = intents["how_old"].quotes
    text = load_pack(pack).articles["visiting"].text
    assert text[quote.start : quote.end] == "They must be older than twelve."
    bot = Bot.load(pack)
    assert "Rain coats are at" in bot.ask("who gets umbrellas").text
    assert bot.ask("how old").citations[0].quote == "They must be older than twelve."


def test_no_file_is_overwritten(take: Take, pack: Path) -> None:
    plan = take("faq.csv", "q,a\nmay I,yes\n")
    write_import(plan)
    before = plan.path.read_bytes()
    with pytest.raises(PackError, match="already has a file of this name"):
        write_import(plan)
    with pytest.raises(PackError, match="already has a file of this name"):
        take("faq.csv", "q,a\nmay we,no\n")
    assert plan.path.read_bytes() == before
    assert not list(pack.rglob("*.part"))


def test_a_long_name_of_a_file_is_cut(take: Take) -> None:
    plan = take("ü" * 120 + ".csv", "q,a\nmay I,yes\n")
    write_import(plan)
    assert plan.path.name == "ü" * 60 + ".yaml"


def test_a_folder_that_cannot_be_written_to_is_named(take: Take, pack: Path) -> None:
    plan = take("faq.csv", "q,a\nmay I,yes\n")
    shutil.rmtree(pack / "intents")
    (pack / "intents").write_text("no folder")
    with pytest.raises(PackError, match="cannot be written") as caught:
        write_import(plan)
    assert caught.value.problems[0].file == str(plan.path)


def test_an_empty_pack_can_be_filled_and_a_broken_one_is_said_to_be(take: Take, tmp_path: Path, pack: Path) -> None:
    content = "q,a\nmay I,yes\n"
    (tmp_path / "empty" / "intents").mkdir(parents=True)
    write_import(take("faq.csv", content, tmp_path / "empty"))
    assert list(load_pack(tmp_path / "empty").intents) == ["may_i"]
    with pytest.raises(PackError, match="no folder intents/"):
        take("faq.csv", content, tmp_path)
    path = pack / "intents" / "visiting.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "opening: 9\n", encoding="utf-8")
    problems = refusal(take, "faq.csv", content).problems
    assert problems[0].fact == "the pack has problems of its own, so nothing was imported"
    assert [p.fact for p in problems[1:]] == ["unknown key 'opening' in a file of intents"]


def test_names_and_questions_of_the_pack_stay_its_own(take: Take, pack: Path) -> None:
    rows = [
        ["q", "a", "intent"],
        ["hi there", "x", "hello"],
        ["good day to you", "x", "hello"],
        ["Soup?", "y", "visitors"],
    ]
    rows += [["Can I bring soup", "z", "soup"], ["soup of the day", "v", "a/b"], ["salad", "w", "a b"]]
    plan = take("faq.csv", to_csv(rows))
    assert examples_of(plan) == {
        "hello_2": ["good day to you"],
        "visitors_2": ["Soup?"],
        "a_b": ["soup of the day"],
        "a_b_2": ["salad"],
    }
    assert sorted(facts(plan, "renamed")) == [
        "'a b' became a_b_2: the name is taken",
        "'a/b' became a_b: a name has letters, digits and _",
        "'hello' became hello_2: the name is taken",
        "'visitors' became visitors_2: the name is taken",
    ]
    lines = (pack / "intents" / "visiting.yaml").read_text(encoding="utf-8").split("\n")
    assert facts(plan, "twice") == [
        f"this question stands under {name} (intents/visiting.yaml:{at}): {text!r}"
        for name, text in (("hello", "hi there"), ("food", "Can I bring soup"))
        for at in [lines.index(f"      - {text.lower()}") + 1]
    ]
    assert facts(plan, "lost") == ["nothing is left of the intent 'soup': none of its questions could be taken"]


def test_a_question_stands_under_one_intent(take: Take) -> None:
    rows = [
        ["q", "a", "intent"],
        ["may I", "x", "one"],
        ["May I?", "x", "one"],
        ["may i!", "y", "two"],
        ["???", "y", "two"],
    ]
    plan = take("faq.csv", to_csv([*rows, ["may we", "y", "two"]]))
    assert examples_of(plan) == {"one": ["may I"], "two": ["may we"]}
    assert listed(plan, "twice", "empty") == [("twice", 3, 1), ("twice", 4, 1), ("empty", 5, 1)]
    first, second = facts(plan, "twice")
    assert first == "this question is asked twice, first in line 2: 'May I?'"
    assert second.startswith("this question stands under one (") and second.endswith("faq.csv:2): 'may i!'")


@pytest.mark.parametrize(
    ("answer", "is_quote", "fact"),
    [
        ("Two people at a time may visit.", True, ""),
        ("Two  people at\na time\u00a0may visit", True, ""),
        ("two people at a time may visit.", False, ""),
        ("Two people", False, ""),
        ("Parking is free for", True, "quote stops in mid-sentence"),
        ("Parking and visiting", False, "quote is"),
        ("Clean shoes\n", False, ""),
    ],
)
def test_an_answer_that_stands_in_an_article_is_a_quote(take: Take, answer: str, is_quote: bool, fact: str) -> None:
    plan = take("faq.csv", to_csv([["q", "a"], ["what now", answer]]))
    assert replies_of(plan) == {"what_now": ("> " if is_quote else "") + tidy_text(answer)}
    assert (plan.quoted, plan.worded) == (int(is_quote), int(not is_quote))
    found = facts(plan, "quote")
    assert len(found) == bool(fact) and all(f.startswith(fact) for f in found)
    assert listed(plan, "worded") == [] if is_quote else [("worded", 2, 10)]


def test_an_answer_that_stands_in_two_articles_names_one(take: Take, tmp_path: Path) -> None:
    root = tmp_path / "twin"
    (root / "intents").mkdir(parents=True)
    shutil.copytree(PACKS / "tiny" / "corpus", root / "corpus")
    shutil.copy(root / "corpus" / "visiting.txt", root / "corpus" / "again.txt")
    plan = take("faq.csv", to_csv([["q", "a"], ["how old", "They must be older than twelve."]]), root)
    (quote,) = read_back(plan.text)[0]["how_old"].quotes
    assert quote.article and quote.article.value == "again"
    write_import(plan)
    assert load_pack(root).intents["how_old"].quotes[0].article == "again"


def test_an_answer_that_a_reply_cannot_hold_is_listed(take: Take) -> None:
    plan = take("faq.csv", to_csv([["q", "a"], ["what now", "word " * 221], ["and now", "call {desk or } {{x}}"]]))
    assert facts(plan, "long") == ["the answer of what_now has 221 words; a reply should have 220"]
    assert facts(plan, "braces") == ["the answer of and_now holds braces, which patients would see: '{desk or }'"]
    assert replies_of(plan)["and_now"] == "call {{desk or }} {{{{x}}}}"


def test_synonyms_neither_contradict_nor_repeat_what_is_known(take: Take, pack: Path) -> None:
    (pack / "intents" / "words.yaml").write_text("synonyms:\n  car park: parking\n  lorry: truck\n", encoding="utf-8")
    entry = "- synonym: {}\n  examples: |\n    - {}\n"
    pairs = [
        ("garage", "car park"),
        ("truck", "lorry"),
        ("parking", "lot: #1"),
        ("parking", "???"),
        ("car", "w " * 201),
    ]
    plan = take("nlu.yml", "nlu:\n" + "".join(entry.format(*pair) for pair in pairs))
    assert read_back(plan.text) == ({}, {"lot: #1": "parking"})
    assert (plan.synonyms, plan.examples) == (1, 0)
    assert listed(plan) == [("synonym", 4, 7), ("synonym", 13, 7), ("synonym", 16, 7)]
    assert facts(plan, "synonym")[0] == "'car park' is read as 'parking', so not as 'garage'"


def test_ten_thousand_rows_take_seconds(take: Take) -> None:
    rows = [[f"what is the best way to room {n}?", f"It is on floor {n // 3}, behind the desk."] for n in range(10_000)]
    start = time.perf_counter()
    plan = take("faq.csv", to_csv(rows))
    assert time.perf_counter() - start < 30
    assert (plan.examples, plan.worded) == (10_000, 3_334)


# --- whatever stands in it --------------------------------------------------------------------------


def _prove_its_form(root: Path, path: Path, text: str) -> None:
    """In place of a trial on a whole pack, which takes half a second each time."""
    read_back(text)


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "_prove", _prove_its_form)
        yield


TRICKY = [
    ("- x", "- x"),
    ("# x", "# x"),
    ("a: b #c", "a: b #c"),
    ("a:", "key:"),
    ("'a", '"a'),
    ("---a", "---"),
    ("a\u2028b\x85c", "a\u2028b\x85c\x0bd"),
    ("\ufeffa\x1b[31mb\u202e", "\ufeffa\x1b]0;x\x07b"),
    ("{a} }{ {{b}}", "{a} }{ {{b}}"),
    ("a\\n\\", "a\\n\\"),
    ("\U0001f600 a\uffff", "\U0001f600\tb\ufffe"),
    ("ßa", "a\n\n  b\r\n\tc\rd"),
    ("a | b > c", "| b"),
    ("null", "~"),
    ("2024-01-01", "*a &b !c %d @e `f"),
    ("a\u00a0#b", "a\u00a0#b"),
]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))] * 2), min_size=1)
)
@example(TRICKY)
def test_every_text_survives(
    quick: None, tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    kept: dict[str, tuple[str, str]] = {}
    seen = {("hi", "there")}
    for number, (question, answer) in enumerate(pairs):
        words = tuple(split_words(tidy_line(question)))
        if words and words not in seen:
            kept[f"n{number}"] = (tidy_line(question), tidy_text(answer))
        seen.add(words)
    file = tmp_path_factory.mktemp("any") / "faq.csv"
    rows = [["question", "answer", "intent"], *([q, a, f"n{number}"] for number, (q, a) in enumerate(pairs))]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([*rows, ["one that is sure to stay", "x", "sure"]])
    file.write_bytes(out.getvalue().encode())
    drafts = read_back(plan_import(PACKS / "tiny", file).text)[0]
    assert list(drafts) == [*kept, "sure"]
    for name, (question, answer) in kept.items():
        draft = drafts[name]
        assert [e.text for e in draft.examples] == [question]
        assert draft.question == question[0].upper() + question[1:]
        assert (draft.reply.value if draft.reply else "") == answer.replace("{", "{{").replace("}", "}}")
        assert draft.kind == ("answer" if answer else "out_of_scope")


def test_tidying_twice_is_tidying_once_and_leaves_plain_text_alone() -> None:
    for text in (text for pair in TRICKY for text in pair):
        assert tidy_text(tidy_text(text)) == tidy_text(text)
        assert tidy_line(tidy_line(text)) == tidy_line(text)
    assert tidy_text("Two lines:\n\n  one & two — “so”.") == "Two lines:\n\n  one & two — “so”."


SAMPLES = {
    "nlu.yml": RASA.encode(),
    "faq.csv": to_csv(TABLE).encode(),
    "wide.csv": to_csv(TABLE, ";").encode("utf-16"),
    "garage.intent": SENTENCES.encode(),
}
BYTES = b"\0\xff\"'\n\r\t,;:#-[](){}|&*! \x1b\xc3\xe2ab"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_damaged_file_is_imported_or_refused(quick: None, take: Take, name: str) -> None:
    chance = random.Random(7)
    taken, refused = [], []
    for _ in range(120):
        raw = bytearray(SAMPLES[name])
        for _ in range(chance.choice((1, 1, 2, 8))):
            at = chance.randrange(len(raw))
            raw[at : at + chance.choice((0, 1, 1, 20))] = bytes(chance.choices(BYTES, k=chance.choice((0, 1, 3))))
        raw = raw[: chance.randrange(len(raw))] if chance.random() < 0.2 else raw
        try:
            plan = take(name, bytes(raw))
        except PackError as error:
            refused.append(error)
        else:
            taken.append(plan)
    told = [problem for error in refused for problem in error.problems]
    told += [problem for plan in taken for problem in plan.left_out]
    assert all(p.fact and p.remedy and p.line >= 1 and p.column >= 1 for p in told)
    assert all(sum(map(len, examples_of(plan).values())) == plan.examples for plan in taken)
    assert all(plan.examples or plan.synonyms for plan in taken)
    assert len(taken) >= 10
    assert len(refused) >= 3


@pytest.mark.parametrize("room", [foreign, importing])
def test_the_examples_in_docstrings_run(room: object) -> None:
    result = doctest.testmod(room)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0
