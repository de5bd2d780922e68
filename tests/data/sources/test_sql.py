"""Databases: a table or a query, SQLite files never written to, addresses with passwords never repeated."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.data.examples import Examples
from pipeline.data.files.databases import read_database
from pipeline.data.sources.sql import Sql
from pipeline.errors import ConfigError, DataError
from pipeline.security.destinations import addresses, destination_mistakes
from pipeline.security.trust import Trust, trust_of, trusting

SETTINGS: dict[str, Any] = {
    "targets": ["y"], "inputs": None, "columns": [], "categories": [], "missing": [""], "classes": None,
}  # fmt: skip


@pytest.fixture
def url(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "a b.db") as connection:
        pd.DataFrame({"a": [3.0, 1.0], "k": ["x", None], "y": [0, 1]}).to_sql("t", connection, index=False)
    connection.close()
    return f"sqlite:///{tmp_path / 'a b.db'}"


def inputs(source: Sql) -> dict[str, list[Any]]:
    source.check()
    found = source.load().train
    assert isinstance(found, Examples)
    return {name: values.tolist() for name, values in found.inputs.items()}


def test_table_and_query_of_an_sqlite_file(url: str) -> None:
    assert inputs(Sql(url=url, table="t", **SETTINGS)) == {"a": [3.0, 1.0], "k": ["x", "[missing]"]}
    assert inputs(Sql(url=url, query="SELECT a, y FROM t ORDER BY a", **SETTINGS)) == {"a": [1.0, 3.0]}


def test_other_databases_are_read_by_sqlalchemy(url: str, tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    # Only the driver's name has it taken for another database than a file.
    by_driver = url.replace("sqlite://", "sqlite+pysqlite://")
    assert read_database(by_driver, "main.t", None)[0]["a"].tolist() == [3.0, 1.0]
    assert read_database(by_driver, None, "SELECT a FROM t WHERE a < 2")[0]["a"].tolist() == [1.0]
    with pytest.raises(DataError, match="the query failed: no such table: u"):
        read_database(by_driver, "u", None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("DELETE FROM t", "the query does more than read; use SELECT"),
        ("SELECT b FROM t", "the query failed: no such column: b"),
        ("SELECT * FROM t WHERE a > 9", "has no rows"),
        ("ATTACH DATABASE 'made.db' AS other", "the query does more than read"),
        ("VACUUM INTO 'made.db'", "the query does more than read"),
        ("CREATE TEMP TABLE u AS SELECT * FROM t", "the query does more than read"),
    ],
)
def test_query_that_fails_is_told_and_writes_nothing(
    query: str, expected: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=expected):
        inputs(Sql(url=url, query=query, **SETTINGS))
    assert [path.name for path in tmp_path.iterdir()] == ["a b.db"]
    assert len(inputs(Sql(url=url, table="t", **SETTINGS))["a"]) == 2


@pytest.mark.parametrize(
    ("given", "error", "expected"),
    [
        ({"url": "sqlite:///none.db", "table": "t"}, DataError, "data.url: no file 'none.db'"),
        ({"url": "sqlite://", "table": "t"}, ConfigError, "data.url: expected sqlite:/// followed by the path"),
        ({"url": "data.db", "table": "t"}, ConfigError, "data.url: not a database address; use an address such as"),
        ({"url": "postgre://me:pw-5e1f@host/x", "table": "t"}, ConfigError, "SQLAlchemy has no database 'postgre'"),
        ({"url": "sqlite:///x.db"}, ConfigError, "data.table and data.query: neither given; set exactly one of them"),
        ({"url": "x", "table": "t", "query": "q"}, ConfigError, "data.table and data.query: both given"),
    ],
)
def test_wrong_address_is_told_without_its_password(
    given: dict[str, str], error: type[Exception], expected: str
) -> None:
    with pytest.raises(error) as told:
        Sql(**given, **SETTINGS).check()
    assert expected in str(told.value)
    assert "pw-5e1f" not in str(told.value)


SERVER, LOCAL = "postgresql://host/people", "sqlite:///people.db"


def mistakes(data: dict[str, str], sets: dict[str, Any] | None = None, **written: str) -> list[str]:
    config = {"data": {"_target_": "pipeline.data.sources.sql.Sql", **data}, "validation_sets": sets or {}}
    return destination_mistakes(config, {**config, "data": {**config["data"], **written}}, Path("run"))


def test_config_file_names_sqlite_files_of_this_machine_and_sends_no_query_to_a_server() -> None:
    query = {"query": "DELETE FROM people"}
    with trusting(Trust()):
        assert mistakes({"url": LOCAL, **query}, {"winter": query}) == []
        (line,) = mistakes({"url": SERVER, "table": "people"})
        assert line.startswith("data.url: a config file says whom to send to")
        # A variable is the user's own address.
        assert mistakes({"url": SERVER, "table": "people"}, url="${oc.env:DATABASE_URL}") == []
        (line,) = mistakes({"url": SERVER, **query}, url="${oc.env:DATABASE_URL}")
        assert line.startswith(
            "data.query: a config file says whom to send to, or what; use trust=[network] or data.query="
        )
    with trusting(trust_of([f"data.url={SERVER}", "data.table=people"])):
        assert [line.split(":")[0] for line in mistakes({"url": SERVER}, {"winter": query})] == [
            "validation_sets.winter.query"
        ]
    with trusting(trust_of([f"data.url={SERVER}", "data.query='SELECT 1'"])):
        assert mistakes({"url": SERVER, "query": "SELECT 1"}) == []
    with trusting(trust_of(["trust=[network]"])):
        assert mistakes({"url": SERVER, **query}) == []
        for url in ("duckdb:///made.db", "sqlite:///x.db?mode=rwc", "sqlite:////" + "/share/x.db"):
            assert len(mistakes({"url": url, "table": "t"})) == 1, url


def test_variable_may_be_the_address_of_a_database() -> None:
    config = {"data": {"_target_": "pipeline.data.sources.sql.Sql", "url": SERVER, "table": "t"}}
    assert addresses(config) == {"data.url"}


def test_database_of_a_variable_is_learnt_and_the_run_keeps_its_name_only(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(tmp_path / "people.db") as connection:
        pd.DataFrame({"a": range(40), "y": [0, 1] * 20}).to_sql("people", connection, index=False)
    connection.close()
    monkeypatch.setenv("DATABASE_URL", "sqlite:///people.db")
    done = command(
        "data=sql", "data.url=${oc.env:DATABASE_URL}", "data.query='SELECT * FROM people ORDER BY a'",
        "data.targets=[y]",
        "model=tabular", "loader.batch_size=8", "trainer.epochs=1", "report=false",
    )  # fmt: skip
    assert done.code == 0, done.errors
    kept = (done.folder / ".hydra" / "config.yaml").read_text()
    assert "${oc.env:DATABASE_URL}" in kept
    assert "people.db" not in kept
