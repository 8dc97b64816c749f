"""The terminal this runs in: its size, whether it can show colours, and whether somebody listens to it instead."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.nouns import dataclass
from bot.size import measure_terminal
from bot.text import strip_controls

__all__ = [
    "LOUD",
    "PALETTE",
    "Look",
    "can_redraw",
    "find_look",
    "open_history",
    "prefers_plain",
    "prefers_vi",
    "say",
    "show_step",
    "warn",
    "write",
]

WIDEST = 88
"""Characters a line: longer ones are hard to read."""

NARROWEST = 10

PALETTE = {"card": "1", "heading": "1", "source": "38;5;243", "number": "38;5;29"}
"""How each kind of text is drawn, as SGR codes. Both colours hold 4.5:1 against black and against white (WCAG 2.2), so
that nobody need know which of the two a terminal has; what matters most is bold in the terminal's own colour."""

LOUD = {"card": "1", "heading": "1"}
"""The same where only the sixteen colours of old are at hand, which every terminal draws differently."""

SCREEN_READERS = {
    "gsettings": ("get", "org.gnome.desktop.a11y.applications", "screen-reader-enabled"),
    "defaults": ("read", "com.apple.universalaccess", "voiceOverOnOffKey"),
}
"""What to ask of a desktop (GNOME, macOS) to learn whether its screen reader is on."""

_INPUTRC_VI = re.compile(r"^\s*set\s+editing-mode\s+vi\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Look:
    """How text is laid out: characters a line, lines a page (0: no end), and the codes to draw each kind of it with."""

    width: int
    height: int = 0
    palette: Mapping[str, str] | None = None


def find_look(is_bare: bool = False) -> Look:
    """The look that standard output asks for as it is now; `is_bare`, as NO_COLOR, wants neither colour nor bold."""
    columns, rows = measure_terminal()
    width = max(NARROWEST, min(columns - 1, WIDEST))  # Some consoles break the line after a full one.
    if not sys.stdout.isatty():
        return Look(width)
    terminal, old_windows = os.environ.get("TERM", ""), os.name == "nt" and "WT_SESSION" not in os.environ
    if is_bare or os.environ.get("NO_COLOR") or terminal == "dumb" or old_windows:
        return Look(width, rows)
    is_rich = "256color" in terminal or "COLORTERM" in os.environ or os.name == "nt"
    return Look(width, rows, PALETTE if is_rich else LOUD)


def can_redraw() -> bool:
    """Whether this terminal can draw a line anew."""
    is_dumb = os.name != "nt" and os.environ.get("TERM", "dumb") in ("", "dumb", "unknown")
    return sys.stdout.isatty() and not is_dumb


def prefers_plain() -> bool:
    """Whether this terminal cannot redraw a line, or a screen reader would read every redraw aloud."""
    return not can_redraw() or bool(os.environ.get("ACCESSIBLE")) or _hears_screen_reader()


def _hears_screen_reader() -> bool:
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415

        is_on, get_screen_reader = ctypes.c_int(0), 0x46
        ctypes.windll.user32.SystemParametersInfoW(get_screen_reader, 0, ctypes.byref(is_on), 0)
        return bool(is_on.value)
    has_desktop = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(has_desktop) and any(_asks(program, *words) for program, words in SCREEN_READERS.items())


def _asks(program: str, *words: str) -> bool:
    """Whether a program, if it is here, says yes."""
    import shutil  # noqa: PLC0415 (with what it brings, a tenth of the way to an answer)
    import subprocess  # noqa: PLC0415

    if not (path := shutil.which(program)):
        return False
    try:
        said = subprocess.run([path, *words], capture_output=True, timeout=1, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    return said.strip() in (b"true", b"1")


def prefers_vi() -> bool:
    """Whether the user's own readline settings ask for vi keys."""
    path = Path(os.environ.get("INPUTRC") or "~/.inputrc").expanduser()
    try:
        return bool(_INPUTRC_VI.search(path.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return False


def open_history(path: Path) -> None:
    """Make a file that nobody else can read, or see that it is one. Raises OSError."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    path.chmod(0o600)


def show_step(text: str, is_plain: bool = False) -> None:
    """What is being done, on standard error: on one line, rewritten, where a person looks on; "" leaves it empty.

    Where nothing can be rewritten, a line for each.
    """
    is_line = is_plain or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb"
    start, end = ("", "\n") if is_line else ("\r\x1b[K", "")
    if text or not is_line:
        print(f"{start}{text}", end=end, file=sys.stderr, flush=True)


def say(text: str, end: str = "\n") -> None:
    """Print a text that is not ours to vouch for, freed of whatever a terminal would obey."""
    write(strip_controls(text) + end)


def warn(text: str) -> None:
    """The same beside the answers, on standard error."""
    print(strip_controls(text), file=sys.stderr, flush=True)


def write(text: str) -> None:
    """Print as UTF-8, as it stands, whatever the console's own encoding: quotes must arrive as they are."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
