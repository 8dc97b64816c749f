"""Confidence is a probability, and strangers are refused, by what the pack itself shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import Bot
from bot.pack import load_pack
from bot.store import load_model, save_model
from bot.train import train
from conftest import Run

# Four intents of one shape, so that a pack of some size can be written down; each with words of its own.
THINGS = {
    "lamps": "lamp light bulb bright dark lantern torch glow shade candle",
    "doors": "door gate handle lock key hinge knock open shut doorbell",
    "trees": "tree oak leaf branch root trunk bark forest pine maple",
    "boats": "boat ship sail oar harbor anchor river ferry canoe deck",
    "bread": "bread loaf crust toast flour oven dough baker slice crumb",
    "music": "music song piano violin drum choir tune guitar flute melody",
}
FRAMES = (
    "where is the {}",
    "show me a {} please",
    "i want the {}",
    "is there any {} here",
    "tell me about {}",
    "the {} is broken",
    "who made this {}",
    "buy a {}",
)


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Bot:
    folder = tmp_path_factory.mktemp("things") / "intents"
    folder.mkdir()
    lines = ["intents:"]
    for name, words in THINGS.items():
        lines += [f"  - intent: {name}", "    kind: smalltalk", f"    reply: About {name}.", "    examples: |"]
        lines += [f"      - {frame.format(word)}" for word in words.split() for frame in FRAMES]
    (folder / "things.yaml").write_text("\n".join(lines), encoding="utf-8")
    return Bot.load(folder.parent)


def test_the_shipped_packs_confidence_is_calibrated(bot: Bot) -> None:
    calibration = bot.model.calibration
    assert sum(count for count, _, _ in calibration.reliability) >= 2000
    assert len(calibration.reliability) == 15
    assert calibration.error <= 0.05


def test_of_what_is_held_out_from_a_huge_pack_some_has_to_do(things: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def count_measured() -> int:
        return sum(count for count, _, _ in train(load_pack(things._root)).calibration.reliability)

    every = count_measured()
    monkeypatch.setattr("bot.calibrate.MOST_SCORES", 20 * len(THINGS))
    assert 200 <= count_measured() < every


def test_a_pack_with_negatives_of_its_own_needs_no_threshold(bot: Bot) -> None:
    assert bot.model.calibration.within is None
    assert bot.ask("what does an hour of physio cost").kind == "out_of_scope"


def test_a_pack_without_negatives_refuses_what_it_has_no_words_for(things: Bot) -> None:
    assert things.model.calibration.within is not None
    assert things.model.calibration.threshold > 0
    known = [things.ask(f"where is my {word}") for word in ("canoe", "violin", "loaf", "lantern")]
    assert [reply.intent for reply in known] == ["boats", "music", "bread", "lamps"]
    strangers = [things.ask(question) for question in ("where is the dentist", "tell me about taxes", "buy a giraffe")]
    assert [reply.kind for reply in strangers] == ["out_of_scope"] * 3
    assert min(reply.confidence for reply in known) > max(reply.confidence for reply in strangers)


def test_a_small_pack_that_is_never_wrong_can_be_stored(run: Run, tmp_path: Path) -> None:
    """Nothing then speaks against beliefs as sharp as can be: without a bound, its model was refused as unsound."""
    root = tmp_path / "pack"
    assert run("new", "pack", str(root)).returncode == 0
    path = root / "intents" / "opening_hours.yaml"
    lines = "      - is the pool open today\n      - until when can i come\n      - lunch break?\n"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("examples: |\n", f"examples: |\n{lines}", 1), encoding="utf-8")
    model = train(load_pack(root))
    save_model(model, tmp_path / "a.model")
    assert load_model(tmp_path / "a.model", model.pack.fingerprint)
