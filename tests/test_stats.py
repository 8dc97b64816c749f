"""The count of what visitors asked: it is right, keeps nothing of theirs, and shows nothing small."""

from __future__ import annotations

import doctest
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import Bot, stats
from bot.errors import PackError
from bot.session import Session
from bot.stats import CountingBot, show_stats
from bot.types import Reply
from conftest import PACKS, ROOT, Run

DAY = "2026-11-24"
VISIT = (
    "where do i leave my car",
    "is parking free",
    "can i bring soup",
    "where can i eat lunch",
    "LUNCH? a lunch, lunch machine",
    "should i take my tablets",
    "hi there",
    "I can not breathe, chest pain",
    "????",
    "zxq wobble",
)


def fail(line: str) -> None:
    pytest.fail(line)


def ask_all(bot: Any, file: Path, questions: Iterable[str], day: str = DAY) -> None:
    """Each question as a visit of its own."""
    with CountingBot(bot, file, fail, lambda: date.fromisoformat(day)) as counting:
        for question in questions:
            counting.reply(question, Session())


def read(file: Path, day: str = DAY) -> dict[str, dict[str, int]]:
    data = json.loads(file.read_text(encoding="utf-8"))
    assert data["schema"] == 1
    return data["days"][day]


def write(file: Path, *days: tuple[str, dict[str, dict[str, int]]]) -> Path:
    whole = {day: {"kinds": {}, "intents": {}, "pairs": {}, "words": {}, **sections} for day, sections in days}
    file.write_text(json.dumps({"schema": 1, "days": whole}), encoding="utf-8")
    return file


def write_kinds(file: Path, **kinds: int) -> Path:
    return write(file, (DAY, {"kinds": kinds}))


class Parrot:
    """A bot that gives every question the same kind of reply."""

    def __init__(self, reply: Reply, model: Any = None) -> None:
        self.said, self.model = reply, model

    def reply(self, text: str, session: Session) -> tuple[Reply, Session]:
        return self.said, session


# --- what is counted ---


def test_the_replies_come_through_as_the_bot_gave_them(tiny: Bot, tmp_path: Path) -> None:
    counting = CountingBot(tiny, tmp_path / "counts.json", fail)
    mine = theirs = Session()
    for question in (*VISIT, "more", "is parking free", "more"):
        said, mine = counting.reply(question, mine)
        expected, theirs = tiny.reply(question, theirs)
        assert (said, mine) == (expected, theirs)
    with pytest.raises(TypeError):
        counting.reply(7, mine)  # type: ignore[arg-type]


