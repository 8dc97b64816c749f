"""Imports run one way, and each heavy library has one room."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

BOT = Path(__file__).parent.parent / "bot"
FLOORS = [
    {"types", "errors"},
    {"text", "plain", "signs", "speller", "lexicon", "features"},
    {"nodes", "header", "files", "corpus", "intents", "quotes", "pack"},
    {"safety", "sources", "model", "mistakes", "calibrate", "train", "patch"},
    {"cache", "understand", "compose", "context", "session", "offers", "followups"},
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
    },
    {"arguments", "commands", "doors", "outcome"},
    {"cli", "__init__", "__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
LEARNERS = {"train", "calibrate", "mistakes", "patch"}
ROOMS = {
    "sklearn": LEARNERS,
    "scipy": LEARNERS,
    "numpy": LEARNERS,
    "yaml": {"nodes"},
    "prompt_toolkit": {"prompt", "pasting"},
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", sorted(BOT.glob("*.py")), ids=lambda path: path.stem)
def test_a_room_imports_its_own_floor_or_lower(path: Path) -> None:
    assert path.stem in FLOOR, "give the new room a floor"
    for name in imports(path):
        package, _, room = name.partition(".")
        if package == "bot" and room:
            assert FLOOR[room] <= FLOOR[path.stem], f"{path.stem} imports {room}, which is above it"
        assert path.stem in ROOMS.get(package, {path.stem}), f"{package} belongs in {ROOMS.get(package)}"


def test_only_the_doors_print() -> None:
    for path in BOT.glob("*.py"):
        calls = (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call))
        prints = any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls)
        assert not prints or FLOOR[path.stem] >= 6, f"{path.stem} prints"
