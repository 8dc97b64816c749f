"""Imports run one way, and each heavy library has one room."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

BOT = Path(__file__).parent.parent / "bot"
FLOORS = [
    {"text", "types", "nouns", "written", "errors", "size"},
    {"plain", "signs", "speller", "lexicon", "features", "folder"},
    {"nodes", "header", "files", "corpus", "intents", "quotes", "pack"},
    {
        "safety",
        "sources",
        "model",
        "sound",
        "store",
        "lessons",
        "mistakes",
        "describe",
        "learner",
        "examples",
        "calibrate",
        "train",
        "patch",
    },
    {"vectors", "cache", "understand", "compose", "context", "session", "offers", "followups"},
    {"engine"},
    {
        "render",
        "topics",
        "check",
        "lint",
        "leaks",
        "new",
        "schema",
        "live",
        "update",
        "labelled",
        "bench",
        "growth",
        "evaluate",
        "contents",
        "explain",
        "report",
        "jsonl",
        "chat",
        "completion",
        "console",
        "pasting",
        "prompt",
        "visit",
        "importing",
        "foreign",
        "stats",
        "kiosk",
        "kiosk.visits",
        "kiosk.pages",
        "kiosk.guard",
        "kiosk.app",
        "kiosk.server",
    },
    {"arguments", "commands", "doors", "outcome"},
    {"cli", "__init__", "__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
LEARNERS = {"bench", "growth", "train", "describe", "learner", "examples", "calibrate", "mistakes", "patch"}
KIOSK = {"kiosk.visits", "kiosk.pages", "kiosk.guard", "kiosk.app", "kiosk.server"}
ROOMS = {
    "sklearn": LEARNERS,
    "scipy": LEARNERS,
    "numpy": {*LEARNERS, "vectors"},
    "yaml": {"nodes"},
    "prompt_toolkit": {"prompt", "pasting"},
    "starlette": KIOSK,
    "jinja2": {"kiosk.pages"},
    "uvicorn": {"kiosk.server"},
    "h11": {"kiosk.server"},
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def name_room(path: Path) -> str:
    name = ".".join(path.relative_to(BOT).with_suffix("").parts)
    return name if name == "__init__" else name.removesuffix(".__init__")


@pytest.mark.parametrize("path", sorted(BOT.rglob("*.py")), ids=name_room)
def test_a_room_imports_its_own_floor_or_lower(path: Path) -> None:
    here = name_room(path)
    assert here in FLOOR, "give the new room a floor"
    for name in imports(path):
        package, _, room = name.partition(".")
        if package == "bot" and room:
            assert FLOOR[room] <= FLOOR[here], f"{here} imports {room}, which is above it"
        assert here in ROOMS.get(package, {here}), f"{package} belongs in {ROOMS.get(package)}"


def test_only_the_doors_print() -> None:
    for path in BOT.rglob("*.py"):
        calls = (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call))
        prints = any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls)
        assert not prints or FLOOR[name_room(path)] > FLOOR["engine"], f"{name_room(path)} prints"
