"""One column of a table by its content: numbers, times, text, or content that no model can use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

NUMBERS, MOMENTS, TEXT, CATEGORIES, NOTHING, UNUSABLE = (
    "numbers",
    "moments",
    "text",
    "categories",
    "nothing",
    "unusable",
)
UNUSABLE_TIP = "split it into columns of numbers or text"
SAMPLE = 1000
Found = TypeVar("Found")
LISTS = (list, tuple, dict, set, frozenset, np.ndarray)


@dataclass(frozen=True)
class Column:
    """A column as an Arrow array, null where a value is missing.

    Attributes:
        holds: `numbers` (including truth values), `moments` (times), `text` (possibly of numbers), `categories` if the
            table says so, `nothing` if all values are missing, or `unusable`.
        array: Numbers in their own type, float64 seconds for times, or text stripped of white space.
        found: The unusable content, for messages.
    """

    holds: str
    array: Any
    found: str = ""
    _found: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.array)

    @cached_property
    def present(self) -> np.ndarray:
        """Which rows have a value."""
        return np.asarray(self.array.is_valid())

    @property
    def constant(self) -> bool:
        """Whether all rows have the same value."""
        import pyarrow.compute as pc

        return bool(self.present.all()) and bool(pc.all(pc.equal(self.array, self.array[0])).as_py())

    @cached_property
    def distinct(self) -> Any:
        """The different values, as an Arrow array without nulls."""
        return self._encoded.dictionary

    @cached_property
    def codes(self) -> np.ndarray:
        """The index in `distinct` of each row's value; 0 if it is missing."""
        return np.asarray(self._encoded.indices.fill_null(0))

    def once(self, key: object, look: Callable[[], Found]) -> Found:
        """Returns the result of an analysis of the column, which is computed once per key."""
        if key not in self._found:
            self._found[key] = look()
        return self._found[key]

    @cached_property
    def _encoded(self) -> Any:
        return self.array.dictionary_encode()

    def spread(self, of_distinct: np.ndarray) -> np.ndarray:
        """Returns for each row the given entry of its value; any entry if the value is missing."""
        return of_distinct[self.codes] if len(of_distinct) else np.zeros(len(self), of_distinct.dtype)


def sample(values: Any) -> Any:
    """Returns an evenly spaced sample of many values; if most have one format, one of the sample does."""
    if len(values) <= SAMPLE:
        return values
    return values.take(np.linspace(0, len(values) - 1, SAMPLE).astype("int64"))


def column_of(values: pd.Series, missing: Sequence[str]) -> Column:
    """Returns a column by its content.

    Args:
        values: The column.
        missing: Texts that mark a missing value.
    """
    import pandas as pd
    import pyarrow as pa

    if isinstance(values.dtype, pd.SparseDtype):
        values = pd.Series(np.asarray(values), values.index)
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError):
        array = _mixed(values)
        if array is None:
            return Column(UNUSABLE, pa.nulls(len(values)), _found(values))
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return _by_type(array, values, missing)


def _by_type(array: Any, values: pd.Series, missing: Sequence[str]) -> Column:
    import pyarrow as pa

    of = array.type
    if pa.types.is_dictionary(of):
        given = _by_type(array.dictionary_decode(), values, missing)
        return Column(CATEGORIES, given.array) if given.holds in (TEXT, NUMBERS) else given
    if isinstance(of, pa.ExtensionType):
        array = pa.array([None if value is None else str(value) for value in values.astype(object)], pa.large_string())
        return Column(TEXT, _stripped(array, missing))
    if pa.types.is_null(of):
        return Column(NOTHING, array)
    if pa.types.is_temporal(of):
        return _temporal(array)
    if pa.types.is_decimal(of):
        array = array.cast(pa.float64())
    elif pa.types.is_float16(of):
        array = array.cast(pa.float32())
    if pa.types.is_boolean(of) or pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        array = _without(array, missing)
        return Column(NUMBERS if array.null_count < len(array) else NOTHING, array)
    try:
        text = _stripped(array.cast(pa.large_string()), missing)
    except (pa.ArrowException, UnicodeDecodeError):
        return Column(UNUSABLE, pa.nulls(len(values)), _found(values))
    if pa.types.is_nested(of):
        return Column(UNUSABLE, pa.nulls(len(values)), _found(values))
    return Column(TEXT if text.null_count < len(text) else NOTHING, text)


def _stripped(text: Any, missing: Sequence[str]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_trim_whitespace(text)
    gone = pc.is_in(text, value_set=pa.array([str(value) for value in missing], text.type))
    return pc.if_else(gone, pa.scalar(None, text.type), text) if pc.any(gone).as_py() else text


def _without(array: Any, missing: Sequence[str]) -> Any:
    """Returns numbers, null for those that mark a missing value, such as -999."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = [number for number in map(_number, missing) if number is not None]
    if not numbers or pa.types.is_boolean(array.type):
        return array
    gone = pc.is_in(array.cast(pa.float64(), safe=False), value_set=pa.array(numbers, pa.float64()))
    return pc.if_else(gone, pa.scalar(None, array.type), array)


def _number(text: object) -> float | None:
    try:
        number = float(str(text))
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _temporal(array: Any) -> Column:
    """Returns times as seconds since 1970, in UTC without a time zone; durations and times of day as seconds."""
    import pyarrow as pa

    of, moments = array.type, pa.types.is_timestamp(array.type) or pa.types.is_date(array.type)
    if pa.types.is_date(of):
        array, of = array.cast(pa.timestamp("ms")), pa.timestamp("ms")
    units = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[of.unit]
    whole = array.cast(pa.int32()).cast(pa.int64()) if pa.types.is_time32(of) else array.cast(pa.int64())
    seconds = whole.to_numpy(zero_copy_only=False) / units
    found = pa.array(seconds, pa.float64(), from_pandas=True)
    return Column((MOMENTS if moments else NUMBERS) if found.null_count < len(found) else NOTHING, found)


def _mixed(values: pd.Series) -> Any:
    """Returns values of several types as text; None if some are lists or similar."""
    import pyarrow as pa

    if values.dtype != object or any(isinstance(value, (*LISTS, bytes, complex)) for value in values):
        return None
    there = values.notna().to_numpy()
    texts = [str(value) if given else None for value, given in zip(values, there, strict=True)]
    return pa.array(texts, pa.large_string())


def _found(values: pd.Series) -> str:
    """Returns the content of an unusable column, for messages."""
    if values.dtype.kind == "c":
        return "complex numbers"
    first = next((value for value in values if isinstance(value, (*LISTS, bytes, complex))), None)
    if isinstance(first, dict):
        return "structs"
    if isinstance(first, bytes):
        return "bytes"
    return "complex numbers" if isinstance(first, complex) else "lists"
