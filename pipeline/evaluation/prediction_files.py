"""Files of predictions: Parquet, CSV or NPZ, one row per example."""

from __future__ import annotations

import json
import logging
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.examples import pad
from pipeline.data.spec import varies
from pipeline.errors import DataError
from pipeline.run.atomic_files import write_atomically
from pipeline.run.contents import holds
from pipeline.security.spreadsheets import inert, inert_texts

log = logging.getLogger(__name__)
PARQUET, CSV, NPZ = "parquet", "csv", "npz"
FILES = {form: holds(f"predictions.{form}", "one row per example") for form in (PARQUET, CSV, NPZ)}


def write_predictions(folder: Path, table: Mapping[str, Any], form: str) -> Path:
    """Writes the columns of a table as `predictions.<form>` and returns its path.

    Args:
        folder: The run folder.
        table: Columns by name: a `pandas.Series` or an array of shape (examples,), an array of shape (examples,
            *positions), or an object array of arrays if their number of positions differs.
        form: `parquet`: rows with positions hold lists; `csv`: such lists are written as JSON; `npz`: one array per
            column, with zeros at the end of rows with fewer positions.

    Raises:
        DataError: The name of a class is not valid text, as may happen with the name of a folder.
    """
    path = folder / FILES[form]
    write = {PARQUET: _write_parquet, CSV: _write_csv, NPZ: _write_npz}[form]
    try:
        write_atomically(path, lambda beside: write(beside, table))
    except UnicodeError as error:
        raise DataError(f"'{path}': the name of a class is not valid text; rename it") from error
    return path


def join_predictions(parts: Sequence[Path], folder: Path) -> Path:
    """Merges several files of predictions into one, `predictions.parquet`, ordered by their row in the data."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.concat_tables([pq.read_table(part) for part in parts], promote_options="default").sort_by("row")
    path = folder / FILES[PARQUET]
    write_atomically(path, lambda beside: pq.write_table(table, beside))
    return path


def _write_parquet(file: Path, table: Mapping[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({name: _of_arrow(values) for name, values in table.items()}), file)


def _of_arrow(values: Any) -> Any:
    import pyarrow as pa

    if isinstance(values, pd.Series):
        try:
            return pa.array(values, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            # Values of mixed types.
            return pa.array(values.astype("string"), from_pandas=True)
    if values.dtype == object:
        return _lists_of_arrow(values)
    column = pa.array(values.ravel())
    for size in reversed(values.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, size)
    return column


def _lists_of_arrow(rows: np.ndarray) -> Any:
    import pyarrow as pa

    ends = np.cumsum([0, *(len(row) for row in rows)])
    return pa.LargeListArray.from_arrays(pa.array(ends), _of_arrow(np.concatenate(list(rows))))


def _write_csv(file: Path, table: Mapping[str, Any]) -> None:
    columns, changed = {}, 0
    for name, values in table.items():
        column = values if isinstance(values, pd.Series) else pd.Series(_of_csv(values))
        if column.dtype == object or pd.api.types.is_string_dtype(column.dtype):
            column, count = inert_texts(column.where(column.isna(), column.astype(str)))
            changed += count
        columns[inert(name)] = column
    pd.DataFrame(columns).to_csv(file, index=False, lineterminator="\n", encoding="utf-8")
    if changed:
        log.info("%d texts look like formulas and got a leading ' in the CSV (task.form=parquet avoids this)", changed)


def _of_csv(values: np.ndarray) -> Any:
    return values if values.ndim == 1 and values.dtype != object else [json.dumps(row.tolist()) for row in values]


def _write_npz(file: Path, table: Mapping[str, Any]) -> None:
    # `numpy.savez` accepts no array named `file`.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in table.items():
            array = _of_numpy(values)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _of_numpy(values: Any) -> np.ndarray:
    if not isinstance(values, pd.Series):
        return pad(values) if varies(values) else values
    kind = values.dtype.kind
    if kind in "iub" and not values.hasnans:
        return values.to_numpy(values.dtype.name.lower() if kind != "b" else "bool")
    if kind in "iuf":
        return values.to_numpy("float64", na_value=np.nan)
    if kind == "M" and getattr(values.dtype, "tz", None) is None:
        return values.to_numpy()
    return values.astype("string").fillna("").to_numpy("U")
