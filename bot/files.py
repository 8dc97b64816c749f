"""Text files of a pack, read and written whole, with what went wrong as a problem."""

from __future__ import annotations

import os
from pathlib import Path

from bot.errors import PackError
from bot.header import split_header
from bot.written import Problem

__all__ = ["read_article_file", "write_whole"]


def read_article_file(path: Path) -> tuple[str, str]:
    """The header of a file, "" where it has none, and the text below it. Raises PackError."""
    try:
        raw = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fact = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"cannot be read: {error.strerror}"
        remedy = "save the article's text as a plain text file, in UTF-8"
        raise PackError([Problem(str(path), 1, 1, fact, remedy)]) from None
    head, body = split_header(raw) or ("", raw)
    if not body.strip():
        raise PackError([Problem(str(path), 1, 1, "the file holds no text", "paste the article's text into it")])
    return head, body


def write_whole(path: Path, text: str) -> None:
    """Write a file beside its place, then rename it: nobody ever sees half of it. Raises PackError."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="")
        os.replace(part, path)
    except OSError as error:
        fact = f"cannot be written: {error.strerror}"
        remedy = f"check the rights on the folder {path.parent.name}/"
        raise PackError([Problem(str(path), 1, 1, fact, remedy)]) from None
