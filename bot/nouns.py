"""Frozen dataclasses that cost a start next to nothing.

The standard library compiles six methods for each class, and imports what few of its users need: a third of a first
answer. Here one is compiled, and the others are shared. To a type checker they are the standard library's own;
`dataclasses.fields`, `replace` and `asdict` find a description of them that is made then. What no first answer needs
takes the standard library's.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # As in arguments.py.
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, replace
    from typing import Any

__all__ = ["dataclass", "replace"]


class _Noun:
    """What all of them do alike; `__match_args__` are the names of a class's fields."""

    __slots__ = ()
    __match_args__ = ()  # type: tuple[str, ...]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__qualname__}({fields})"

    def __setattr__(self, name: str, value: object) -> None:
        from dataclasses import FrozenInstanceError  # noqa: PLC0415 (a mistake that no answer makes)

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        from dataclasses import FrozenInstanceError  # noqa: PLC0415 (as above)

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __replace__(self, **changes: Any) -> Any:  # For `copy.replace`, from Python 3.13 on.
        return replace(self, **changes)  # type: ignore[type-var]

    def __getstate__(self) -> list[Any]:
        return [getattr(self, name) for name in _fields(self)]

    def __setstate__(self, state: list[Any]) -> None:
        for name, value in zip(_fields(self), state, strict=True):
            object.__setattr__(self, name, value)


class _Value(_Noun):
    """What those do besides that are the same where they hold the same."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return _values(self) == _values(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(_values(self))


def _fields(noun: Any) -> dict[str, Any]:
    """With those that a class below has besides, as the standard library sees them."""
    return noun.__dataclass_fields__  # type: ignore[no-any-return]


def _values(noun: Any) -> tuple[Any, ...]:
    return tuple([getattr(noun, name) for name in noun.__match_args__])


class _Description:
    """What the standard library knows of its dataclasses, found out for one class when it is asked for."""

    def __set_name__(self, owner: Any, name: str) -> None:
        self._owner, self._name = owner, name

    def __get__(self, instance: object, owner: type) -> Any:
        from dataclasses import field, make_dataclass  # noqa: PLC0415 (no answer needs it)

        noun = self._owner
        names, defaults = noun.__match_args__, noun.__init__.__defaults__ or ()
        given = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
        fields = [
            (name, noun.__annotations__[name], field(default=given[name]) if name in given else field())
            for name in names
        ]
        is_value, has_slots = issubclass(noun, _Value), bool(noun.__slots__)
        same = make_dataclass(noun.__name__, fields, frozen=True, eq=is_value, slots=has_slots)
        found = getattr(same, self._name)
        setattr(noun, self._name, found)
        return found


if not TYPE_CHECKING:

    def dataclass(*, frozen: bool, slots: bool = False, eq: bool = True) -> Callable[[type], type]:
        """As `dataclasses.dataclass`, for classes that are frozen and inherit nothing.

        >>> @dataclass(frozen=True, slots=True)
        ... class Room:
        ...     name: str
        ...     floor: int = 0
        >>> Room("gym"), Room("gym") == Room("gym", 0), replace(Room("gym"), floor=1).floor
        (Room(name='gym', floor=0), True, 1)
        """
        if not frozen:
            raise TypeError("a noun is frozen")
        return lambda cls: _freeze(cls, _Value if eq else _Noun, slots)

    def replace(noun: Any, **changes: Any) -> Any:
        """As `dataclasses.replace`."""
        return type(noun)(**{name: getattr(noun, name) for name in noun.__match_args__} | changes)


def _freeze(cls: type, base: type, slots: bool) -> type:
    names = tuple(cls.__annotations__)
    own = {name: thing for name, thing in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    given: dict[str, Any] = {f"_{name}": own.pop(name) for name in names if name in own}
    is_plain = all(default.__hash__ and type(default).__module__ != "dataclasses" for default in given.values())
    if cls.__bases__ != (object,) or "__post_init__" in own or not is_plain:
        raise TypeError(f"{cls.__name__} needs the standard library's dataclass: it inherits, or does more than hold")
    takes = ", ".join(f"{name}=_{name}" if f"_{name}" in given else name for name in names)
    steps = "".join(f"\n  set_to(self, {name!r}, {name})" for name in names)
    made: dict[str, Any] = {}
    source = f"def make(set_to, {', '.join(given)}):\n def __init__(self, {takes}):{steps}\n return __init__"
    exec(source, vars(sys.modules[cls.__module__]), made)
    init = made["make"](object.__setattr__, **given)
    init.__annotations__, init.__qualname__ = {**cls.__annotations__, "return": None}, f"{cls.__qualname__}.__init__"
    own |= {"__init__": init, "__match_args__": names, "__qualname__": cls.__qualname__}
    own |= {"__dataclass_fields__": _Description(), "__dataclass_params__": _Description()}
    own |= {"__slots__": names} if slots else {}
    return type(cls.__name__, (base,), own)
