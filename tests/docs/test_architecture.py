"""The page on architecture names the packages and modules that there are, and no others."""

import re
from pathlib import Path

from tests.test_imports import row as layer

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / ".docs" / "architecture.md").read_text()
NAMED = set(re.findall(r"`((?:pipeline|conf|tests)/[\w/]*(?:\.py)?)`", TEXT))


def test_every_package_and_every_module_beside_them_is_named() -> None:
    folders = {path.parent for path in (ROOT / "pipeline").rglob("*.py")} - {ROOT / "pipeline"}
    modules = {path for path in (ROOT / "pipeline").glob("*.py") if path.name != "__init__.py"}
    there = {f"{path.relative_to(ROOT).as_posix()}/" for path in folders}
    there |= {path.relative_to(ROOT).as_posix() for path in modules}
    assert there - NAMED == set()


def test_everything_that_is_named_is_there() -> None:
    assert len(NAMED) > 40
    assert [name for name in sorted(NAMED) if not (ROOT / name).exists()] == []


def test_rows_of_packages_are_those_of_their_imports() -> None:
    rows: dict[str, int] = {}
    row = 0
    for number, name in re.findall(r"^\| (\d?) ?\| `pipeline/(\w+)[/.]", TEXT, re.MULTILINE):
        row = int(number) if number else row
        rows.setdefault(name, row)
    assert len(rows) > 15
    # That imports follow these rows is tested for all modules in `tests/test_imports.py`.
    assert rows == {name: layer(f"pipeline.{name}") for name in rows}
