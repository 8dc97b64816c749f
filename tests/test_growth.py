"""Growth: made-up packs that can be used, and what is said of them. What they take is measured, never tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.folder import shipped_root
from bot.growth import SIZES, Growth, Size, _measure, chart, choose_words, write_pack
from bot.pack import load_pack
from bot.safety import RedFlags

SMALL = Size(60, 6, 9)
GROWTH = Growth("answer: p99", "ms", (1.0, 10.0, 20.0), limit=50.0)


@pytest.fixture(scope="module")
def words() -> list[str]:
    return choose_words(load_pack(shipped_root()))


def test_a_made_up_pack_can_be_used_and_is_always_the_same(tmp_path: Path, words: list[str]) -> None:
    examples = write_pack(tmp_path / "one", SMALL, words)
    pack = load_pack(tmp_path / "one")
    assert [example.text for intent in pack.intents.values() for example in intent.examples] == examples
    assert len(pack.intents) == SMALL.intents
    assert len(examples) == SMALL.examples
    assert sum(len(article.passages) for article in pack.articles.values()) == SMALL.passages
    assert all(intent.quotes for intent in pack.intents.values())
    assert write_pack(tmp_path / "other", SMALL, words) == examples
    assert load_pack(tmp_path / "other").fingerprint == pack.fingerprint


def test_its_words_hold_no_sign_of_danger(words: list[str]) -> None:
    assert len(words) == 20_000
    flags = RedFlags(load_pack(shipped_root()).rules)
    assert not [word for word in words if flags.look([[word]]).words]


def test_what_a_pack_takes_is_measured(tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.growth.ASKED", 20)
    said: list[str] = []
    taken = _measure(tmp_path, SMALL, words, said.append)
    assert len(taken) == 8
    assert all(value > 0 for value in taken)
    assert said == [f"{SMALL}: learning", f"{SMALL}: asking"]


def test_exponents_say_how_a_figure_grows() -> None:
    assert GROWTH.find_exponents(SIZES) == pytest.approx([1.0, 0.30103])
    assert GROWTH.holds
    assert not Growth("answer: p99", "ms", (1.0, 10.0, 51.0), limit=50.0).holds


def test_the_plot_puts_each_size_where_its_figure_is() -> None:
    lines = list(chart([GROWTH]))
    table = next(line for line in lines if line.startswith("answer: p99, ms"))
    assert table.split() == ["answer:", "p99,", "ms", "1", "10", "20", "1.00,", "0.30", "≤", "50", "ms", "holds"]
    plot = lines[-1]
    assert plot.index("2") - plot.index("1 ") == 16
    assert plot.index("3") - plot.index("1 ") == 21
