"""A stored model taken apart, and ways to spoil it that keep its check sum right."""

from __future__ import annotations

import json
import random
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

__all__ = ["DAMAGES", "HOSTILE_ARRAYS", "HOSTILE_HEADERS", "Stored"]

MAGIC = b"patient-guide model\n"
CODES = {"Q": "example_keys learned_keys", "I": "keys starts", "f": "idf intercepts", "H": "example_intents classes"}


@dataclass
class Stored:
    """The header of a stored model, its parts, and what is written in place of the header's text and its length."""

    header: Any
    parts: dict[str, bytes]
    text: bytes | None = None
    length: int | None = None

    @staticmethod
    def read(raw: bytes) -> Stored:
        body = raw[len(MAGIC) + 4 :]
        at = 8 + int.from_bytes(body[:8], "little")
        header, parts = json.loads(body[8:at]), {}
        for name, size in header["sizes"].items():
            parts[name] = body[at : at + size]
            at += size
        return Stored(header, parts)

    def write(self) -> bytes:
        text = json.dumps(self.header, ensure_ascii=False).encode() if self.text is None else self.text
        length = len(text) if self.length is None else self.length
        return seal(length.to_bytes(8, "little") + text + b"".join(self.parts.values()))

    def numbers(self, name: str) -> Any:
        code = next((code for code, names in CODES.items() if name in names.split()), "h")
        return array(code, self.parts[name])

    def put(self, name: str, numbers: Any) -> None:
        """Numbers in place of those of an array, its size in the header with it."""
        self.parts[name] = numbers.tobytes()
        self.header["sizes"][name] = len(self.parts[name])


def seal(body: bytes) -> bytes:
    return MAGIC + crc32(body).to_bytes(4, "little") + body


# --- damage that the check sum tells -----------------------------------------------------------------


def cut_off(raw: bytes, draw: random.Random) -> bytes:
    return raw[: draw.randrange(len(raw))]


def flip_a_bit(raw: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << draw.randrange(8)]) + raw[at + 1 :]


