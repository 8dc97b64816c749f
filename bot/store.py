"""The model on disk: a JSON header and plain arrays.

It is never a pickle, so a hostile file can at worst be refused, and is written whole before it takes its name.
"""

from __future__ import annotations

import json
import os
from array import array
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from stat import S_ISREG
from typing import Any
from zlib import crc32

from bot.errors import ModelError
from bot.lexicon import Lexicon
from bot.model import VERSION, Calibration, Logistic, Mistake, Model
from bot.nouns import replace
from bot.sound import check_header, check_model
from bot.types import Article, Intent, LeftOut, Pack, Passage, Quote, Rule, Span, Talk

__all__ = ["load_model", "remove_parts", "save_model"]

_MAGIC = b"patient-guide model\n"
_ARRAYS: dict[str, Any] = {
    "example_keys": "Q",
    "learned_keys": "Q",
    "keys": "I",
    "idf": "f",
    "starts": "I",
    "intercepts": "f",
    "example_intents": "H",
    "classes": "H",
    "weights": "h",
}  # the widest first: each then starts where its numbers may lie, if the first does

WIDEST = 8
"""Bytes of the widest number. An array that starts at no multiple of its numbers' width, NumPy copies at every use."""

_PART = ".part"

LARGEST = 1 << 30
"""Bytes beyond which a file is none of ours, and is not read into memory to find out."""


