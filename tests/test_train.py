from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from bot.lexicon import Lexicon
from bot.train import _find_slips, _index_neighbours

WORDS = st.text(alphabet="abc", min_size=1, max_size=6)


@given(st.lists(WORDS, unique=True, max_size=30), WORDS)
def test_neighbours_are_those_that_a_comparison_with_every_word_finds(words: list[str], word: str) -> None:
    assert _index_neighbours(words)(word) == [other for other in words if OSA.distance(other, word) == 1]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("therpay", "therapy"),  # Two letters swapped.
        ("thrapy", "therapy"),
        ("rehab", None),  # Rare, but the lexicon has it.
        ("zumba", None),  # Near to nothing.
        ("nad", "and"),
        ("ant", None),  # Three letters: only swapped ones are a slip.
    ],
)
def test_slips_in_examples_are_told_from_rare_words(typed: str, meant: str | None) -> None:
    lexicon = Lexicon(b"and: with 50\nhand: arm 50\nrehab: clinic 50\ntherapy: clinic 50")
    counts = {"and": 900, "therapy": 300, "hand": 100, typed: 1}
    assert _find_slips(counts, lexicon, {}).get(typed) == meant
    assert not _find_slips(counts, lexicon, {typed: "something else"}), "a synonym is meant as it is written"
    assert not _find_slips(counts, Lexicon(b"fisioterapia: salud 50"), {}), "the lexicon is of another language"
