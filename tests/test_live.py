"""A running bot follows its pack's files: good edits are taken in, bad ones are told once and left out."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from bot import Bot
from bot.engine import Conversation
from bot.errors import PackError
from bot.folder import shipped_root
from bot.lessons import lesson_keys
from bot.live import LiveBot
from bot.model import Model
from bot.pack import load_pack, read_pack
from bot.patch import patch
from bot.session import Session
from bot.store import save_model
from bot.train import train
from conftest import Run, assert_sound
from test_check import mutate
from test_danger import DANGER

FILE = "intents/visiting.yaml"


@pytest.fixture
def live(pack: Path) -> Iterator[tuple[LiveBot, Path, list[str]]]:
    told: list[str] = []
    with LiveBot(Bot.load(pack), pack, lambda error: told.append(str(error)), every=0.05) as bot:
        yield bot, pack, told


def edit(pack: Path, old: str, new: str) -> None:
    text = (pack / FILE).read_text(encoding="utf-8")
    assert old in text
    (pack / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")


def wait(until: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        time.sleep(0.02)
    return until()


def ask(bot: LiveBot, question: str) -> str:
    return bot.reply(question, Session())[0].text


def test_an_edited_answer_and_a_new_example_are_taken_in(live: tuple[LiveBot, Path, list[str]]) -> None:
    bot, pack, told = live
    assert "dollars" not in ask(bot, "zorbulating at the frobnicator")
    edit(pack, "      - parking fee\n", "      - parking fee\n      - zorbulating at the frobnicator\n")
    assert wait(lambda: "dollars" in ask(bot, "zorbulating at the frobnicator"))
    edit(pack, "reply: Hello. Ask me about visiting.", "reply: Good day to you.")
    assert wait(lambda: "Good day to you." in ask(bot, "hello"))
    assert told == []
    before = bot.model
    (pack / FILE).touch()
    time.sleep(0.5)
    assert bot.model is before


def test_a_bad_edit_is_told_once_and_the_last_good_pack_goes_on(live: tuple[LiveBot, Path, list[str]]) -> None:
    bot, pack, told = live
    good = (pack / FILE).read_text(encoding="utf-8")
    (pack / FILE).write_bytes(good.encode()[:400] + b"\xff\x00\t: [")
    assert wait(lambda: bool(told))
    time.sleep(0.5)
    assert len(told) == 1
    assert told[0].startswith(f"{FILE}:")
    assert "dollars" in ask(bot, "what does parking cost")
    (pack / FILE).write_text(good.replace("Ask me about visiting.", "Here again."), encoding="utf-8")
    assert wait(lambda: "Here again." in ask(bot, "hello"))
    assert len(told) == 1


def test_whatever_becomes_of_its_files_a_running_bot_answers(pack: Path) -> None:
    draw, good = random.Random(3), (pack / FILE).read_bytes()
    outcomes = {"taken in": 0, "refused": 0}
    with LiveBot(Bot.load(pack), pack, lambda error: None, every=60) as bot:
        for _ in range(12):
            (pack / FILE).write_bytes(mutate(good, draw))
            faults = read_pack(pack)[1]
            assert all(problem.file in (FILE, "intents") for problem in faults)
            with pytest.raises(PackError) if faults else nullcontext():
                bot._take_in()
            outcomes["refused" if faults else "taken in"] += 1
            assert_sound(Bot(bot.model), bot.reply("what does parking cost", Session())[0])
    assert min(outcomes.values()) > 0, outcomes


def test_a_pack_that_is_gone_goes_on_answering(live: tuple[LiveBot, Path, list[str]]) -> None:
    bot, pack, told = live
    shutil.rmtree(pack)
    assert wait(lambda: bool(told))
    assert "dollars" in ask(bot, "what does parking cost")


def test_a_visit_survives_an_edit_that_takes_away_what_it_was_about(live: tuple[LiveBot, Path, list[str]]) -> None:
    bot, pack, _ = live
    visit = Conversation(bot)
    assert visit.ask("what does parking cost").suggestions is not None
    visit.ask("where can i park")
    before = bot.model.pack.fingerprint
    text = (pack / FILE).read_text(encoding="utf-8")
    gone = text[text.index("  - intent: parking_cost") : text.index("  - intent: visitors")]
    (pack / FILE).write_text(text.replace(gone, "").replace("    next: [parking_cost]\n", ""), encoding="utf-8")
    assert wait(lambda: bot.model.pack.fingerprint != before)
    for question in ("1", "more", "the first one", "where does it say that", "why", "and the other one?"):
        assert_sound(Bot(bot.model), visit.ask(question))


def test_a_disk_that_fails_is_told_and_the_bot_goes_on(
    live: tuple[LiveBot, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, pack, told = live

    def fail(root: Path) -> str:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("bot.live.fingerprint", fail)
        edit(pack, "reply: Hello. Ask me about visiting.", "reply: Good day to you.")
        assert wait(lambda: bool(told))
    assert "Input/output error" in told[0]
    edit(pack, "reply: Good day to you.", "reply: Good evening to you.")
    assert wait(lambda: "Good evening to you." in ask(bot, "hello"))


def test_an_edit_made_before_the_bot_began_to_look_is_seen(pack: Path) -> None:
    bot = Bot.load(pack)
    edit(pack, "reply: Hello. Ask me about visiting.", "reply: Good day to you.")
    with LiveBot(bot, pack, _fail, every=0.05) as live:
        assert wait(lambda: "Good day to you." in ask(live, "hello"))


def test_a_closed_bot_follows_no_longer(pack: Path) -> None:
    with LiveBot(Bot.load(pack), pack, lambda error: None, every=0.05) as bot:
        pass
    edit(pack, "reply: Hello. Ask me about visiting.", "reply: Good day to you.")
    time.sleep(0.5)
    assert "Good day" not in ask(bot, "hello")


def test_the_jsonl_door_takes_an_edit_in_and_tells_a_bad_one(pack: Path) -> None:
    command = [sys.executable, "-m", "bot", "--pack", str(pack), "serve", "--jsonl", "--watch", "0.1"]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, cwd=shipped_root()) as door:
        assert door.stdin
        assert door.stdout
        assert door.stderr

        def send(question: str) -> str:
            door.stdin.write(json.dumps({"id": 1, "question": question}).encode() + b"\n")
            door.stdin.flush()
            return str(json.loads(door.stdout.readline())["reply"]["text"])

        assert json.loads(door.stdout.readline())["ready"] is True
        edit(pack, "reply: Hello. Ask me about visiting.", "reply: Good day to you.")
        assert wait(lambda: send("hello").startswith("Good day to you."))
        edit(pack, "quote: Two people at a time", "quote: Three people at a time")
        time.sleep(1.5)
        assert send("hello").startswith("Good day to you.")
        door.stdin.close()
        told = door.stderr.read().decode()
    assert told.count("quote is in no article") == 1
    assert f"{FILE}:" in told
    assert "the pack as it was goes on answering" in told


# --- an edit of a large pack ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shipped pack with a new example and a new intent."""
    folder = tmp_path_factory.mktemp("edited")
    for part in ("corpus", "intents"):
        shutil.copytree(shipped_root() / part, folder / part)
    comparing = folder / "intents" / "comparing.yaml"
    text = comparing.read_text(encoding="utf-8")
    marked = text.replace("    examples: |\n", "    examples: |\n      - gizmo folk against widget folk\n", 1)
    comparing.write_text(marked, encoding="utf-8")
    (folder / "intents" / "zebra.yaml").write_text(
        "intents:\n  - intent: zebra_rides\n    question: Are there zebra rides?\n    examples: |\n"
        "      - may i ride the zebra\n      - zebra rides\n      - how much is a ride on the zebra\n"
        "      - when does the zebra take visitors\n      - zebra for my daughter\n    reply: There is no zebra.\n",
        encoding="utf-8",
    )
    return folder