def save_model(model: Model, path: Path) -> None:
    """Write the model whole beside `path`, then rename: no reader ever sees half a file. Raises OSError."""
    parts = {name: _to_bytes(code, getattr(model, name)) for name, code in _ARRAYS.items()}
    parts["lexicon"] = model.lexicon.lines
    header = {
        "version": VERSION,
        "fingerprint": model.pack.fingerprint,
        "learned_from": model.learned_from,
        "sizes": {name: len(part) for name, part in parts.items()},
        "scale": model.scale,
        "unknown_idf": model.unknown_idf,
        "calibration": _values(model.calibration),
        "mistakes": _values(model.mistakes),
        "vocabulary": model.vocabulary,
        "targets": model.targets,
        "pack": _pack_to_json(model.pack),
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(len(_MAGIC) + 12 + len(text)) % WIDEST)
    body = len(text).to_bytes(8, "little") + text + b"".join(parts.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.urandom(8).hex()}{_PART}")
    try:  # The name stands before the file does: an interrupt at any point finds what to remove.
        with ExitStack() as claim:
            with open(part, "xb", opener=partial(os.open, mode=0o600)) as file:
                _claim(file.fileno(), claim)
                file.write(_MAGIC + _check_sum(body) + body)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def remove_parts(folder: Path) -> None:
    """Remove what writers left behind that were killed; what is still being written stays."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.endswith(_PART):
                with suppress(OSError):  # One that another start has just removed, or that Windows holds open.
                    _remove_unclaimed(entry.path)


def _claim(handle: int, claim: ExitStack) -> None:
    """Lock a file that is being written until `claim` is closed. Of whoever is killed, the system takes it back."""
    with suppress(ImportError, OSError):  # Windows lets nobody remove an open file; some networks know no locks.
        import fcntl  # noqa: PLC0415 (only a build needs it)

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        claim.callback(os.close, os.dup(handle))  # A file is closed before it takes its name, and a lock with it.


def _remove_unclaimed(path: str) -> None:
    """Remove a file unless somebody writes it. Raises OSError."""
    with ExitStack() as claim, suppress(ImportError):
        import fcntl  # noqa: PLC0415 (as above)

        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        claim.callback(os.close, handle)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.unlink(path)


def _check_sum(body: bytes | memoryview) -> bytes:
    """What tells a whole file from a damaged one. It is no seal: who may write here may write anything."""
    return crc32(body).to_bytes(4, "little")


def _to_bytes(code: str, values: Any) -> bytes:
    same = isinstance(values, memoryview) and values.format == code
    return values.tobytes() if same else array(code, values).tobytes()


def load_model(path: Path, fingerprint: str, learned: str | None = None) -> Model:
    """Read a stored model of the pack with this fingerprint, or one that learned from the same as `learned`.

    Raises ModelError for anything else.
    """
    try:
        raw = _read(path)
        start, body = len(_MAGIC), memoryview(raw)[len(_MAGIC) + 4 :]
        if raw[:start] != _MAGIC or _check_sum(body) != raw[start : start + 4]:
            raise ModelError(f"{path}: not a whole model file")
        size = int.from_bytes(body[:8], "little")
        header = json.loads(bytes(body[8 : 8 + size]))
        if not isinstance(header, dict) or header.get("version") != VERSION:
            raise ModelError(f"{path}: of another version")
        check_header(header, len(body) - 8 - size)
        if (header["fingerprint"] != fingerprint) if learned is None else (header["learned_from"] != learned):
            raise ModelError(f"{path}: of another pack")
        model = _to_model(header, raw, start + 12 + size)
        check_model(model)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from None
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: {error}") from None
    return model


def _read(path: Path) -> bytes:
    """The bytes of a file; of what is no file, such as a pipe that nobody writes to, none. Raises OSError."""
    stat = path.stat()
    return path.read_bytes() if S_ISREG(stat.st_mode) and stat.st_size <= LARGEST else b""


def _to_model(header: dict[str, Any], raw: bytes, at: int) -> Model:
    """The model whose arrays begin in `raw` at a place."""
    arrays: dict[str, Any] = {}
    data = memoryview(raw)
    for name, code in _ARRAYS.items():
        end = at + header["sizes"][name]
        arrays[name] = data[at:end].cast(code)
        at = end
    return Model(
        pack=_pack_from_json(header["pack"]),
        scale=header["scale"],
        vocabulary=header["vocabulary"],
        targets=header["targets"],
        unknown_idf=header["unknown_idf"],
        calibration=_calibration(header["calibration"]),
        mistakes=tuple(Mistake(*values) for values in header["mistakes"]),
        learned_from=header["learned_from"],
        lexicon=Lexicon(raw, len(raw) - header["sizes"]["lexicon"]),
        **arrays,
    )


def _calibration(values: list[Any]) -> Calibration:
    names = dict(zip(Calibration.__match_args__, values, strict=True))
    for name in ("right", "within"):
        if names[name]:
            means, scales, weights, intercept = names[name]
            names[name] = Logistic(tuple(means), tuple(scales), tuple(weights), intercept)
    names["kind_shares"] = tuple(names["kind_shares"])
    names["reliability"] = tuple(map(tuple, names["reliability"]))
    return Calibration(**names)


def _values(thing: Any) -> list[Any]:
    """A dataclass as the list of its fields, those inside it too."""
    if isinstance(thing, (list, tuple)):
        return [_values(item) for item in thing]
    if hasattr(thing, "__match_args__"):
        return [_values(getattr(thing, name)) for name in thing.__match_args__]
    return thing  # type: ignore[no-any-return]


def _pack_to_json(pack: Pack) -> dict[str, Any]:
    """The pack without its examples, which serving does not need, and its lexicon, which is stored apart."""
    return {
        "name": pack.name,
        "fingerprint": pack.fingerprint,
        "articles": [_values(article) for article in pack.articles.values()],
        "intents": [_values(replace(intent, examples=())) for intent in pack.intents.values()],
        "synonyms": dict(pack.synonyms),
        "wording": dict(pack.wording),
        "talk": [{k: list(v) for k, v in pack.talk.follow_ups.items()}, *_values(pack.talk)[1:]],
        "rules": [_values(rule) for rule in pack.rules],
        "rule_index": pack.rule_index,
        "talk_index": pack.talk_index,
        "cards": dict(pack.cards),
        "referral": _values(pack.referral) if pack.referral else None,
        "first": list(pack.first),
    }


def _span(values: list[int] | None) -> Span | None:
    return Span(*values) if values else None


def _quote(values: list[Any]) -> Quote:
    article, passage, start, end, lead = values
    return Quote(article, passage, start, end, _span(lead))


def _article(values: list[Any]) -> Article:
    names = dict(zip(Article.__match_args__, values, strict=True))
    names["subjects"] = tuple(names["subjects"])
    names["passages"] = tuple(map(_passage, names["passages"]))
    names["left_out"] = tuple(LeftOut(*left) for left in names["left_out"])
    return Article(**names)


def _passage(values: list[Any]) -> Passage:
    names = dict(zip(Passage.__match_args__, values, strict=True))
    names["sentences"] = tuple(Span(*sentence) for sentence in names["sentences"])
    names["lead_in"] = _span(names["lead_in"])
    return Passage(**names)


def _intent(values: list[Any]) -> Intent:
    name, kind, question, _, quotes, reply, nexts, *rest = values
    return Intent(name, kind, question, (), tuple(map(_quote, quotes)), reply, tuple(nexts), *rest)


def _talk(values: list[Any]) -> Talk:
    names = dict(zip(Talk.__match_args__, values, strict=True))
    names["follow_ups"] = {name: tuple(signs) for name, signs in names["follow_ups"].items()}
    for name in ("other", "all_articles", "joins", "openers", "fillers", "every"):
        names[name] = tuple(names[name])
    for name in ("places", "subjects", "stand_ins"):
        names[name] = tuple(map(tuple, names[name]))
    return Talk(**names)


def _pack_from_json(data: dict[str, Any]) -> Pack:
    articles, intents = map(_article, data["articles"]), map(_intent, data["intents"])
    return Pack(
        name=data["name"],
        fingerprint=data["fingerprint"],
        articles={article.id: article for article in articles},
        intents={intent.name: intent for intent in intents},
        synonyms=data["synonyms"],
        wording=data["wording"],
        talk=_talk(data["talk"]),
        rules=tuple(Rule(r[0], r[1], tuple(r[2]), tuple(r[3])) for r in data["rules"]),
        rule_index=data["rule_index"],
        talk_index=data["talk_index"],
        cards=data["cards"],
        referral=_quote(data["referral"]) if data["referral"] else None,
        first=tuple(data["first"]),
    )
