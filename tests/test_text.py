from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.text import LONGEST, clean, fold, index_phrases, is_wordless, replace_phrases, split_words


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(), max_size=200))
def test_clean_leaves_nothing_a_terminal_obeys(text: str) -> None:
    cleaned = clean(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cf") and c not in "\u00ad" for c in cleaned if c not in TOLERATED)
    assert clean(cleaned) == cleaned


# Format characters of scripts that need them; no terminal acts on these.
TOLERATED = {chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) == "Cf"} - set(
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u061c"
)


def test_clean_removes_escape_sequences_and_overrides() -> None:
    assert clean("what \x1b[31mis\x1b[0m \x9b2JPT\u202e?\x00") == "what is 2JPT?"


def test_clean_cuts_a_megabyte() -> None:
    assert len(clean("word " * 200_000)) <= LONGEST


def test_apostrophes_accents_width_and_look_alikes_are_one() -> None:
    assert split_words("I can’t; DON'T; won't") == ["i", "can", "not", "do", "not", "will", "not"]
    assert split_words("fisioterapía ＰＴ") == ["fisioterapia", "pt"]
    assert split_words("рhysicаl") == ["physical"]  # Cyrillic р and а
    assert split_words("вода") == ["вода"]  # a Russian word stays Russian


def test_wordless() -> None:
    assert all(map(is_wordless, ("", "  ", "?!", "😀", "123")))
    assert not is_wordless("ok")


def test_the_longest_phrase_wins() -> None:
    table = index_phrases({"ot": "occupational therapy", "o t": "occupational therapy", "ww ii": "world war 2"})
    assert replace_phrases(split_words("o t after WW II, ot"), table) == [
        *("occupational", "therapy", "after", "world", "war", "2", "occupational", "therapy")
    ]
