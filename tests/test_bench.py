"""What `bench` compares, not how long it takes: that is for whoever runs it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot import Bot
from bot.bench import Figure, _ask_after_an_edit, _build_pipeline, choose_questions, run, tabulate, to_json
from bot.folder import shipped_root
from bot.pack import load_pack
from bot.store import save_model
from bot.text import index_phrases, replace_phrases, split_words
from conftest import PACKS

FIGURE = Figure("start: ask", "ms", 120.0, 100.0, 300.0, "import rapidfuzz", 3.0, bound=4.0)


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        ({}, True),
        ({"ratio": 4.1}, False),
        ({"ratio": 4.1, "is_floor": True}, True),
        ({"ratio": 3.9, "is_floor": True}, False),
        ({"limit": 119.0}, False),
        ({"limit": 119.0, "bound": None}, False),
        ({"bound": None}, True),
    ],
)
def test_a_promise_holds_or_is_broken(change: dict[str, object], holds: bool) -> None:
    assert replace(FIGURE, **change).holds is holds


def test_the_table_names_what_is_promised_and_what_is_broken() -> None:
    lines = list(tabulate([FIGURE, replace(FIGURE, name="answer: p50", unit="s", ratio=0.01234, limit=2.0)]))
    assert lines[0].split() == ["median", "least", "to", "most", "ratio", "to", "promised"]
    assert "120 ms  100 to 300     3 ×" in lines[1]
    assert lines[1].endswith("≤ 4 ×        holds")
    assert "0.0123 ×" in lines[2]
    assert lines[2].endswith("≤ 4 × ≤ 2 s  BROKEN")


def test_two_versions_can_be_compared_by_their_json() -> None:
    said = json.loads(to_json([FIGURE]))
    assert [(row["name"], row["ratio"], row["holds"]) for row in said["figures"]] == [("start: ask", 3.0, True)]
    assert said["python"] == sys.version.split()[0]


def test_the_same_questions_are_asked_each_time_and_half_of_them_mistyped(bot: Bot) -> None:
    pack = load_pack(shipped_root())
    asked = choose_questions(pack)
    assert asked == choose_questions(pack)
    assert len(asked) == 200
    known = {example.text for intent in pack.intents.values() for example in intent.examples}
    known |= {turn.ask for test in pack.tests for turn in test.turns}
    mistyped = [text for text in asked if text not in known]
    assert 80 <= len(mistyped) <= 100  # A swap of two like letters leaves a word as it was.


def test_scikit_learn_is_given_the_same_work(tiny: Bot) -> None:
    pack = load_pack(PACKS / "tiny")
    predict, phrases = _build_pipeline(pack, tiny.model), index_phrases(pack.synonyms)
    for intent in pack.intents.values():
        for example in intent.examples:
            words = replace_phrases(split_words(example.text), phrases)
            served = tiny.model.score(words)
            assert np.allclose(predict(words), [*served.intents, *served.kinds], atol=1e-3)


def test_the_question_asked_after_an_edit_is_answered_from_what_was_learned_before(bot: Bot, tmp_path: Path) -> None:
    root, pack = shipped_root(), load_pack(shipped_root())
    stored = tmp_path / "cache" / f"{bot.model.learned_from}-{pack.fingerprint}.model"
    save_model(bot.model, stored)
    assert _ask_after_an_edit(root, pack, stored.parent).seconds > 0
    assert list(stored.parent.iterdir()) == [stored]  # Nothing was learned anew.
    assert load_pack(tmp_path / "pack").fingerprint != pack.fingerprint


def test_a_program_that_fails_is_not_taken_for_a_fast_one() -> None:
    assert run([sys.executable, "-c", "raise SystemExit(1)"]).seconds > 0  # It declined to answer.
    with pytest.raises(RuntimeError, match="failed"):
        run([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(RuntimeError, match="failed"):
        run([sys.executable, "-c", "import os; os.abort()"])


def test_what_a_program_took_is_its_own() -> None:
    idle = run([sys.executable, "-c", "import time; time.sleep(0.3)"])
    busy = run([sys.executable, "-c", "sum(range(10_000_000)); held = bytearray(100_000_000)"])
    assert idle.seconds > 0.3
    if idle.memory:
        assert busy.cpu > idle.cpu
        assert busy.memory > idle.memory + 90_000_000