def test_a_visit_is_counted_right(tiny: Bot, tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    ask_all(tiny, file, VISIT)
    assert read(file) == {
        "kinds": {
            "answer": 2,
            "out_of_scope": 3,
            "advice": 1,
            "smalltalk": 1,
            "urgent": 1,
            "unreadable": 1,
            "clarify": 1,
        },
        "intents": {
            "answer/parking_place": 1,
            "answer/parking_cost": 1,
            "out_of_scope/food": 3,
            "advice/my_illness": 1,
            "smalltalk/hello": 1,
        },
        "pairs": {"bring_along + visitors": 1},
        "words": {"soup": 1, "lunch": 2, "machine": 1},
    }


def test_each_day_has_its_own_counts_and_adds_to_what_is_there(tiny: Bot, tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    ask_all(tiny, file, ["is parking free"])
    ask_all(tiny, file, ["is parking free"], "2026-11-25")
    ask_all(tiny, file, ["is parking free", "can i bring soup"])
    assert read(file)["kinds"] == {"answer": 2, "out_of_scope": 1}
    assert read(file, "2026-11-25")["kinds"] == {"answer": 1}


def test_an_emergency_is_counted_by_its_kind_only(tiny: Bot, tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    ask_all(tiny, file, ["lunch made my chest pain so bad i can not breathe"])
    assert read(file) == {"kinds": {"urgent": 1}, "intents": {}, "pairs": {}, "words": {}}


def test_only_a_first_question_back_is_a_pair(tiny: Bot, tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    asked, after = tiny.reply("zxq wobble", Session())
    nothing_yet, _ = tiny.reply("more", Session())
    assert asked.kind == nothing_yet.kind == "clarify" and after.unclear == 1
    for reply, session in ((asked, Session()), (asked, after), (nothing_yet, Session())):
        with CountingBot(Parrot(reply, tiny.model), file, fail, lambda: date.fromisoformat(DAY)) as counting:
            counting.reply("zxq wobble", session)
    assert read(file)["kinds"] == {"clarify": 3}
    assert read(file)["pairs"] == {"bring_along + visitors": 1}


def test_a_newer_pack_may_take_the_place_of_the_old(tiny: Bot, bot: Bot, tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    first, _ = tiny.reply("can i bring soup", Session())
    ask_all(Parrot(first, bot.model), file, ["can i bring soup"])
    assert read(file)["kinds"] == {"out_of_scope": 1}
    assert read(file)["intents"] == {}  # The newer pack has no such intent.


# --- nothing of the visitor's ---

SECRETS = (
    "my name is Zebulon Quartermaine and i want lunch",
    "zebulon quartermaine wants soup, wobbly cheesecake and gnocchi",
    "call 5550177 or 555-0177 about the lunch, code b4x77",
    "is there a Passport Machine for Grandad Lunch",  # words of the pack, but written as names
    "GRANDAD PASSPORT",
    "mail soup@lunch.com or www.passport.org/antibiotics about a vegetarian",
    "i am eighty two, my number is five five five seven, twelve tablets, meals",
    "brian wants a coffee, building b",  # in the vocabulary, but in no example
    "Nein, das Mittagessen fuer Ottokar ist um 17:45",
    "\x1b[31mquizzaciously\x1b[0m Ｚｅｂｕｌｏｎ zebúlon zebulon\u200bx meals",
)
SECRET_WORDS = (
    "zebulon quartermaine wobbly cheesecake gnocchi 5550177 0177 b4x77 77 passport grandad antibiotics eighty seven "
    "five twelve brian building mittagessen ottokar 17:45 quizzaciously want call number name zebúlon com org mail code"
)


def test_nothing_typed_stands_in_the_file(tiny: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "counts.json"
    monkeypatch.setattr(stats, "EVERY", 0.0)  # each question is saved on its own
    kept = set()
    with CountingBot(Parrot(Reply("out_of_scope", "", intent="food"), tiny.model), file, fail) as counting:
        for secret in SECRETS:
            counting.reply(secret, Session())
            kept |= {path.name for path in tmp_path.iterdir()}
    raw = file.read_bytes().lower()
    for word in SECRET_WORDS.split():
        assert word.encode() not in raw, word
    for secret in SECRETS:
        assert secret.lower().encode() not in raw
    assert kept == {"counts.json"}
    (day,) = json.loads(raw)["days"].values()
    assert day["words"] == {"lunch": 2, "soup": 1, "vegetarian": 1, "tablets": 1, "meals": 2}


EXAMPLES = ("the", "lunch", "medicine", "brain", "injury", "eighty", "b")
MODEL = SimpleNamespace(
    pack=SimpleNamespace(
        intents={"danger": SimpleNamespace(name="danger", kind="urgent", question="")},
        synonyms={"meds": "medicine", "brian injury": "brain injury"},
    ),
    words=frozenset({*EXAMPLES, "meds", "brian", "article"}),
    common={"the"},
    seen=lambda feature: float(feature[0] == "w" and feature[1:] in (*EXAMPLES, "clash")),
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the lunch, the (medicine)!", {"lunch", "medicine"}),
        ("lunch lunch medicine-lunch lunch's", {"lunch", "medicine"}),
        ("meds and a brian injury", {"medicine", "brain", "injury"}),
        ("brian", set()),  # of a synonym alone
        ("article", set()),  # of an article alone
        ("clash", set()),  # typed by the visitor alone, as like an example's word as its hash can be
        ("eighty", set()),
        ("b", set()),
        ("Lunch LUNCH mcLunch", set()),
        (
            "lunch2 2lunch lunch# lunch@medicine.com lunch.medicine @lunch #lunch lunch_medicine /lunch lunch=medicine",
            set(),
        ),
    ],
)
def test_which_words_are_counted(text: str, words: set[str], tmp_path: Path) -> None:
    for kind, expected in (("out_of_scope", words), ("unreadable", words), ("clarify", words), ("answer", set())):
        file = tmp_path / f"{kind}.json"
        ask_all(Parrot(Reply(kind, ""), MODEL), file, [text])
        assert read(file)["words"] == dict.fromkeys(expected, 1)


def test_what_only_resembles_an_emergency_is_not_named(tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    ask_all(Parrot(Reply("out_of_scope", "", intent="danger"), MODEL), file, ["lunch"])
    assert read(file)["intents"] == {}


def test_only_words_of_the_examples_are_counted(bot: Bot, tmp_path: Path) -> None:
    """In the shipped pack, too, whose lexicon has 41,000 words more than its examples."""
    lexicon = sorted(set(bot.model.lexicon.words()) - bot.model.words)
    words = [*random.Random(1).sample(lexicon, 500), *random.Random(2).sample(bot.model.vocabulary.split(), 500)]
    file = tmp_path / "counts.json"
    ask_all(Parrot(Reply("unreadable", ""), bot.model), file, words)
    counted = set(read(file)["words"])
    assert len(counted) > 100
    assert counted <= bot.model.words - bot.model.common
    assert not counted & set(lexicon)
    assert all(word.isalpha() and len(word) > 1 for word in counted)


def test_the_order_of_arrival_does_not_show(tiny: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [tmp_path / f"{n}.json" for n in range(4)]
    for number, file in enumerate(files):
        questions = [*VISIT, *VISIT[:4]]
        random.Random(number).shuffle(questions)
        monkeypatch.setattr(stats, "EVERY", number % 2 * 10.0)  # saved one by one, or together
        ask_all(tiny, file, questions)
    assert len({file.read_bytes() for file in files}) == 1
    text = files[0].read_text(encoding="utf-8")
    words = list(read(files[0])["words"])
    assert words == sorted(words) and len(words) == 3
    assert not re.search(r"\d\d:\d\d|\d{6}", text)


# --- the file ---


def test_it_is_saved_at_once_then_every_ten_seconds_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, now = tmp_path / "counts.json", [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    counting = CountingBot(Parrot(Reply("urgent", "")), file, fail, lambda: date.fromisoformat(DAY))
    seen = []
    for now[0] in (100.0, 103.0, 109.9, 110.0, 112.0):
        counting.reply("help", Session())
        seen.append(read(file)["kinds"]["urgent"])
    assert seen == [1, 1, 1, 4, 4]
    counting.close()
    counting.close()
    assert read(file)["kinds"]["urgent"] == 5


def test_nothing_is_written_where_nothing_was_asked(tiny: Bot, tmp_path: Path) -> None:
    ask_all(tiny, tmp_path / "counts.json", [])
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "counts.json"

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def visit() -> None:
        with CountingBot(Parrot(Reply("urgent", "")), file, fail, lambda: date.fromisoformat(DAY)) as counting:
            counting.reply("help", Session())
            monkeypatch.setattr(stats, "EVERY", 0.0)
            with monkeypatch.context() as patch:
                counting.reply("help", Session())  # not saved: ten seconds are not over
                counting.close()
                patch.setattr(os, "replace", interrupt)
                counting.reply("help", Session())

    with pytest.raises(KeyboardInterrupt):
        visit()
    assert read(file)["kinds"] == {"urgent": 3}
    assert list(tmp_path.iterdir()) == [file]


def test_threads_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "EVERY", 0.0)
    file = tmp_path / "counts.json"
    parrot = Parrot(Reply("urgent", ""))
    bots = [CountingBot(parrot, file, fail, lambda: date.fromisoformat(DAY)) for _ in range(3)]

    def visit(counting: CountingBot) -> None:
        for _ in range(50):
            counting.reply("help", Session())

    threads = [threading.Thread(target=visit, args=(bots[n % 3],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for counting in bots:
        counting.close()
    assert read(file)["kinds"] == {"urgent": 300}
    assert list(tmp_path.iterdir()) == [file]


def test_processes_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    program = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from bot import stats; from bot.session import Session; from test_stats import Parrot, Reply\n"
        "stats.EVERY = 0.0\n"
        "with stats.CountingBot(Parrot(Reply('urgent', '')), Path(sys.argv[1]), sys.exit,"
        f" lambda: date.fromisoformat('{DAY}')) as counting:\n"
        "    for _ in range(100): counting.reply('help', Session())\n"
    )
    surroundings = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    command = [sys.executable, "-c", program, str(file)]
    running = [subprocess.Popen(command, env=surroundings, stderr=subprocess.PIPE) for _ in range(4)]
    said = [process.communicate(timeout=120)[1] for process in running]
    assert said == [b""] * 4 and [process.returncode for process in running] == [0] * 4
    assert read(file)["kinds"] == {"urgent": 400}
    assert list(tmp_path.iterdir()) == [file]


def test_a_lock_is_waited_for_and_one_left_behind_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, lock = tmp_path / "counts.json", tmp_path / "counts.json.lock"
    lock.write_text("another")
    counting = CountingBot(Parrot(Reply("urgent", "")), file, fail, lambda: date.fromisoformat(DAY))
    counting.reply("help", Session())  # The visitor does not wait, and nobody complains.
    assert not file.exists() and lock.read_text() == "another"
    timer = threading.Timer(0.3, lock.unlink)
    timer.start()
    counting.close()
    assert read(file)["kinds"] == {"urgent": 1} and not lock.exists()
    lock.write_text("gone")
    counting.reply("help", Session())
    os.utime(lock, (time.time() - 11, time.time() - 11))
    start = time.monotonic()
    counting.close()
    assert time.monotonic() - start < 5
    assert read(file)["kinds"] == {"urgent": 2} and not lock.exists()
    monkeypatch.setattr(stats, "STALE", -0.9)  # so that closing waits for a tenth of a second
    monkeypatch.setattr(stats, "_take", lambda lock, mark: False)
    told: list[str] = []
    late = CountingBot(Parrot(Reply("urgent", "")), file, told.append)
    late.reply("help", Session())
    assert told == []
    late.close()
    assert len(told) == 1 and "another program holds counts.json.lock" in told[0]


def test_who_lost_the_lock_writes_nothing_and_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, lock = write_kinds(tmp_path / "counts.json", urgent=5), tmp_path / "counts.json.lock"
    before = file.read_bytes()
    counting = CountingBot(Parrot(Reply("urgent", "")), file, fail, lambda: date.fromisoformat(DAY))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: lock.write_text("another"))
        counting.reply("help", Session())
    assert file.read_bytes() == before and lock.read_text() == "another"
    lock.unlink()
    counting.close()
    assert read(file)["kinds"] == {"urgent": 6}
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_told_once(tiny: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "EVERY", 0.0)
    told: list[str] = []
    folder = tmp_path / "later"
    with CountingBot(tiny, folder / "counts.json", told.append, lambda: date.fromisoformat(DAY)) as counting:
        assert [counting.reply(question, Session())[0].kind for question in VISIT[:3]] == [
            "answer",
            "answer",
            "out_of_scope",
        ]
        assert len(told) == 1 and "\n" not in told[0]
        assert str(folder / "counts.json") in told[0] and "cannot be saved: No such file" in told[0]
        folder.mkdir()
        counting.reply("is parking free", Session())
    assert len(told) == 1
    assert read(folder / "counts.json")["kinds"] == {"answer": 3, "out_of_scope": 1}


def test_a_file_of_something_else_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear all,", encoding="utf-8")
    told: list[str] = []
    with CountingBot(Parrot(Reply("urgent", "")), file, told.append) as counting:
        counting.reply("help", Session())
    assert file.read_text(encoding="utf-8") == "Dear all,"
    assert len(told) == 1 and "was never a file of counts" in told[0]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="modes and links are of POSIX")
def test_links_and_rights_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "counts.json", tmp_path / "link.json"
    link.symlink_to(file)
    ask_all(Parrot(Reply("urgent", "")), link, ["help"])
    assert link.is_symlink() and file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    ask_all(Parrot(Reply("urgent", "")), link, ["help"])
    assert link.is_symlink() and file.stat().st_mode & 0o777 == 0o640
    assert read(file)["kinds"] == {"urgent": 2}


# --- what is shown ---

GOOD = b'{"schema": 1, "days": {"2026-11-24": {"kinds": {"answer": 20}, "intents": {}, "pairs": {}, "words": {}}}}'
DAMAGED = {
    "empty": b"",
    "text": b"Dear all,",
    "truncated": GOOD[:-9],
    "two": GOOD + GOOD,
    "not utf-8": GOOD.replace(b"answer", b"\xff\xfe\xfa"),
    "a list": b"[1]",
    "null": b"null",
    "no days": b'{"schema": 1}',
    "another schema": GOOD.replace(b"1", b"2", 1),
    "schema of a text": GOOD.replace(b"1", b'"1"', 1),
    "more keys": GOOD.replace(b'"schema"', b'"text": "secret", "schema"'),
    "days in a list": b'{"schema": 1, "days": ["2026-11-24"]}',
    "no date": GOOD.replace(b"2026-11-24", b"yesterday"),
    "a date in another form": GOOD.replace(b"2026-11-24", b"20261124"),
    "no such date": GOOD.replace(b"2026-11-24", b"2026-02-30"),
    "a section missing": GOOD.replace(b', "words": {}', b""),
    "a section more": GOOD.replace(b'"words": {}', b'"words": {}, "names": {}'),
    "a section of a text": GOOD.replace(b'"words": {}', b'"words": "lunch"'),
    "a section of a list": GOOD.replace(b'"words": {}', b'"words": []'),
    "a section of null": GOOD.replace(b'"words": {}', b'"words": null'),
    "negative": GOOD.replace(b"20}", b"-20}"),
    "a share": GOOD.replace(b"20}", b"20.5}"),
    "a whole share": GOOD.replace(b"20}", b"20.0}"),
    "true": GOOD.replace(b"20}", b"true}"),
    "a number as text": GOOD.replace(b"20}", b'"20"}'),
    "not a number": GOOD.replace(b"20}", b"NaN}"),
    "endless": GOOD.replace(b"20}", b"1e999}"),
    "huge": GOOD.replace(b"20}", b"1" + b"0" * 30 + b"}"),
    "of many digits": GOOD.replace(b"20}", b"9" * 9999 + b"}"),
    "deep": b'{"schema": 1, "days": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": GOOD.replace(b"20}", b'{"a":' * 50_000 + b"1" + b"}" * 50_001),
    "deep in a day": GOOD.replace(b"20}", b"[" * 900 + b"]" * 900 + b"}"),
}


@pytest.mark.parametrize("raw", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_a_problem_and_is_left_alone(raw: bytes, tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    file.write_bytes(raw)
    with pytest.raises(PackError) as raised:
        show_stats(file)
    (problem,) = raised.value.problems
    assert problem.file == str(file) and problem.line >= 1 and problem.fact and "--stats" in problem.remedy
    told: list[str] = []
    with CountingBot(Parrot(Reply("urgent", "")), file, told.append) as counting:
        assert counting.reply("help", Session())[0].kind == "urgent"
    assert len(told) == 1 and file.read_bytes() == raw


def test_the_good_file_of_which_the_damaged_are_made_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    file.write_bytes(GOOD)
    assert re.search(r"answer +20", show_stats(file))


def test_what_is_no_file_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "LARGEST", 99)
    write_kinds(tmp_path / "large.json", answer=20)
    for name, fact in (("", "is not a file"), ("none.json", "No such file"), ("large.json", "damaged")):
        with pytest.raises(PackError, match=fact):
            show_stats(tmp_path / name)
    if os.path.exists("/dev/zero"):
        with pytest.raises(PackError, match="is not a file"):
            show_stats(Path("/dev/zero"))


def test_the_place_of_the_damage_is_named(tmp_path: Path) -> None:
    file = tmp_path / "counts.json"
    file.write_bytes(b'{\n "schema": 1,\n "days": oops}')
    with pytest.raises(PackError, match=re.escape(f"{file}:3:10: ")):
        show_stats(file)


def tables(page: str) -> dict[str, dict[str, int]]:
    """The page's tables by their titles, and every number that stands in one."""
    found = {}
    for part in page.split("\n\n")[1:]:
        title, *lines = part.split("\n")
        rows = [re.fullmatch(r"  (.+?) +(\d+)", line) for line in lines]
        assert all(rows), part
        found[title] = {row[1]: int(row[2]) for row in rows if row}
    return found


def test_eleven_is_shown_and_ten_is_not(tmp_path: Path) -> None:
    file = write(
        tmp_path / "counts.json",
        (
            "2026-11-24",
            {
                "kinds": {"answer": 21, "out_of_scope": 30, "clarify": 45, "smalltalk": 10, "urgent": 1},
                "intents": {"answer/a": 11, "answer/b": 10, "out_of_scope/c": 30, "smalltalk/d": 10},
                "pairs": {"a + b": 20, "a + c": 14, "a + d": 11},
                "words": {"lunch": 11, "soup": 10, "meals": 30},
            },
        ),
        ("2026-11-25", {"kinds": {"answer": 10}}),
        ("2026-11-26", {"kinds": {"answer": 11}, "intents": {"answer/a": 1}}),
    )
    page = show_stats(file)
    assert page.startswith("3 days, 2026-11-24 to 2026-11-26. Counts under 11 are not shown.\n")
    assert tables(page) == {
        "Replies": {"clarify": 45, "answer": 42, "out_of_scope": 30, "others, together": 11},
        "Replies: answer": {"answer/a": 12, "others, together": 30},
        "Replies: out_of_scope": {"out_of_scope/c": 30},
        "Replies: clarify": {"a + b": 20, "a + c": 14, "a + d": 11},
        "Words in questions that were not answered": {"meals": 30, "lunch": 11},
        "Replies by day": {"2026-11-24": 107, "2026-11-25 to 2026-11-26": 21},
    }


def test_few_replies_are_not_shown_at_all(tmp_path: Path) -> None:
    page = show_stats(write_kinds(tmp_path / "counts.json", answer=9, urgent=1))
    assert page == "1 day, 2026-11-24 to 2026-11-24. Counts under 11 are not shown.\nThere were fewer than 11 replies."
    page = show_stats(write_kinds(tmp_path / "counts.json", answer=9, urgent=2))
    assert tables(page) == {"Replies": {"others, together": 11}, "Replies by day": {"2026-11-24": 11}}
    assert show_stats(write(tmp_path / "counts.json")) == "Nothing was counted yet."


def test_one_hidden_count_cannot_be_got_by_subtraction(tmp_path: Path) -> None:
    """Of the days' sum, of a kind, or of the questions back."""
    file = write(
        tmp_path / "counts.json",
        (
            DAY,
            {
                "kinds": {"answer": 100, "clarify": 40, "advice": 12, "urgent": 3},
                "intents": {"answer/a": 60, "answer/b": 38, "answer/c": 2, "advice/d": 12},
                "pairs": {"a + b": 39, "a + c": 1},
            },
        ),
    )
    assert tables(show_stats(file)) == {
        "Replies": {"answer": 100, "clarify": 40, "others, together": 15},
        "Replies: answer": {"answer/a": 60, "others, together": 40},
        "Replies: clarify": {"others, together": 40},
        "Replies by day": {DAY: 155},
    }


KINDS = ("answer", "clarify", "out_of_scope", "advice", "urgent", "smalltalk", "unreadable")
COUNTS = st.integers(1, 13) | st.integers(1, 60)


@st.composite
def some_days(draw: st.DrawFn) -> Sequence[tuple[str, dict[str, dict[str, int]]]]:
    """Days as a bot may have counted them: the parts of a kind come to no more than the kind."""
    days = []
    for number in range(draw(st.integers(1, 5))):
        kinds = draw(st.dictionaries(st.sampled_from(KINDS), COUNTS, min_size=1))
        day: dict[str, dict[str, int]] = {"kinds": kinds, "intents": {}, "pairs": {}}
        for kind, count in kinds.items():
            for name in "abcd":
                part = draw(st.integers(0, count))
                count -= part  # noqa: PLW2901
                if part and kind == "clarify":
                    day["pairs"][f"{name} + z"] = part
                elif part and kind != "urgent":
                    day["intents"][f"{kind}/{name}"] = part
        days.append((f"2026-11-{number + 10}", day))
    return days


@given(some_days())
def test_nothing_small_stands_in_the_page_or_follows_from_it(
    tmp_path_factory: pytest.TempPathFactory, days: Sequence[tuple[str, dict[str, dict[str, int]]]]
) -> None:
    shown = tables(show_stats(write(tmp_path_factory.getbasetemp() / "counts.json", *days)))
    total = sum(sum(day["kinds"].values()) for _, day in days)
    if total < 11:
        assert shown == {}
        return
    assert all(count >= 11 for table in shown.values() for count in table.values())
    assert sum(shown["Replies by day"].values()) == total
    sums = {"Replies": total} | {f"Replies: {kind}": n for kind, n in shown["Replies"].items()}
    for title, table in shown.items():
        if title != "Replies by day":
            assert title in sums  # What belongs to a hidden kind is hidden, too.
            named = sum(count for name, count in table.items() if name != "others, together")
            assert sums[title] - named == table.get("others, together", 0)


def test_a_hostile_name_does_nothing_to_a_terminal(tmp_path: Path) -> None:
    words = {"\x1b[31mred\x1b[0m\n  answer  99": 12, "\ud800": 12}
    page = show_stats(write(tmp_path / "counts.json", (DAY, {"kinds": {"answer": 12}, "words": words})))
    assert "\x1b" not in page and "\n  answer  99" not in page and "red answer 99" in page
    ask_all(Parrot(Reply("urgent", "")), tmp_path / "counts.json", ["help"])
    assert read(tmp_path / "counts.json")["words"] == words


def test_the_examples_in_its_docstrings_run() -> None:
    result = doctest.testmod(stats)
    assert result.attempted > 1 and result.failed == 0


def test_the_doors_count_where_asked_to_and_stats_shows_it(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "counts.json"
    tiny = ("--pack", str(PACKS / "tiny"))
    lines = b"".join(b'{"id": %d, "question": "is parking free, asks Zebediah"}\n' % n for n in range(12))
    assert run(*tiny, "--stats", str(file), "serve", "--jsonl", stdin=lines).returncode == 0
    run(*tiny, "--stats", str(file), stdin=b"what does parking cost\n")
    run(*tiny, "ask", "what does parking cost", "--stats", str(file))
    (day,) = json.loads(file.read_text())["days"].values()
    assert day["kinds"] == {"answer": 14}
    assert b"zebediah" not in file.read_bytes().lower()
    shown = run("stats", str(file))
    assert (shown.returncode, b"14" in shown.stdout) == (0, True)
    none = run("stats", str(tmp_path / "nowhere.json"))
    assert (none.returncode, b"->" in none.stderr) == (2, True)
