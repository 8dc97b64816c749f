"""SAFETY.md: every hazard names a test that exists, and the figures are of the files that are there."""

from __future__ import annotations

import ast
import re

import pytest

from conftest import ROOT

TEXT = (ROOT / "SAFETY.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+) \|$", TEXT, re.MULTILINE)


def test_hazards_are_numbered_and_whole() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, len(ROWS) + 1))
    assert len(ROWS) >= 20
    for _, row in ROWS:
        assert len([cell for cell in row.split("|") if cell.strip()]) == 4, row


@pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[number for number, _ in ROWS])
def test_a_hazard_names_a_test_that_exists(row: str) -> None:
    file, _, name = row.rpartition("|")[2].strip().partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
