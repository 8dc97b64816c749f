"""A JSON Schema of the files of `intents/`, by which an editor completes and marks them while they are typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.intents import FOLLOW_UPS, KINDS, LISTS, REPLY_KINDS, WARNINGS
from bot.pack import WORDING

__all__ = ["to_schema"]

Schema = dict[str, Any]


def to_schema() -> Schema:
    """The schema (draft 2020-12) as a JSON object. It cannot see what only a whole pack shows."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A file of a pack's intents",
        **_keys(
            intents=_list(_intent(), "What people may want, and what they are answered"),
            tests=_list(_test(), "What must go on being answered so"),
            synonyms={"type": "object", "additionalProperties": _TEXT, "description": "Typed words: what is read"},
            wording=_wording(),
            safety=_safety(),
            clinic=_clinic(),
        ),
    }


def _text(description: str) -> Schema:
    return {"type": ["string", "number", "boolean"], "description": description}


_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_LINES: Schema = {"oneOf": [{"type": "string"}, {"type": "array", "items": _TEXT}]}
_QUOTE: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["quote"],
    "properties": {
        "quote": _text("A stretch copied from an article, to the end of its sentence"),
        "article": _text("The article's name, where more than one holds the stretch"),
    },
}


def _keys(required: Iterable[str] = (), **keys: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": keys}


def _list(item: Schema, description: str) -> Schema:
    return {"type": "array", "items": item, "description": description}


def _lines(description: str) -> Schema:
    return {**_LINES, "description": description}


def _one_of(names: Iterable[str], description: str) -> Schema:
    return {"enum": list(names), "description": description}


def _intent() -> Schema:
    return _keys(
        required=("intent", "examples"),
        intent=_text("A name, unique in the pack: small letters and underscores"),
        kind=_one_of(KINDS, "What is done about it; answer, if it is left out"),
        question=_text("How it reads in a menu"),
        examples=_lines("What people say: a block | of lines that start with a dash"),
        answer=_list(_QUOTE, "The quotes that answer it, the best first"),
        reply=_text("An answer in words of your own, in place of quotes"),
        next=_lines("The names of intents worth asking about next"),
        does=_one_of(FOLLOW_UPS, "What small talk carries out where there is something to go on from"),
        card=_text("The safety card of an urgent intent"),
    )


def _test() -> Schema:
    turn = {
        "ask": _text("What a visitor types"),
        "kind": _one_of(REPLY_KINDS, "The kind of the reply"),
        "intent": _text("The intent that must be understood"),
        "cites": _lines("Words that must stand in the quotes"),
        "says": _lines("Words that must stand in the reply"),
        "never": _lines("Words that must not stand in the reply"),
    }
    talk = _list(_keys(required=("ask",), **turn), "A conversation: its questions in turn")
    return {"oneOf": [_keys(required=("ask",), **turn), _keys(required=("talk",), talk=talk)]}


def _wording() -> Schema:
    said = {key: _text("May name " + ", ".join(f"{{{n}}}" for n in sorted(names))) for key, names in WORDING.items()}
    understood = {key: _lines("Understood, not said: a line each") for key in LISTS}
    return _keys(**said, **understood, follow_ups=_keys(**dict.fromkeys(FOLLOW_UPS, _LINES)))


def _safety() -> Schema:
    rule = _keys(
        required=("flag", "card", "when"),
        flag=_text("A name for the danger"),
        card=_text("The card that is shown"),
        when=_lines("Signs of it, such as chest ... (pain|hurts)"),
        unless=_lines("What makes a sign harmless"),
    )
    named = {"type": "object", "additionalProperties": _TEXT}
    return _keys(
        cards={**named, "description": "The safety cards by name; each must give a number to call"},
        words={**named, "description": "Groups of words by name, for use in signs"},
        rules=_list(rule, "Red flags"),
        unless=_lines("What makes every sign harmless: {sign} stands for the sign"),
    )


def _clinic() -> Schema:
    accepted = _keys(
        required=("warning", "because"),
        warning=_one_of(WARNINGS, "The kind of warning"),
        about=_lines("The example or the intents it is about; all of the kind, if left out"),
        because=_text("Why it may stand"),
    )
    return _keys(
        name=_text("The clinic's name"),
        country=_text("Where its emergency numbers answer, such as US"),
        numbers={"type": "object", "additionalProperties": _TEXT, "description": "Numbers to call, by name"},
        refer=_QUOTE,
        first=_lines("Intents to offer to somebody who has asked nothing yet"),
        accepted=_list(accepted, "Warnings of check that were looked at and may stand"),
    )