def _patch(bot: Bot, root: Path) -> Model:
    patched = patch(bot.model, load_pack(root))
    assert patched
    return patched


def test_a_patched_model_knows_the_edit_and_forgets_nothing(bot: Bot, edited: Path) -> None:
    patched = Bot(_patch(bot, edited))
    assert patched.ask("gizmo folk against widget folk").intent == bot.ask("PT or OT, whats the difference").intent
    assert patched.ask("can my daughter ride on a zebra here").text.startswith("There is no zebra.")
    questions = [turn.ask for test in load_pack(shipped_root()).tests for turn in test.turns]
    changed = [q for q in questions if bot.ask(q).citations != patched.ask(q).citations]
    assert len(changed) <= 1
    for question in questions:
        assert_sound(patched, patched.ask(question))
    assert patched.ask("i cant breathe").kind == "urgent"


def test_a_patch_that_changes_nothing_scores_as_before(bot: Bot) -> None:
    same = _patch(bot, shipped_root())
    words = ["can", "they", "help", "me", "do", "up", "buttons"]
    assert same.score(words).intents == pytest.approx(bot.model.score(words).intents, abs=1e-3)
    assert list(same.example_keys) == list(bot.model.example_keys)


def test_what_is_taken_out_of_a_pack_is_not_answered_with(bot: Bot, edited: Path) -> None:
    again = _patch(Bot(_patch(bot, edited)), shipped_root())
    assert Bot(again).ask("zebra rides").intent != "zebra_rides"