def blank_a_stretch(raw: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(24, len(raw) - 64)
    return raw[:at] + b"\xff" * 64 + raw[at + 64 :]


def append_a_stretch(raw: bytes, draw: random.Random) -> bytes:
    return raw + draw.randbytes(draw.randint(1, 9000))


def replace_by_noise(raw: bytes, draw: random.Random) -> bytes:
    return draw.randbytes(draw.randint(0, 9000))


def replace_all_but_the_mark_by_noise(raw: bytes, draw: random.Random) -> bytes:
    return seal(draw.randbytes(draw.randint(0, 9000)))


DAMAGES = (
    cut_off,
    flip_a_bit,
    blank_a_stretch,
    append_a_stretch,
    replace_by_noise,
    replace_all_but_the_mark_by_noise,
)


# --- headers -----------------------------------------------------------------------------------------


def _leaves(thing: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in lists and objects: what holds it, and its key there."""
    for key in thing if isinstance(thing, dict) else range(len(thing)):
        yield thing, key
        if isinstance(thing[key], (dict, list)):
            yield from _leaves(thing[key])


def _pick(
    stored: Stored, draw: random.Random, is_wanted: Callable[[Any], bool] = lambda value: True
) -> tuple[Any, Any]:
    """A place anywhere in the header; those in a long list are as likely, all together, as any other."""
    part = draw.choice([name for name in stored.header if _has(stored.header, name, is_wanted)])
    if part == "pack":
        pack = stored.header["pack"]
        part = draw.choice([name for name in pack if _has(pack, name, is_wanted)])
        return draw.choice(
            [place for place in _leaves({part: pack[part]}) if is_wanted(place[0][place[1]])][1:] or [(pack, part)]
        )
    inside = [place for place in _leaves({part: stored.header[part]}) if is_wanted(place[0][place[1]])]
    holder, key = draw.choice(inside)
    return (stored.header, part) if len(holder) == 1 and key == part else (holder, key)


def _has(holder: Any, name: str, is_wanted: Callable[[Any], bool]) -> bool:
    return any(is_wanted(place[0][place[1]]) for place in _leaves({name: holder[name]}))


def put_another_type(stored: Stored, draw: random.Random) -> None:
    holder, key = _pick(stored, draw)
    old = holder[key]
    junk: list[Any] = ["junk", 7, True, [7, "junk", None], {"junk": {}}]
    same = (int, float) if isinstance(old, float) else (list,) if old is None else (type(old),)
    holder[key] = draw.choice([other for other in junk if type(other) not in same])


def put_no_number(stored: Stored, draw: random.Random) -> None:
    holder, key = _pick(stored, draw, lambda value: isinstance(value, float))
    holder[key] = draw.choice([float("nan"), float("inf"), float("-inf")])


def nest_junk(stored: Stored, draw: random.Random) -> None:
    holder, key = _pick(stored, draw)
    for _ in range(draw.randint(2, 400)):
        holder[key] = [holder[key]] if draw.random() < 0.5 else {"x": holder[key]}


def leave_a_field_out(stored: Stored, draw: random.Random) -> None:
    holder = draw.choice([stored.header, stored.header["pack"], stored.header["sizes"]])
    del holder[draw.choice(sorted(holder))]


def leave_a_part_of_a_row_out(stored: Stored, draw: random.Random) -> None:
    pack = stored.header["pack"]
    rows = [pack["articles"], pack["intents"], pack["rules"], [pack["talk"]], [stored.header["calibration"]]]
    row = draw.choice(draw.choice(rows))
    del row[draw.randrange(len(row))]


def put_wrong_size(stored: Stored, draw: random.Random) -> None:
    sizes = stored.header["sizes"]
    name = draw.choice(sorted(sizes))
    sizes[name] = draw.choice([-1, -sizes[name], 0, sizes[name] + draw.choice([-8, -1, 1, 8]), 1 << 62, 10**30])


def shift_sizes(stored: Stored, draw: random.Random) -> None:
    sizes = stored.header["sizes"]
    one, other = draw.sample([name for name in sizes if name != "lexicon"], 2)
    by = 8 * draw.randint(1, 9)
    sizes[one], sizes[other] = sizes[one] - by, sizes[other] + by


def put_wrong_length(stored: Stored, draw: random.Random) -> None:
    stored.length = draw.choice([0, 1, draw.randrange(10_000), (1 << 64) - 1, 1 << 63])


def nest_too_deep(stored: Stored, draw: random.Random) -> None:
    depth = draw.randint(100_000, 1_000_000)
    stored.text = draw.choice([b"[" * depth, b'{"a":' * depth, b"[" * depth + b"]" * depth])


def put_endless_number(stored: Stored, draw: random.Random) -> None:
    stored.text = b'{"version":' + b"9" * draw.randint(5_000, 100_000) + b"}"


def put_no_object(stored: Stored, draw: random.Random) -> None:
    stored.text = draw.choice([b"null", b"[]", b"3", b'"x"', b"NaN", b"", b"\xff\xfe", b"{}", b"true"])


def put_other_version(stored: Stored, draw: random.Random) -> None:
    stored.header["version"] += draw.choice([-1, 1, 1 << 70])


def quote_what_is_not_there(stored: Stored, draw: random.Random) -> None:
    pack = stored.header["pack"]
    quotes = [quote for intent in pack["intents"] for quote in intent[4]]
    quote = draw.choice(quotes)
    place, value = draw.choice([(0, "nothing"), (1, "nothing"), (2, -5), (3, 10**9), (2, 10**30), (3, 0)])
    quote[place] = value


def lead_to_what_is_not_there(stored: Stored, draw: random.Random) -> None:
    pack = stored.header["pack"]
    intent = draw.choice(pack["intents"])
    draw.choice([intent[6], pack["first"]]).append("nothing")


def name_no_kind(stored: Stored, draw: random.Random) -> None:
    draw.choice(stored.header["pack"]["intents"])[1] = draw.choice(["", "nothing", "ANSWER"])


def leave_an_intent_out(stored: Stored, draw: random.Random) -> None:
    intents = stored.header["pack"]["intents"]
    del intents[draw.randrange(len(intents))]


HOSTILE_HEADERS = (
    put_another_type,
    put_no_number,
    nest_junk,
    leave_a_field_out,
    leave_a_part_of_a_row_out,
    put_wrong_size,
    shift_sizes,
    put_wrong_length,
    nest_too_deep,
    put_endless_number,
    put_no_object,
    put_other_version,
    quote_what_is_not_there,
    lead_to_what_is_not_there,
    name_no_kind,
    leave_an_intent_out,
)


# --- numbers -----------------------------------------------------------------------------------------


def shuffle_starts(stored: Stored, draw: random.Random) -> None:
    starts = stored.numbers("starts")
    inner = list(starts[1:-1])
    draw.shuffle(inner)
    stored.put("starts", array("I", [starts[0], *inner, starts[-1]]))


def put_huge_starts(stored: Stored, draw: random.Random) -> None:
    starts = stored.numbers("starts")
    stored.put("starts", array("I", [starts[0], *([(1 << 32) - 1] * (len(starts) - 2)), starts[-1]]))


def put_first_start_elsewhere(stored: Stored, draw: random.Random) -> None:
    starts = stored.numbers("starts")
    starts[0] = draw.randint(1, (1 << 32) - 1)
    stored.put("starts", starts)


def put_last_start_elsewhere(stored: Stored, draw: random.Random) -> None:
    starts = stored.numbers("starts")
    starts[-1] = draw.choice([0, starts[-1] - 1, starts[-1] + 1, (1 << 32) - 1])
    stored.put("starts", starts)


def put_classes_out_of_range(stored: Stored, draw: random.Random) -> None:
    count = len(stored.numbers("intercepts"))
    stored.put("classes", array("H", [draw.randint(count, 65535) for _ in stored.numbers("classes")]))


def put_examples_out_of_range(stored: Stored, draw: random.Random) -> None:
    count = len(stored.header["pack"]["intents"])
    stored.put("example_intents", array("H", [draw.randint(count, 65535) for _ in stored.numbers("example_intents")]))


def put_no_numbers(stored: Stored, draw: random.Random) -> None:
    name, value = draw.choice(["idf", "intercepts"]), draw.choice([float("nan"), float("inf"), float("-inf")])
    stored.put(name, array("f", [value] * len(stored.numbers(name))))


def leave_numbers_out(stored: Stored, draw: random.Random) -> None:
    name = draw.choice(["keys", "idf", "starts", "intercepts", "example_keys", "example_intents", "classes", "weights"])
    stored.put(name, stored.numbers(name)[: -draw.randint(1, 4)])


def spoil_the_lexicon(stored: Stored, draw: random.Random) -> None:
    stored.parts["lexicon"] = b"\xff" * len(stored.parts["lexicon"])


HOSTILE_ARRAYS = (
    shuffle_starts,
    put_huge_starts,
    put_first_start_elsewhere,
    put_last_start_elsewhere,
    put_classes_out_of_range,
    put_examples_out_of_range,
    put_no_numbers,
    leave_numbers_out,
    spoil_the_lexicon,
)
