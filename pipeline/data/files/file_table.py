"""What reading a file gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FileTable:
    """The table of a file.

    Attributes:
        frame: Its rows, the names of its columns different texts.
        first_row: Number of the first row, for messages: as editors count, or from 0 in files that nobody edits.
        findings: What was found out and is worth saying, with the options that change it.
    """

    frame: pd.DataFrame
    first_row: int
    findings: tuple[str, ...] = ()
