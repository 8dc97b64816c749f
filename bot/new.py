"""New files of a pack: commented, valid, and never written over one that is there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.corpus import parse_article
from bot.errors import PackError
from bot.files import read_article_file, write_whole
from bot.folder import shipped_root
from bot.header import KEYS, read_header, write_header
from bot.intents import read_content
from bot.pack import load_pack
from bot.schema import to_schema
from bot.types import Article
from bot.written import Problem

__all__ = ["NewArticle", "create_intent", "create_pack", "plan_article", "write_new"]

TEMPLATES = Path(__file__).resolve().parent / "templates"
SCHEMA = "schema.json"

BEGINNING = ("opening_hours.yaml", "declined.yaml", "small_talk.yaml")
"""Templates that a new pack begins with, beside its clinic."""

Ask = Callable[[str, str], str]
"""Asks for a key: its name, and what is taken for no answer ("" where there must be one)."""


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, whole or not at all. Raises PackError."""
    if path.exists():
        raise _fail(path, "there is such a file already", "choose another name, or edit that one")
    write_whole(path, text)


def _fail(path: Path, fact: str, remedy: str) -> PackError:
    return PackError([Problem(str(path), 1, 1, fact, remedy)])


def _fill(template: str, **names: str) -> str:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _write_schema(root: Path) -> None:
    """The schema that the first line of every new file names, anew where it is another version's."""
    path, text = root / "intents" / SCHEMA, json.dumps(to_schema(), indent=2) + "\n"
    if not path.is_file() or path.read_bytes() != text.encode():
        write_whole(path, text)


# --- an intent --------------------------------------------------------------------------------------


def create_intent(root: Path, name: str, command: str) -> Path:
    """Write `intents/<name>.yaml` with an intent of that name. Raises PackError.

    `command` is how the bot is called for this pack, such as "python -m bot --pack north".
    """
    path = root / "intents" / f"{name}.yaml"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name):
        remedy = "use small letters, digits and underscores, such as parking or visiting_hours"
        raise _fail(path, f"{name!r} cannot name an intent", remedy)
    if taken := load_pack(root).intents.get(name):
        remedy = "add to it there"
        if taken.kind == "out_of_scope":
            remedy = "it is known, and not answered: to answer it, put question: and reply: in place of kind: there"
        place = (str(root / taken.file), taken.line, 1)
        raise PackError([Problem(*place, f"there is an intent {name} already", remedy)])
    text = _fill("intent.yaml", name=name, topic=name.replace("_", " "), bot=command, schema=SCHEMA)
    write_new(path, text)
    _write_schema(root)
    return path


# --- an article -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article before it is written: its file, which may be there without a header, its text, and how it is cut."""

    path: Path
    text: str
    article: Article


def plan_article(root: Path, file: Path, keys: Iterable[str], ask: Ask, today: date) -> NewArticle:
    """What `corpus/` would hold of `file`, a text with or without a header, once `ask` has told the other `keys` of it.

    Nothing is written. Raises PackError.
    """
    head, body = read_article_file(file)
    path = root / "corpus" / f"{re.sub(r'[^a-z0-9]+', '-', file.stem.lower()).strip('-') or 'article'}.txt"
    if path.exists() and path.resolve() != file.resolve():
        raise _fail(path, "there is an article of that name already", f"run: update article {file}, or rename the file")
    header, problems = read_header(head, str(file), required=())
    if problems:
        raise PackError(problems)
    first = next((line.strip() for line in body.splitlines() if line.strip()), "")
    for key in keys:
        if key not in header:
            usual = {"title": first, "licence": f"The text belongs to {header.get('publisher', '')}.", "publisher": ""}
            header[key] = " ".join(ask(key, usual.get(key, "none")).split())
    header.setdefault("retrieved", today.isoformat())
    text = write_header({key: value for key, value in header.items() if key in KEYS or value != "none"}, body)
    article, problems = parse_article(text, path.stem, f"corpus/{path.name}")
    if problems or article is None:
        raise PackError(problems)
    return NewArticle(path, text, article)


# --- a pack -----------------------------------------------------------------------------------------


def create_pack(folder: Path, whole: bool) -> list[Path]:
    """Write a new pack, with an intent to begin with, or as a `whole` copy of the shipped one. Returns its files.

    Raises PackError where the folder holds anything.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _fail(folder, "is not empty", "name a folder that does not exist yet")
    shipped = shipped_root()
    try:
        (folder / "corpus").mkdir(parents=True, exist_ok=True)
        (folder / "intents").mkdir(exist_ok=True)
        if whole:
            for part in ("corpus", "intents"):
                shutil.copytree(shipped / part, folder / part, dirs_exist_ok=True)
        else:
            _write_first(folder)
        _write_schema(folder)
    except OSError as error:
        raise _fail(folder, f"cannot be written: {error.strerror}", "check the rights on its folder") from None
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _write_first(folder: Path) -> None:
    clinic = shipped_root() / "intents" / "clinic.yaml"
    content = read_content([(clinic, clinic.name)])
    numbers = "\n".join(f'    {name}: "{number.value}"' for name, number in content.numbers.items())
    name = folder.resolve().name.replace("-", " ").replace("_", " ").title()
    country = content.clinic["country"].value
    write_new(
        folder / "intents" / "clinic.yaml",
        _fill("clinic.yaml", name=json.dumps(name), country=country, numbers=numbers),
    )
    for template in BEGINNING:
        write_new(folder / "intents" / template, _fill(template, pack=str(folder)))
