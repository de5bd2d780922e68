"""Texts in CSV files that a spreadsheet would evaluate, made inert by a leading apostrophe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Characters with which a formula begins for a spreadsheet."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def inert(text: str) -> str:
    """Returns a text that no spreadsheet evaluates."""
    return f"'{text}" if text.startswith(FORMULA) else text


def inert_texts(texts: pd.Series) -> tuple[pd.Series, int]:
    """Returns texts that no spreadsheet evaluates, and how many were changed. Numbers such as -5 stay."""
    begin = texts.str.startswith(FORMULA).fillna(False).astype(bool)
    changed = begin & ~texts.where(begin, "").str.fullmatch(NUMBER).fillna(False).astype(bool)
    return texts.where(~changed, "'" + texts.where(changed, "")), int(changed.sum())
