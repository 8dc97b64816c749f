from __future__ import annotations

from pathlib import Path

import pytest

from bot import Bot, PackError
from bot.folder import shipped_root
from bot.lexicon import Lexicon, read_lexicon
from bot.pack import load_pack


def test_every_line_of_the_shipped_lexicon_is_found() -> None:
    text = (shipped_root() / "intents" / "lexicon.txt").read_text(encoding="utf-8")
    lines, problems = read_lexicon(text, "lexicon.txt")
    assert not problems
    assert len(lines) > 40_000
    lexicon = Lexicon("\n".join(sorted(lines.values())).encode())
    sample = [*list(lines)[::500], min(lines), max(lines)]
    assert all(word in lexicon for word in sample)
    assert all(lexicon.concepts(word) for word in ("kettle", "wobbly", "grandson"))
    assert not any(word in lexicon for word in ("", "kettl", "qqq", "wobblyx", "#", "a b", "kettle:"))


def test_words_alike_share_a_concept_and_others_do_not() -> None:
    lexicon = Lexicon(load_pack(shipped_root()).lexicon.encode())

    def named(word: str) -> set[str]:
        return {name for name, _ in lexicon.concepts(word)}

    assert named("zipper") & named("buttons") or named("zipper") & named("jacket")
    assert named("pills") & named("tablets")
    assert not named("kettle") & named("grandson")


def test_a_pack_adds_and_changes_words(pack: Path) -> None:
    (pack / "intents" / "lexicon.txt").write_text("# ours\nblorpy: bent 51\nkettle: bent 20\n", encoding="utf-8")
    lexicon = Lexicon(load_pack(pack).lexicon.encode())
    assert lexicon.concepts("blorpy") == (("bent", 0.51),)
    assert lexicon.concepts("kettle") == (("bent", 0.2),)
    assert "wobbly" in lexicon  # the rest is the shipped pack's


def test_a_broken_line_is_named_with_its_place(pack: Path) -> None:
    (pack / "intents" / "lexicon.txt").write_text("fine: bent 51\nnot so: bent\n\nkettle bent 20\n", encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_pack(pack)
    assert [(p.file, p.line) for p in caught.value.problems] == [("intents/lexicon.txt", 2), ("intents/lexicon.txt", 4)]
    (pack / "intents" / "lexicon.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(PackError, match="UTF-8"):
        load_pack(pack)


def test_a_word_that_no_example_holds_is_understood_by_its_concepts(bot: Bot) -> None:
    """Take the examples' own word away and see that another word for it still speaks for the intent."""
    assert "fandango" not in bot.model.words
    evidence = dict(bot.model.evidence(["can", "i", "fandango", "again"], "pt_get_life_back"))
    assert any(name[0] == "k" for name in evidence)
