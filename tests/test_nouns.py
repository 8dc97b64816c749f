"""The frozen dataclasses of what a first answer needs, beside the standard library's."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import sys
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

from bot import nouns
from bot.types import Block, Decision, Lead, Reply

MAKERS = [pytest.param(nouns.dataclass, id="ours"), pytest.param(dataclasses.dataclass, id="the standard library's")]


def make(dataclass: Callable[..., Any], **flags: bool) -> Any:
    @dataclass(frozen=True, **flags)
    class Place:
        """Somewhere."""

        room: str
        floor: int = 0
        beside: tuple[Any, ...] = ()

        @property
        def sign(self) -> str:
            return f"{self.room}, floor {self.floor}"

    return Place


@pytest.mark.parametrize("slots", [False, True])
@pytest.mark.parametrize("dataclass", MAKERS)
def test_both_do_the_same(dataclass: Callable[..., Any], slots: bool) -> None:
    place = make(dataclass, slots=slots)
    gym = place("gym", beside=(place("hall"),))
    assert repr(gym) == f"make.<locals>.Place(room='gym', floor=0, beside=({place('hall')!r},))"
    assert gym == place("gym", 0, (place("hall"),)) and hash(gym) == hash(place("gym", 0, (place("hall"),)))
    assert gym != place("gym") and gym != make(dataclass, slots=slots)("gym", beside=(place("hall"),))
    assert gym != ("gym", 0, (place("hall"),))
    assert gym.sign == "gym, floor 0" and place.__doc__ == "Somewhere."
    assert nouns.replace(gym, floor=2) == dataclasses.replace(gym, floor=2) == place("gym", 2, gym.beside)
    assert dataclasses.is_dataclass(gym) and dataclasses.asdict(place("gym")) == {
        "room": "gym",
        "floor": 0,
        "beside": (),
    }
    assert [(f.name, f.default, f.type) for f in dataclasses.fields(place)][1:] == [
        ("floor", 0, "int"),
        ("beside", (), "tuple[Any, ...]"),
    ]
    assert dataclasses.fields(place)[0].default is dataclasses.MISSING
    assert list(inspect.signature(place).parameters) == ["room", "floor", "beside"]
    assert copy.copy(gym) == copy.deepcopy(gym) == gym
    assert sys.version_info < (3, 13) or copy.replace(gym, floor=2) == place("gym", 2, gym.beside)
    assert hasattr(gym, "__dict__") is not slots
    match gym:
        case place(room, 0):
            assert room == "gym"
        case _:
            pytest.fail("it does not match")


@pytest.mark.parametrize("dataclass", MAKERS)
def test_neither_can_be_changed_nor_made_in_part(dataclass: Callable[..., Any]) -> None:
    place = make(dataclass, slots=True)
    gym = place("gym")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'floor'"):
        gym.floor = 1
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'room'"):
        del gym.room
    with pytest.raises(TypeError, match=r"Place.__init__\(\) missing 1 required positional argument: 'room'"):
        place()
    for change in (nouns.replace, dataclasses.replace):
        with pytest.raises(TypeError, match="unexpected keyword argument 'roof'"):
            change(gym, roof=1)


@pytest.mark.parametrize("dataclass", MAKERS)
def test_without_eq_each_is_itself_alone(dataclass: Callable[..., Any]) -> None:
    place = make(dataclass, eq=False)
    assert place("gym") != place("gym") and len({place("gym"), place("gym")}) == 2


@pytest.mark.parametrize("dataclass", MAKERS)
def test_what_inherits_from_one_holds_the_same(dataclass: Callable[..., Any]) -> None:
    base = make(dataclass, eq=False)
    below = type("Below", (base,), {"__doc__": "Further down."})
    assert [f.name for f in dataclasses.fields(below)] == ["room", "floor", "beside"]
    assert below("gym").sign == "gym, floor 0" and dataclasses.replace(below("gym"), floor=1).floor == 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Longer(Lead):
    note: str = ""


def test_what_a_user_adds_is_copied_too() -> None:
    lead = Longer("Ice", 0, 3, note="cold")
    assert copy.copy(lead) == copy.deepcopy(lead) == pickle.loads(pickle.dumps(lead)) == lead
    assert copy.copy(lead).note == "cold"


@pytest.mark.parametrize(
    "body",
    [
        {"__annotations__": {"rows": "list"}, "rows": []},
        {"__annotations__": {"rows": "list"}, "rows": dataclasses.field(default_factory=list)},
        {"__annotations__": {"rows": "list"}, "__post_init__": lambda self: None},
    ],
)
def test_what_does_more_than_hold_is_refused(body: dict[str, Any]) -> None:
    for bases in ((), (Lead,)):
        with pytest.raises(TypeError, match="needs the standard library's"):
            nouns.dataclass(frozen=True)(type("More", bases, {**body, "__module__": __name__}))


def test_what_is_not_frozen_is_no_noun() -> None:
    with pytest.raises(TypeError, match="frozen"):
        nouns.dataclass(frozen=False)


def test_what_comes_back_can_be_sent_elsewhere_and_looked_into() -> None:
    reply = Reply("smalltalk", "Hello.", blocks=(Block("words", "Hello."),))
    assert pickle.loads(pickle.dumps(reply)) == reply
    assert dataclasses.asdict(reply)["blocks"] == ({"kind": "words", "text": "Hello.", "source": ""},)
    assert [*get_type_hints(Reply)] == [field.name for field in dataclasses.fields(Reply)]
    assert [*get_type_hints(Reply.__init__)] == [*inspect.signature(Reply).parameters, "return"]
    assert Reply.__init__.__module__ == Reply.__module__ == "bot.types"
    assert dataclasses.replace(Decision("answer"), alarm=True).alarm