def test_a_patched_model_meets_danger_as_before(bot: Bot, edited: Path) -> None:
    patched = Bot(_patch(bot, edited))
    texts = [text for part in DANGER.values() for text in part]
    before, after = (sum(each.ask(text).kind == "urgent" for text in texts) for each in (bot, patched))
    assert after >= before


def test_a_link_that_is_moved_to_another_pack_is_followed(pack: Path, tmp_path: Path) -> None:
    """As the README has it for many kiosks: unpacked beside the old one, and there as a whole or not at all."""
    link, new, other = tmp_path / "link", tmp_path / "new", tmp_path / "other"
    shutil.copytree(pack, other)
    edit(other, "reply: Hello. Ask me about visiting.", "reply: Good day to you.")
    try:
        link.symlink_to(pack, target_is_directory=True)
        new.symlink_to(other, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links for this user")
    with LiveBot(Bot.load(link), link, _fail, every=0.05) as bot:
        assert "Ask me about visiting" in ask(bot, "hello")
        os.replace(new, link)
        assert wait(lambda: "Good day to you" in ask(bot, "hello"))


def test_more_than_can_be_learned_on_top_waits_for_the_whole(
    bot: Bot, edited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.patch.MOST", 3)
    assert patch(bot.model, load_pack(edited)) is None
    monkeypatch.undo()
    monkeypatch.setattr("bot.patch.LARGEST_SHARE", 3 / len(bot.model.learned_keys))
    assert patch(bot.model, load_pack(edited)) is None


def test_a_large_pack_is_patched_at_once_and_learned_behind(
    bot: Bot, edited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr("bot.live._start_building", lambda root: started.append(root) or subprocess.Popen(sleeper))
    with LiveBot(bot, edited, _fail, every=0.05) as live:
        zebra = edited / "intents" / "zebra.yaml"
        zebra.write_text(zebra.read_text().replace("may i ride", "can anybody ride"), encoding="utf-8")
        assert wait(lambda: live.model.learned_from == "")
        assert ask(live, "can anybody ride the zebra").startswith("There is no zebra.")
        assert wait(lambda: bool(live._builder))
        builder = live._builder
        assert started == [edited]
    assert builder
    assert builder.poll() is not None


@pytest.fixture
def learned(bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of nothing but the shipped pack's model, and training that must not be called."""
    stored = tmp_path / "cache" / f"{bot.model.learned_from}-{bot.fingerprint}.model"
    save_model(bot.model, stored)
    monkeypatch.setenv("PATIENT_GUIDE_CACHE", str(stored.parent))
    monkeypatch.setattr("bot.train.train", _train)
    return stored


def test_a_bot_opened_after_an_edit_learns_it_on_top_where_that_will_do(learned: Path, edited: Path) -> None:
    steps: list[str] = []
    opened = Bot.load(edited, lambda what, share: steps.append(what), at_once=True)
    assert not opened.model.is_whole
    assert opened.ask("gizmo folk against widget folk").kind == "answer"
    assert steps == ["learning what is new", "ready"]
    assert list(learned.parent.iterdir()) == [learned]
    with pytest.raises(NotImplementedError):
        opened.reload()  # Into the whole.


def test_a_bot_opened_after_an_edit_learns_the_whole_unless_told(learned: Path, edited: Path) -> None:
    with pytest.raises(NotImplementedError):
        Bot.load(edited)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("intents/comparing.yaml", "      - gizmo folk against widget folk\n", ""),
        ("intents/synonyms.yaml", "synonyms:\n", "synonyms:\n  gizmo: widget\n"),
        ("corpus/clearing.txt", "licence: The text", "licence: This text"),
    ],
)
def test_what_must_be_unlearned_or_read_otherwise_is_never_learned_on_top(
    bot: Bot, learned: Path, edited: Path, tmp_path: Path, name: str, old: str, new: str
) -> None:
    """A model of the edited pack is at hand, and of the pack as it is edited then."""
    learned.unlink()
    _store(_patch(bot, edited), learned.parent)
    again = Path(shutil.copytree(edited, tmp_path / "again"))
    Bot.load(again, at_once=True)
    text = (again / name).read_text(encoding="utf-8")
    assert old in text
    (again / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(NotImplementedError):
        Bot.load(again, at_once=True)


@pytest.mark.parametrize("folder", ["cache_folder", "CARRIED"])
def test_what_is_new_is_learned_on_top_of_the_model_that_knows_most(
    bot: Bot, learned: Path, edited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Whichever was of use last, and wherever it is kept."""
    near = _store(_patch(bot, edited), tmp_path / "carried")
    monkeypatch.setattr("bot.cache.CARRIED", near.parent)
    if folder == "cache_folder":
        near = near.rename(learned.with_name(near.name))
    os.utime(near, (0, 0))
    again = Path(shutil.copytree(edited, tmp_path / "again"))
    zebra = again / "intents" / "zebra.yaml"
    zebra.write_text(zebra.read_text().replace("- zebra rides\n", "- zebra rides\n      - zebra on top\n"))
    fresh: list[int] = []
    monkeypatch.setattr("bot.patch._learn", lambda model, lessons: fresh.append(len(lessons)) or model)
    assert not Bot.load(again, at_once=True).model.is_whole
    assert fresh == [1]
    assert near.stat().st_mtime > 0


def test_what_was_danger_so_far_is_not_made_harmless_in_haste(bot: Bot, edited: Path, tmp_path: Path) -> None:
    again = Path(shutil.copytree(edited, tmp_path / "again"))
    zebra = again / "intents" / "zebra.yaml"
    zebra.write_text(zebra.read_text().replace("- zebra rides\n", "- zebra rides\n      - i want to end it all\n"))
    assert patch(bot.model, load_pack(again)) is None


def test_the_first_examples_of_a_kind_are_not_learned_on_top(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.patch.LARGEST_SHARE", 1.0)
    edit(pack, "kind: out_of_scope", "kind: advice")
    before = train(load_pack(pack))
    edit(pack, "      - is parking free\n", "      - is parking free\n      - is it all free\n")
    assert patch(before, load_pack(pack))
    edit(pack, "kind: advice", "kind: out_of_scope")
    assert patch(before, load_pack(pack)) is None


def test_one_question_after_an_edit_is_answered_with_a_word_on_how(run: Run, learned: Path, edited: Path) -> None:
    done = run("--pack", str(edited), "ask", "gizmo folk against widget folk")
    assert done.returncode == 0
    assert b"holistic" in done.stdout
    assert "a few answers may yet change\n    -> to learn all of them together: " in done.stderr.decode()
    assert done.stderr.decode().endswith(f"-m bot --pack {edited} check\n")


def test_a_bot_that_was_opened_in_haste_learns_the_whole_behind(
    bot: Bot, edited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And in its own program, should the other have nowhere to leave what it learned."""
    monkeypatch.setattr("bot.live._start_building", lambda root: subprocess.Popen([sys.executable, "-c", ""]))
    monkeypatch.setattr("bot.engine.obtain_model", lambda root, *_: replace(bot.model, pack=load_pack(root)))
    with LiveBot(Bot(_patch(bot, edited)), edited, _fail, every=0.05) as live:
        assert wait(lambda: live.model.is_whole)


@pytest.mark.parametrize("command", [[sys.executable, "-c", "raise SystemExit(9)"], ["/nowhere/at/all"]])
def test_a_program_that_cannot_learn_is_told_of_and_leaves_the_answers_as_they_are(
    bot: Bot, edited: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr("bot.live._start_building", lambda root: subprocess.Popen(command))
    monkeypatch.setattr("bot.engine.obtain_model", _train)
    told: list[str] = []
    with LiveBot(Bot(_patch(bot, edited)), edited, _fail, every=0.05, tell=told.append) as live:
        assert wait(lambda: bool(told))
        assert ask(live, "zebra rides").startswith("There is no zebra.")
    assert len(told) == 1
    assert told[0].startswith(
        "The edited pack could not be learned as a whole, and answers as far as it was learned be"
    )


def test_an_edit_that_waits_for_the_whole_is_said_to_be_in_use_when_it_is(
    bot: Bot, edited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.patch.MOST", 0)
    monkeypatch.setattr(
        "bot.live._start_building", lambda root: subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1)
    )
    monkeypatch.setattr("bot.engine.obtain_model", lambda root, *_: replace(bot.model, pack=load_pack(root)))
    told: list[str] = []
    with LiveBot(bot, edited, _fail, every=0.05, tell=told.append) as live:
        assert wait(lambda: bool(live._builder))
        assert told == []
        live._builder.communicate(b"\n")
        assert wait(lambda: told == ["The edited pack is in use."])
        assert live.model.pack.fingerprint == load_pack(edited).fingerprint


def _store(model: Model, cache: Path) -> Path:
    """A model kept as if all that it knows had been learned together."""
    stored = cache / f"{'0' * 32}-{model.pack.fingerprint}.model"
    save_model(replace(model, learned_from="0" * 32, learned_keys=lesson_keys(model.pack)), stored)
    return stored


def _train(*_: object) -> None:
    raise NotImplementedError


def _fail(error: PackError) -> None:
    raise AssertionError(error)
