"""A pack's folder: the files it is made of, and what tells whether they are as they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

from bot.errors import PackError
from bot.features import text_key

__all__ = ["Stamp", "find_files", "fingerprint", "require_folder", "shipped_root", "stamp"]

PIECE = 1 << 16
"""Bytes that are read at once."""

Stamp: TypeAlias = tuple[tuple[str, int, int], ...]
"""Name, time of change and size of every file of a pack."""


def shipped_root() -> Path:
    """The folder of the shipped pack: inside an installed package, or the checkout around it."""
    package = Path(__file__).resolve().parent
    inside = package / "_pack"
    return inside if inside.is_dir() else package.parent


def find_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Every file that a pack is read from, in order, and its name within it."""
    for folder, pattern in (("corpus", "*.txt"), ("intents", "lexicon.txt"), ("intents", "**/*.y*ml")):
        for path in sorted((root / folder).glob(pattern)):
            if path.suffix in (".txt", ".yaml", ".yml"):
                yield path, path.relative_to(root).as_posix()


def fingerprint(root: Path) -> str:
    """A hash of every file that `load_pack(root)` would read: 16 hex digits.

    It tells an edit (one in four thousand million goes unseen, if it leaves the file as long as it was), and is no
    seal: who may write to the pack may write anything.

    Raises PackError where there is no pack or a file cannot be read.
    """
    require_folder(root)
    seen, room = [], memoryview(bytearray(PIECE))
    for base in dict.fromkeys((root.resolve(), shipped_root())):
        for path, shown in find_files(base):
            try:
                size, check_sum = _sum_up(path, room)
            except OSError as error:
                raise _fault(shown, f"cannot be read: {error.strerror}", "check the file's rights") from None
            seen.append(f"{shown} {size} {check_sum}\n")
    return f"{text_key(seen):016x}"


def _sum_up(path: Path, room: memoryview) -> tuple[int, int]:
    """The size and the check sum of a file, read piece by piece into `room`, as memory never used takes longer."""
    size, check_sum = 0, 0
    with open(path, "rb", buffering=0) as file:
        while read := file.readinto(room):
            size, check_sum = size + read, crc32(room[:read], check_sum)
    return size, check_sum


def stamp(root: Path) -> Stamp:
    """The stamp of every file that `load_pack(root)` would read: cheap to take, and other after an edit."""
    found = []
    for base in dict.fromkeys((root.resolve(), shipped_root())):
        for path, _ in find_files(base):
            try:
                stat = path.stat()
                found.append((str(path), stat.st_mtime_ns, stat.st_size))
            except OSError:  # Just being replaced by an editor.
                found.append((str(path), 0, 0))
    return tuple(found)


def require_folder(root: Path) -> None:
    """Raise PackError where there is no pack."""
    if not (root / "intents").is_dir():
        fact = "this is no pack: it holds no folder intents/" if root.is_dir() else "there is no such folder"
        remedy = "name a folder that holds intents/ and, if you quote, corpus/"
        raise _fault(str(root), fact, remedy)


def _fault(file: str, fact: str, remedy: str) -> PackError:
    from bot.written import Problem  # noqa: PLC0415 (no answer needs it)

    return PackError([Problem(file, 1, 1, fact, remedy)])
