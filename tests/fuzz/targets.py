"""What is fuzzed: each target takes any bytes, and fails only where the bot breaks a promise.

A fuzzer calls them by hand (`run.py`); the ordinary tests replay `corpus/` and a few hundred mutations of it.
"""

from __future__ import annotations

import atexit
import io
import json
import math
import random
import re
import shutil
import tempfile
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bot import Bot
from bot.corpus import lead_of, parse_article
from bot.engine import Conversation
from bot.errors import ModelError, PackError
from bot.folder import shipped_root
from bot.header import read_header, split_header, write_header
from bot.intents import REPLY_KINDS
from bot.jsonl import LONGEST_LINE, serve
from bot.lexicon import Lexicon
from bot.pack import load_pack
from bot.signs import Sign, SignLists, compile_sign, index_signs
from bot.store import _ARRAYS, _MAGIC, _check_sum, load_model, save_model
from bot.text import LONGEST, clean, cut_stretches, find_names, fold, index_phrases, replace_phrases, split_words
from bot.understand import MOST_WORDS, read
from conftest import CONTROL, PACKS

HERE = Path(__file__).parent
SCHEMA = {
    *("kind", "text", "citations", "intent", "confidence"),
    *("alternatives", "choices", "suggestions", "repairs", "notice"),
}


def find_seeds(target: str) -> list[Path]:
    """The corpus of a target: what we wrote, and what once broke a promise."""
    return sorted((HERE / "corpus" / target).iterdir())


@cache
def _tiny() -> Bot:
    return Bot.load(PACKS / "tiny")


@cache
def _folder() -> Path:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder).resolve()


# --- what a person typed ----------------------------------------------------------------------------


def read_text(data: bytes) -> None:
    """Whatever is typed is cleaned, cut, split and read: no control survives, and a word is a word."""
    text = data.decode("utf-8", "surrogateescape")
    cleaned = clean(text)
    assert len(cleaned) <= LONGEST and clean(cleaned) == cleaned
    stretches = cut_stretches(text)
    assert stretches[0].startswith(cleaned) and max(map(len, stretches)) <= LONGEST
    for shown in (cleaned, *stretches):
        assert not CONTROL & set(shown) and "\n" not in shown
    words, names = split_words(cleaned), find_names(cleaned)
    _assert_words(words)
    assert split_words(" ".join(words)) == words
    assert all(fold(name) == name for name in names)
    assert replace_phrases(words, {}) == words
    model = _sound_model()
    phrases = index_phrases(model.pack.synonyms)
    _assert_words(replace_phrases(words, phrases))
    utterance = read(text, model, phrases)
    assert utterance.text == cleaned
    _assert_words(utterance.words)
    assert {typed for typed, _ in utterance.repairs} <= set(words[:MOST_WORDS]) - names
    assert 0 <= utterance.known <= 1


def _assert_words(words: Any) -> None:
    for word in words:
        assert word and word == fold(word) and not re.search(r"[\s']", word), word


def read_sign(data: bytes) -> None:
    """A line is a sign or a ValueError; one that is found in the text below it is found by its index, too."""
    sign, _, text = data[:400].decode("utf-8", "surrogateescape").partition("\n")
    if sign.count("...") > 3 or sign.count("*") > 9:
        return  # An author's own gaps may take long; no visitor writes signs.
    try:
        pattern = compile_sign(sign)
    except ValueError as error:
        assert str(error)
        return
    words = split_words(text)
    found = bool(pattern.search(f" {' '.join(words)} "))
    possible = SignLists([[sign]], index_signs([[sign]])).find_possible(words)
    assert possible or not found
    assert found or not Sign(sign).whole.fullmatch(f" {' '.join(words)} ")


# --- what an author wrote ---------------------------------------------------------------------------


RULES = """
safety:
  words:
    negation: no|not|never
    hurt: pain|hurts
  rules:
    - flag: chest
      card: medical
      when: |
        - chest ... {hurt}
        - (no|cannot) breathe
"""


def read_intents(data: bytes) -> None:
    """A pack whose one file of intents is these bytes loads, or every problem has a place, a fact and a remedy."""
    root, shipped = _folder() / "pack", _shipped()
    if not root.exists():
        shutil.copytree(PACKS / "tiny", root)
        (root / "intents" / "visiting.yaml").unlink()
    (root / "intents" / "fuzzed.yaml").write_bytes(data)
    with patch("bot.pack.shipped_root", lambda: shipped), patch("bot.folder.shipped_root", lambda: shipped):
        try:
            pack = load_pack(root)
        except PackError as error:
            _assert_told(error, len(re.findall(rb"\r\n|\r|\n", data)) + 1)
        else:
            assert pack.intents and pack.wording["emergency"]
            assert all(intent.examples for intent in pack.intents.values())


