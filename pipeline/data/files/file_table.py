"""The result of reading a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FileTable:
    """The table of a file.

    Attributes:
        frame: Its rows, with unique texts as column names.
        first_row: Number of the first row, for messages: as editors count, or from 0 in binary files.
        findings: Findings to log, with the options that change them.
    """

    frame: pd.DataFrame
    first_row: int
    findings: tuple[str, ...] = ()
