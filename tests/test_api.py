"""What a developer imports: the names of the contract, shared between threads, and errors that say what to do."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

import bot as package
from bot import Bot, BotError, Conversation, ModelError, PackError, Reply, Topic, errors
from conftest import ROOT, Hindered, require

QUESTIONS = [
    "do they use lasers",
    "what is OT?",
    "cant do up my buttons",
    "how much is it",
    "hello",
    "my chest hurts bad",
]


def test_every_public_name_is_there_and_documented() -> None:
    for name in package.__all__:
        thing = getattr(package, name)
        assert name == "Kind" or inspect.getdoc(thing), name
    with pytest.raises(AttributeError, match="no attribute 'Rasa'"):
        package.Rasa  # noqa: B018


def test_all_that_comes_back_is_frozen(bot: Bot) -> None:
    reply = bot.ask("do they use lasers")
    for thing in (reply, reply.citations[0], reply.alternatives[0], reply.blocks[0], bot.topics()[0]):
        assert dataclasses.is_dataclass(thing)
        name = dataclasses.fields(thing)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, None)


def test_topics_hold_every_question_that_can_be_answered_once(bot: Bot, tiny: Bot) -> None:
    for held in (bot, tiny):
        topics = held.topics()
        asked = [question for topic in topics for question in topic.questions]
        assert Counter(asked) == Counter(i.question for i in held.intents.values() if i.kind == "answer")
        for topic in topics:
            article = held.articles[topic.article]
            assert topic.section in {p.section for p in article.passages}
            assert (topic.title, topic.publisher) == (article.title, article.publisher)


def test_what_no_article_answers_is_a_topic_of_its_own(pack: Path) -> None:
    (pack / "intents" / "extra.yaml").write_text(
        "intents:\n  - intent: dogs\n    question: May I bring my dog?\n    reply: Dogs may come.\n"
        "    examples: [is my dog allowed, can the puppy come, dog rules, pets, a cat]\n"
    )
    assert Bot.load(pack).topics()[-1] == Topic(("May I bring my dog?",))


def test_an_event_loop_goes_on_while_questions_are_answered(bot: Bot) -> None:
    async def ask_all() -> list[Reply]:
        session = bot.session()
        first = await session.ask_async("what is occupational therapy?")
        second = await session.ask_async("and the other one?")
        return [first, second, *await asyncio.gather(*map(bot.ask_async, QUESTIONS))]

    first, second, *others = asyncio.run(ask_all())
    assert first.kind == second.kind == "answer" and first.citations != second.citations
    assert others == [bot.ask(question) for question in QUESTIONS]


def test_thirty_two_threads_are_answered_as_one_is(bot: Bot) -> None:
    alone = {question: bot.ask(question) for question in QUESTIONS}

    def visit(number: int) -> list[tuple[str, Reply]]:
        ordered = QUESTIONS[number % len(QUESTIONS) :] + QUESTIONS[: number % len(QUESTIONS)]
        return [(question, bot.ask(question)) for question in ordered]

    with ThreadPoolExecutor(32) as pool:
        for answered in pool.map(visit, range(64)):
            assert all(reply == alone[question] for question, reply in answered)


def test_visitors_in_threads_never_meet(bot: Bot) -> None:
    def visit(word: str) -> str:
        session = bot.session()
        session.ask(f"what is {word} therapy?")
        return " ".join(c.quote for c in session.ask("say that again").citations)

    expected = {word: visit(word) for word in ("physical", "occupational")}
    words = ["physical", "occupational"] * 20
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(visit, words)) == [expected[word] for word in words]


def test_reload_takes_an_edit_in_and_leaves_the_old_bot_as_it_was(pack: Path) -> None:
    old = Bot.load(pack)
    assert old.reload() is old
    session = old.session()
    found = next(path for path in (pack / "intents").rglob("*.yaml") if "North Clinic" in path.read_text())
    found.write_text(found.read_text().replace("North Clinic", "South Clinic"))
    new = old.reload()
    assert (old.name, new.name) == ("North Clinic", "South Clinic")
    assert session.ask("where can i park").kind == "answer"
    found.write_text("intents: [")
    with pytest.raises(PackError) as broken:
        new.reload()
    assert broken.value.problems[0].file.endswith(found.name) and new.ask("where can i park").kind == "answer"


def test_a_broken_pack_says_all_that_check_says(run: object, pack: Path) -> None:
    (pack / "intents" / "bad.yaml").write_text("intents:\n  - intent: a\n    exmples: x\n  - intent: a\n")
    with pytest.raises(PackError) as broken:
        Bot.load(pack)
    checked = subprocess.run(
        [sys.executable, "-m", "bot", "--pack", str(pack), "check", "--json"],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    said = [p for p in json.loads(checked.stdout)["problems"] if p["severity"] == "error"]
    assert [p.to_dict()["fact"] for p in broken.value.problems if not p.is_warning] == [p["fact"] for p in said]


def test_errors_are_one_tree_and_it_is_drawn() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    found = [name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, BotError)]
    assert drawn == [name for name in found if name != "BotError"]
    assert issubclass(PackError, BotError) and issubclass(ModelError, BotError)


@pytest.mark.parametrize("wrong", [None, 3, b"what is OT", ["what is OT"]])
def test_only_a_wrong_type_is_an_error_of_the_caller(bot: Bot, wrong: object) -> None:
    with pytest.raises(TypeError, match="a question is a string"):
        bot.ask(wrong)  # type: ignore[arg-type]


def test_a_session_is_bounded_whatever_is_asked(tiny: Bot) -> None:
    session = tiny.session()
    asked = [question for topic in tiny.topics() for question in topic.questions]
    sizes = []
    for turn in range(600):
        session.ask(asked[turn % 4])
        held = session._session
        sizes.append(len(held.shown) + len(held.waiting) + len(held.asked) + len(held.thread))
    assert max(sizes[300:]) <= 2 * 200 + 100
    assert isinstance(session, Conversation)


def test_no_cache_keeps_the_words_of_visitors(bot: Bot) -> None:
    typed = "".join(("quagga", "zephyr"))  # Nor does the word stand in this file, whose lines Python may keep.
    session = bot.session()
    session.ask(f"my {typed} hurts, can the {typed} get therapy")
    session.reset()
    caches = [
        thing for thing in gc.get_objects() if type(thing).__name__ in ("_lru_cache_wrapper", "dict", "set", "list")
    ]
    assert len(caches) > 1000
    others = [thing for thing in caches if not (isinstance(thing, dict) and "typed" in thing)]  # This function's own.
    held = [str(thing)[:500] for thing in others if any(typed in word for word in find_words(thing))]
    assert held == []


def find_words(thing: object) -> Iterator[str]:
    """The texts in a container, and in the tuples and sets in it; those of a cache, and its keys."""
    for inner in gc.get_referents(thing):
        if isinstance(inner, str):
            yield inner
        elif type(inner) in (tuple, frozenset):
            yield from (word for word in inner if isinstance(word, str))
        elif type(thing).__name__ == "_lru_cache_wrapper" and isinstance(inner, dict):
            yield from find_words(inner)


def test_a_reset_holds_though_an_answer_was_still_to_come(bot: Bot) -> None:
    may_answer = Event()

    async def leave_early() -> None:
        visitor = Conversation(Hindered(bot, lambda _: may_answer.wait(10)))
        waiting = asyncio.create_task(visitor.ask_async("what is occupational therapy?"))
        await asyncio.sleep(0.1)
        visitor.reset()
        may_answer.set()
        assert (await waiting).kind == "answer"
        assert (await visitor.ask_async("say that again")).kind == "clarify"

    asyncio.run(leave_early())


def test_a_mypy_user_sees_the_types(tmp_path: Path) -> None:
    if not shutil.which("mypy", path=str(Path(sys.executable).parent)):
        pytest.skip("mypy is not installed")
    script = tmp_path / "script.py"
    script.write_text(
        "from bot import Bot\n"
        "reveal_type(Bot.load().ask('x').citations[0].publisher)\n"
        "reveal_type(Bot.load().session().ask('x').kind)\n"
        "reveal_type(Bot.load().topics()[0].questions)\n"
    )
    said = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--follow-imports=silent", str(script)],
        capture_output=True,
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
        check=False,
    ).stdout.decode()
    said = said.replace("builtins.", "")  # As older ones say.
    assert '"str"' in said and "Literal['answer'" in said and "tuple[str, ...]" in said


def test_a_program_that_is_not_python_talks_to_it_line_by_line(bot: Bot) -> None:
    require("node")
    script = re.search(r"```js\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert script
    ended = subprocess.run(
        ["node", "--input-type=module", "-e", script[1].replace('".venv/bin/python"', json.dumps(sys.executable))],
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    said = ended.stdout.decode()
    assert ended.returncode == 0, ended.stderr.decode()
    assert bot.ask("do they use lasers").citations[0].quote in said


def test_the_ten_lines_of_the_readme_serve_a_visitor(bot: Bot, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (script,) = [block for block in blocks if "input(" in block]
    assert len(script.strip().splitlines()) <= 10
    (tmp_path / "kiosk.py").write_text(script)
    typed = "\nwhat is occupational therapy?\nand the other one?\nmy chest hurts and my arm is numb\n\nstop\n"
    ended = subprocess.run(
        [sys.executable, str(tmp_path / "kiosk.py")],
        input=typed.encode(),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    said = ended.stdout.decode()
    assert ended.returncode == 0, ended.stderr.decode()
    assert bot.ask("what is occupational therapy?").citations[0].quote in said
    assert bot.ask("my chest hurts and my arm is numb").text in said
    assert "\a" in said