def _assert_told(error: PackError, lines: int) -> None:
    assert error.problems
    for problem in error.problems:
        assert problem.fact.strip() and problem.remedy.strip(), problem
        assert problem.file and problem.column >= 1
        assert 1 <= problem.line <= lines or not problem.file.endswith("fuzzed.yaml"), problem
        json.dumps(problem.to_dict())
        str(problem).encode()


@cache
def _shipped() -> Path:
    """The shipped pack in small, as the big one takes a hundred times as long to read as a file of intents."""
    source, root = shipped_root() / "intents", _folder() / "shipped"
    for name in ("wording.yaml", "conversation.yaml", "synonyms.yaml", "clinic.yaml", "safety/cards.yaml"):
        (root / "intents" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, root / "intents" / name)
    (root / "intents" / "safety" / "rules.yaml").write_text(RULES)
    (root / "intents" / "lexicon.txt").write_text("car: road 60\npark: car 40 road 30\nsoup: food 70")
    return root


def read_article(data: bytes) -> None:
    """An article's file is told what is wrong with it, or cut: its passages are slices, in order, led by slices."""
    text = data.decode("utf-8", "replace")
    for raw in (text, _sign_off(text)):
        article, problems = parse_article(raw, "fuzzed", "corpus/fuzzed.txt")
        lines = max(1, len(raw.splitlines()) + 1)
        assert all(problem.fact and problem.remedy and 1 <= problem.line <= lines for problem in problems)
        assert article or problems
        end = 0
        for passage in article.passages if article else ():
            assert article and end <= passage.start < passage.end
            end = passage.end
            assert passage.text == article.text[passage.start : end] == passage.text.strip()
            assert (passage.sentences[0].start, passage.sentences[-1].end) == (passage.start, end)
            for sentence in passage.sentences:
                lead = lead_of(article, passage, sentence.start)
                assert lead is None or 0 <= lead.start < lead.end <= sentence.start


def _sign_off(text: str) -> str:
    """The same text with the header of an article that was reviewed."""
    header, body = split_header(text) or ("", text)
    found, _ = read_header(header, "corpus/fuzzed.txt")
    usual = dict.fromkeys(("title", "publisher", "licence"), "x") | dict.fromkeys(("published", "url"), "none")
    return write_header({**usual, "retrieved": "none", "interest": "none", **found}, body)


# --- a stored model ---------------------------------------------------------------------------------

ASKED = (
    "where can i park my car",
    "more",
    "do i need a pasport",
    "my chest hurts",
    "hi",
    "1",
    "is it dear, and who may visit?",
)
HOSTILE = (
    *("null", "true", "-1", "0", "1", "2", "7", "65535", "65536", "2147483648", "18446744073709551616", "1e308"),
    *("-1e308", "0.5", "NaN", "Infinity", "-Infinity", '""', '"x"', '"\\ud800"', '"urgent"', '"answer"', '"a b"'),
    *(
        "[]",
        "[0]",
        "[null]",
        '[""]',
        "[[]]",
        "[0,0]",
        "{}",
        '{"x":0}',
        '{"x":"y"}',
        '"' + "x " * 200 + '"',
        "1" + "0" * 400,
    ),
)
"""Values in JSON that an edited model may hold in place of its own."""


def read_model(data: bytes) -> None:
    """A damaged or hostile model is refused, or answers.

    The bytes are edits of a sound model, one a line: the way to a value, `=`, and JSON to put there. Bytes that begin
    with `model:` stand for the file's header and arrays as they are. The check sum is made to fit in any case.
    """
    path, marks = _folder() / "fuzzed.model", _sound_model().pack.fingerprint
    body = data[6:] if data.startswith(b"model:") else _edit_model(data.decode("utf-8", "replace"))
    path.write_bytes(_MAGIC + _check_sum(body) + body)
    try:
        model = load_model(path, marks)
    except ModelError as error:
        assert str(error).startswith(str(path))
        return
    for stays in (False, True):
        with suppress(ModelError):  # A bot that is loaded then learns anew, and so does one that is asked.
            _question(Conversation(Bot(model, stays=stays)))


def _question(visit: Conversation) -> None:
    for question in ASKED:
        reply = visit.ask(question)
        assert reply.kind in REPLY_KINDS and reply.text.strip()
        assert 0 <= reply.confidence <= 1
        json.dumps(reply.to_dict(), allow_nan=False)


def draw_edit(chance: random.Random) -> str:
    """A line that edits the sound model somewhere."""
    place, way = _take_apart(), []
    while isinstance(place, (dict, list)) and place and (not way or chance.random() < 0.9):
        step = chance.choice(sorted(place)) if isinstance(place, dict) else chance.randrange(len(place))
        way.append(str(step))
        place = place[step]
    return f"{' '.join(way)} = {chance.choice(HOSTILE)}"


