"""The history file: one row per epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pipeline.callbacks.callback import Callback
from pipeline.run.atomic_files import write_text
from pipeline.security.spreadsheets import FORMULA, inert


class HistoryFile(Callback):
    """Rewrites `history.csv` after each epoch, so that the file is complete at any time.

    The columns are `epoch`, counted from 0, and every value of the epochs in the order in which they first appear. A
    name that a spreadsheet would treat as a formula, because it begins with `=` or the like, gets a leading apostrophe.
    """

    state_types: ClassVar = {"text": str}

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = Path(path)
        self.rows: list[dict[str, Any]] = []
        self._text = ""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the row of the epoch."""
        self.rows.append({"epoch": epoch, **{name: float(value) for name, value in (logs or {}).items()}})
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writerow({name: inert(name) for name in columns})
        writer.writerows(self.rows)
        self._text = text.getvalue()
        write_text(self.path, self._text)

    def get_state(self) -> dict[str, Any]:
        """Returns the contents of the file."""
        # One text instead of rows: encoding thousands of numbers would slow down a snapshot late in training.
        return {"text": self._text}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restores the rows, and writes them to the file, which may have rows of a later moment.

        Raises:
            ValueError: A value is not a number.
        """
        rows = [_row(cells) for cells in csv.DictReader(io.StringIO(state["text"]))]
        self._text, self.rows = state["text"], rows
        if self._text:
            write_text(self.path, self._text)
        else:
            self.path.unlink(missing_ok=True)


def _name(header: str) -> str:
    return header[1:] if header.startswith("'") and header[1:].startswith(FORMULA) else header


def _row(cells: Mapping[str, str]) -> dict[str, Any]:
    values = {_name(header): float(cell) for header, cell in cells.items() if cell}
    return {**values, "epoch": int(cells["epoch"])}
