"""The options in `data.read`, checked against those that readers accept."""

from __future__ import annotations

import codecs
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from pipeline.data.files.compression import NAMES as COMPRESSIONS
from pipeline.data.files.kinds import KINDS
from pipeline.errors import ConfigError, nearest, shown
from pipeline.security import trust

KEY = "data.read"
WORDS = MappingProxyType(
    {
        "separator": {
            "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": r"\s+", " ": r"\s+",
        },
        "decimal": {"comma": ",", "point": "."},
        "thousands": {"comma": ",", "point": ".", "space": " ", "apostrophe": "'"},
        "quote": {"double": '"', "single": "'", "none": ""},
    }
)  # fmt: skip
"""Names for characters with a special meaning in shells or Hydra."""
PANDAS_NAMES = MappingProxyType({"sep": "separator", "delimiter": "separator", "quotechar": "quote"})
ELSEWHERE = MappingProxyType(
    {
        **dict.fromkeys(("na_values", "keep_default_na", "na_filter"), "data.missing"),
        **dict.fromkeys(("converters", "true_values", "false_values", "parse_dates", "date_format"), "data.kinds"),
        "dayfirst": "data.day_first",
    }
)
"""pandas options without effect, because files are read as text, and the keys to use instead."""
WHITE_SPACE = r"\s+"
NOT_THEIRS = frozenset(
    {
        "filepath_or_buffer", "path_or_buf", "path", "io", "source", "sep", "delimiter", "quotechar", "storage_options",
        "filesystem", "iterator", "chunksize", "chunk_size", "compression", "encoding", "decimal", "thousands",
        "header", "dialect", "format",
    }
)  # fmt: skip
"""pandas options that choose what to read, do not return a DataFrame, or have another name here."""


@dataclass(frozen=True)
class ReadOptions:
    r"""How files are read; None detects it.

    Attributes:
        format: Kind of file, one of `kinds.KINDS`.
        separator: The separator between values; `\s+` for any white space.
        decimal: The decimal sign.
        thousands: The thousands separator.
        encoding: The text encoding.
        quote: The quote character; an empty text for none.
        header: Whether the first row has the column names, or the number of the line that has them.
        compression: One of `compression.NAMES`.
        more: Further pandas options.
    """

    format: str | None = None
    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    quote: str | None = None
    header: bool | int | None = None
    compression: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def of(self, kind: str, file: str) -> dict[str, Any]:
        """Returns the pandas options for a file format.

        Raises:
            ConfigError: An option on the command line is for another format.
        """
        own = KINDS[kind].options
        given = {f.name for f in fields(self) if f.name not in ("format", "more") and getattr(self, f.name) is not None}
        allowed = _of_pandas(kind) if self.more else set()
        for name in sorted((given - own - {"compression"}) | (set(self.more) - allowed - own)):
            if trust.typed(f"{KEY}.{name}"):
                raise ConfigError(f"{KEY}.{name}: does not apply to '{file}', a file of the kind {KINDS[kind].title}")
        return {name: value for name, value in self.more.items() if name in allowed}


def read_options(given: Mapping[str, Any] | None) -> ReadOptions:
    """Checks the config's `data.read`.

    Raises:
        ConfigError: No reader has an option, or a value is invalid.
    """
    ours = {f.name for f in fields(ReadOptions)} - {"more"}
    options: dict[str, Any] = {}
    more: dict[str, Any] = {}
    if given is not None and not isinstance(given, Mapping):
        raise ConfigError(f"{KEY}: expected options such as {KEY}.separator=semicolon, got {given!r}")
    for name, value in (given or {}).items():
        if name in ELSEWHERE:
            raise ConfigError(f"{KEY}.{name}: use {ELSEWHERE[name]} instead")
        if name in PANDAS_NAMES:
            raise ConfigError(f"{KEY}.{name}: use {KEY}.{PANDAS_NAMES[name]} instead")
        if value is None:
            continue
        if name in ours:
            options[name] = CHECKS[name](
                f"{KEY}.{name}", WORDS.get(name, {}).get(value, value) if _is_text(value) else value
            )
        else:
            more[name] = value
    theirs = set[str]().union(*map(_of_pandas, KINDS), *(kind.options for kind in KINDS.values())) if more else set()
    for name in more:
        if name not in theirs:
            raise ConfigError(f"{KEY}.{name}: no reader has this option{nearest(name, ours | theirs)}")
    return ReadOptions(**options, more=more)


def _of_pandas(kind: str) -> set[str]:
    import pandas as pd

    reader = KINDS[kind].reader
    if reader is None:
        return set()
    return set(inspect.signature(getattr(pd, reader)).parameters) - NOT_THEIRS - {"kwargs"}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _sign(key: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) != 1 or value.isalnum() or value in "\r\n":
        raise ConfigError(f"{key}: expected one character such as ',' or its name, such as comma, got {shown(value)}")
    return value


def _separator(key: str, value: Any) -> str:
    if value == WHITE_SPACE:
        return WHITE_SPACE
    if isinstance(value, str) and len(value) > 1:
        try:
            re.compile(value)
        except re.error as error:
            raise ConfigError(f"{key}: expected a separator such as ';', got {shown(value)}: {error}") from error
        return value
    return _sign(key, value)


def _quote(key: str, value: Any) -> str:
    return "" if value == "" else _sign(key, value)


def _header(key: str, value: Any) -> bool | int:
    if isinstance(value, bool) or (isinstance(value, int) and value > 0):
        return value
    raise ConfigError(f"{key}: expected true, false or a line number from 1, got {shown(value)}")


def _encoding(key: str, value: Any) -> str:
    try:
        "a".encode(value)
        return codecs.lookup(value).name.removesuffix("-sig")
    except (LookupError, TypeError, ValueError) as error:
        known = ("utf-8", "utf-16", "latin-1", "cp1252", "cp1250", "cp1251", "shift_jis", "gb18030", "big5", "euc_kr")
        raise ConfigError(f"{key}: no encoding {shown(value)}{nearest(str(value), known)}") from error


def _compression(key: str, value: Any) -> str:
    if value is not False and value not in COMPRESSIONS:
        raise ConfigError(f"{key}: no compression {shown(value)}{nearest(str(value), COMPRESSIONS)}")
    return COMPRESSIONS[value] if value else "none"


def _format(key: str, value: Any) -> str:
    if value not in KINDS:
        raise ConfigError(f"{key}: no file format {shown(value)}{nearest(str(value), KINDS)}")
    return str(value)


CHECKS: Mapping[str, Callable[[str, Any], Any]] = MappingProxyType(
    {
        "format": _format, "separator": _separator, "decimal": _sign, "thousands": _sign, "encoding": _encoding,
        "quote": _quote, "header": _header, "compression": _compression,
    }
)  # fmt: skip