def _edit_model(edits: str) -> bytes:
    tree = json.loads(json.dumps(_take_apart()))
    for edit in edits.split("\n"):
        way, equals, value = edit.partition(" = ")
        if equals:
            try:
                _put(tree, way.split(), json.loads(value))
            except (ValueError, RecursionError):
                _put(tree, way.split(), value)
    header, arrays = tree.get("header"), tree.get("arrays")
    parts = _write_arrays(arrays if isinstance(arrays, dict) else {})
    if isinstance(header, dict) and isinstance(sizes := header.get("sizes"), dict):
        header["sizes"] = {name: len(parts[name]) if sizes[name] == "as it is" else sizes[name] for name in sizes}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + b"".join(parts.values())


def _put(tree: Any, way: list[str], value: Any) -> None:
    """Put a value where the way leads; a step that leads nowhere is taken as a number, so that few edits do nothing."""
    place, taken = None, []
    for step in way:
        if isinstance(tree, dict) and tree:
            taken.append(step if step in tree else sorted(tree)[_count(step) % len(tree)])
        elif isinstance(tree, list) and tree:
            taken.append(_count(step) % len(tree))
        else:
            break
        place, tree = tree, tree[taken[-1]]
    if place is not None and "wording" not in taken and not {"rules", "talk"} & set(taken[:-1]):
        place[taken[-1]] = value  # Texts are not read when a model is loaded (see bot/sound.py).


def _count(step: str) -> int:
    return int(step) if re.fullmatch("[0-9]{1,9}", step) else sum(step.encode("utf-8", "replace"))


def _write_arrays(wanted: dict[str, Any]) -> dict[str, bytes]:
    """The arrays of the sound model, cut or drawn out to the lengths wanted, and its intercepts as wanted."""
    parts = {}
    for name, code in _ARRAYS.items():
        numbers, long = list(getattr(_sound_model(), name)), wanted.get(name)
        if isinstance(long, list):
            numbers = [_fit(n, code) for n in long]
        elif isinstance(long, int):
            numbers = (numbers + [numbers[-1]] * min(99, max(0, long - len(numbers))))[: max(0, long)]
        parts[name] = array(code, numbers).tobytes()
    return {**parts, "lexicon": _sound_model().lexicon.lines}


def _fit(value: Any, code: str) -> float:
    """Whatever was to stand in an array, as a number that can."""
    number = float(value) if isinstance(value, (int, float)) and abs(value) < 1e30 else math.nan
    if code == "f":
        return number
    return int(number) % (1 << (8 * array(code).itemsize - 1)) if math.isfinite(number) else 0


@cache
def _take_apart() -> dict[str, Any]:
    """The sound model as a tree of plain values: its header, whose sizes follow the arrays, and the arrays' lengths."""
    path = _folder() / "sound.model"
    save_model(_sound_model(), path)
    body = path.read_bytes()[len(_MAGIC) + 4 :]
    size = int.from_bytes(body[:8], "little")
    header = json.loads(body[8 : 8 + size])
    header["sizes"] = dict.fromkeys(header["sizes"], "as it is")
    arrays: dict[str, Any] = {name: len(getattr(_sound_model(), name)) for name in _ARRAYS}
    return {"header": header, "arrays": {**arrays, "intercepts": list(_sound_model().intercepts)}}


@cache
def _sound_model() -> Any:
    """The tiny pack's model with a lexicon and rules as small as it."""
    model = _tiny().model
    rules = model.pack.rules[:2]
    pack = replace(model.pack, rules=rules, rule_index=index_signs(rule.when for rule in rules))
    return replace(model, pack=pack, lexicon=Lexicon(b"car: road 60\npark: car 40 road 30\nsoup: food 70"))


# --- the JSON door ----------------------------------------------------------------------------------


def talk_json(data: bytes) -> None:
    """Each line that is not blank gets one line back, an object of the door's schema, whatever it holds."""
    out = io.BytesIO()
    serve(_tiny(), io.BytesIO(data), out)
    ready, *replies = (json.loads(line, parse_constant=_refuse) for line in out.getvalue().splitlines())
    assert ready["ready"] is True and ready["schema"] == 1
    lines = list(_find_lines(data))
    assert len(replies) == len(lines)
    for line, reply in zip(lines, replies, strict=True):
        assert isinstance(reply, dict) and "id" in reply and len(reply) == 2
        if len(line.removesuffix(b"\n")) > LONGEST_LINE:
            assert reply["error"]["code"] == "too_long"
        elif "error" in reply:
            assert reply["error"]["code"] == "bad_request" and reply["error"]["message"]
        elif "reply" in reply:
            assert set(reply["reply"]) == SCHEMA and reply["reply"]["kind"] in REPLY_KINDS
            assert reply["reply"]["text"].strip() and not CONTROL & set(reply["reply"]["text"])
            assert 0 <= reply["reply"]["confidence"] <= 1
        else:
            assert reply["ok"] is True


def _find_lines(data: bytes) -> Iterator[bytes]:
    return (line for line in io.BytesIO(data) if line.strip() or len(line.rstrip(b"\n")) > LONGEST_LINE)


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "text": read_text,
    "sign": read_sign,
    "intents": read_intents,
    "article": read_article,
    "model": read_model,
    "json": talk_json,
}
