"""The system's browser, which looks at the touch-screen page."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def find_browser() -> str:
    """The path of the system's browser; without one, a test is skipped, and in CI fails."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium is installed")
    return str(found)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)


def launch_with_profile(playwright: Playwright, folder: Path) -> BrowserContext:
    """A browser that keeps what it keeps in a folder, as one does that is not told otherwise."""
    return playwright.chromium.launch_persistent_context(folder, executable_path=find_browser(), args=FLAGS)
