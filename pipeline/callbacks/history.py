"""The history file: a row an epoch."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import keras

from pipeline.files import write_text


class HistoryFile(keras.callbacks.Callback):
    """Writes `history.csv` anew after each epoch, so that it is whole at any time.

    Columns are `epoch`, counted from 0, and every value of the epoch in the order in which they first appear.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.rows: list[dict[str, Any]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the row of the epoch."""
        self.rows.append({"epoch": epoch, **{name: float(value) for name, value in (logs or {}).items()}})
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(self.path, text.getvalue())
