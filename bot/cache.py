"""Built models on disk: found again while the pack is as it was, built anew where it is not."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from bot.errors import ModelError
from bot.folder import fingerprint
from bot.model import Model
from bot.nouns import replace
from bot.store import load_model, remove_parts, save_model
from bot.types import Pack

__all__ = ["Progress", "be_quiet", "cache_folder", "find_learned", "is_small", "learn_anew", "obtain_model"]

CARRIED = Path(__file__).parent / "_models"
"""Models that came with the program (see `.ci/build_model.py`): for who can write nothing, or should not wait."""

KEPT, RECENT = 20, 24 * 3600.0
"""Models that are kept in any case, the last used first, and the seconds for which any is kept after its last use."""

NEWEST = 5
"""Models that are looked at, the last used first, for one of the pack as it was before an edit."""

SMALL = 1500
"""Examples up to which a pack is learned anew in about a second or two, and at once."""

Progress: TypeAlias = Callable[[str, float], None]
"""Told what is being done, and the share done."""


def be_quiet(what: str, share: float) -> None:
    """Progress that nobody asked for."""


def cache_folder() -> Path:
    """Where built models are kept: `PATIENT_GUIDE_CACHE`, else the user's cache folder."""
    named = os.environ.get("PATIENT_GUIDE_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    home = os.path.expanduser("~")
    if not base and home == "~":  # Nobody's: no folder of that name is wanted wherever the program was started.
        return Path(os.devnull) / "patient-guide"
    return (Path(base) if base else Path(home) / ".cache") / "patient-guide"


def obtain_model(root: Path, progress: Progress, at_once: bool = False) -> Model:
    """The stored model of the pack as it stands, else a new one; a cache that cannot be written is done without.

    A model's file is named by what it was learned from and by its pack: a change of wording or quotes learns nothing.
    `at_once`: where examples were only added, they are learned on top of what a stored model learned (see
    patch.py), and nothing is stored. Raises PackError.
    """
    mark = fingerprint(root)
    remove_parts(cache_folder())
    return _find(f"*-{mark}.model", mark) or _learn(root, mark, progress, find_learned, at_once)


def learn_anew(root: Path, progress: Progress) -> Model:
    """A new model in place of the stored ones of the pack, which proved to be damaged. Raises PackError."""
    mark = fingerprint(root)
    for path in _list(cache_folder(), f"*-{mark}.model"):
        with suppress(OSError):
            path.unlink()
    return _learn(root, mark, progress, lambda learned: None)


def _learn(
    root: Path, mark: str, progress: Progress, find: Callable[[str], Model | None], at_once: bool = False
) -> Model:
    """Learn a pack, unless what it teaches is found, and store what was learned. Raises PackError."""
    from bot.lessons import learned_from  # noqa: PLC0415 (as below)
    from bot.pack import load_pack  # noqa: PLC0415 (YAML and all that reads a pack: only after a change)

    pack = load_pack(root)
    learned = learned_from(pack)
    if stored := find(learned):
        model = replace(stored, pack=pack)
    elif at_once and (patched := _learn_on_top(pack, progress)):
        progress("ready", 1.0)
        return patched
    else:
        from bot.train import train  # noqa: PLC0415 (scikit-learn: a second to import, and only here)

        model = train(pack, progress)
    folder = cache_folder()
    path = folder / f"{learned}-{mark}.model"
    try:
        save_model(model, path)
        _prune(folder)
        return load_model(path, mark)
    except (OSError, ModelError):
        return model
    finally:
        progress("ready", 1.0)


def _learn_on_top(pack: Pack, progress: Progress) -> Model | None:
    """A large pack with its new examples learned on top of the rest, where a model of just the rest was of late use."""
    if is_small(pack):
        return None
    from bot.lessons import lesson_keys  # noqa: PLC0415 (as all that follows: only after a change)
    from bot.patch import is_part_of, patch  # noqa: PLC0415
    from bot.vectors import hasten  # noqa: PLC0415

    taught, near = frozenset(lesson_keys(pack)), []
    stored = (path for folder in (cache_folder(), CARRIED) for path in _list_by_use(folder))
    for path in islice(stored, NEWEST):
        with suppress(ModelError):
            model = hasten(load_model(path, "", path.name.partition("-")[0]))
            near += [(model, path)] if is_part_of(model, pack, taught) else []
    if not near:
        return None
    progress("learning what is new", 0.5)
    model, path = max(near, key=lambda pair: len(pair[0].learned_keys))
    _note_use(path)
    return patch(model, pack)


def is_small(pack: Pack) -> bool:
    """Whether a pack is learned anew in about a second or two."""
    return sum(len(intent.examples) for intent in pack.intents.values()) <= SMALL


def find_learned(learned: str) -> Model | None:
    """A stored model that learned from the same, whatever its pack, or None."""
    from bot.vectors import hasten  # noqa: PLC0415 (NumPy looks it through; only after a change)

    return _find(f"{learned}-*.model", "", learned, hasten)


def _find(
    pattern: str, mark: str, learned: str | None = None, look_through: Callable[[Model], Model] = lambda model: model
) -> Model | None:
    """The first stored model that will do, of the user's own and then of those that came with the program."""
    for path in (*_list(cache_folder(), pattern), *_list(CARRIED, pattern)):
        try:
            model = look_through(load_model(path, mark, learned))
        except ModelError:
            continue
        _note_use(path)
        return model
    return None


def _list(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder that are named so, in order; none where it cannot be read."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _note_use(path: Path) -> None:
    with suppress(OSError):
        os.utime(path)


def _list_by_use(folder: Path) -> list[Path]:
    """The models of a folder, the last used first; none where it cannot be read."""
    used = []
    for path in _list(folder, "*.model"):
        with suppress(OSError):  # One that another start has just removed.
            used.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(used, reverse=True)]


def _prune(folder: Path) -> None:
    """Remove models that were of no use for long: every edit of a pack leaves one behind."""
    for path in _list_by_use(folder)[KEPT:]:
        if path.stat().st_mtime < time.time() - RECENT:
            path.unlink(missing_ok=True)
