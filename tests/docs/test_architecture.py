"""The page on architecture names the packages and modules that there are, and no others."""

import re
from pathlib import Path

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
    upward = []
    for path in (ROOT / "pipeline").rglob("*.py"):
        own = path.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py")
        # Imports within functions are made when these are called, and say nothing of the layers.
        for name in re.findall(r"^from pipeline\.(\w+)", path.read_text(), re.MULTILINE):
            if own in rows and name in rows and rows[name] > rows[own]:
                upward.append(f"{path.relative_to(ROOT)}: {name}")
    assert [line for line in upward if not line.startswith("pipeline/config/checks.py")] == []
