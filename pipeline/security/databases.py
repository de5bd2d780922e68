"""Databases that a config names: a local file is data like any other, but a server is sent something.

A query may do more than read, so a query from a config file reaches no database server unless the user allows it.
SQLite files are opened read-only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pipeline.security import trust
from pipeline.security.judgements import Argument, Kind, is_remote, mistake

SOURCE = "pipeline.data.sources.sql"
SQLITE = "sqlite:///"


def sqlite_path(url: Any) -> str | None:
    """Returns the path of a local SQLite file from its address; None for other databases."""
    if not isinstance(url, str) or not url.startswith(SQLITE):
        return None
    path = url.removeprefix(SQLITE)
    return None if not path or "?" in path or is_remote(path) else path


def may_connect(url: Any) -> bool:
    """Whether a config file may name a database: an SQLite file, or a server if the user allows the network."""
    return sqlite_path(url) is not None or ("network" in trust.current().words and bool(urlsplit(str(url)).netloc))


def query_mistakes(parts: Iterable[tuple[str, Mapping[str, Any]]], url: Any) -> Iterator[str]:
    """Yields one line per query that a config file, not the user, would send to a server.

    Args:
        parts: Places of a config with a `_target_`, and their contents, with all interpolations resolved.
        url: The database of the config's `data`, used by sets that name none.
    """
    for key, node in parts:
        if not trust.is_within(str(node["_target_"]), SOURCE) or sqlite_path(node.get("url", url)) is not None:
            continue
        place = f"{key}.query"
        if node.get("query") is not None and not trust.typed(place):
            line = mistake(place, Argument(Kind.SENDS), node["query"])
            yield from [] if line is None else [line]
