"""The pages for people as a test reads them: their files, their commands and what these print, from top to bottom.

What a page shows is what runs, by these rules:

- A `python`, `yaml`, `csv` or `toml` block is a file if the line above ends with its name, such as "In `my_parts.py`:".
- Each command of an `sh` block runs as it stands, in one folder for the whole page. A backslash continues a line.
- A `text` block below an `sh` block is what its commands print: each line of it is among theirs, whatever the numbers.
  A line that ends with … is the beginning of one, and one that is only … stands for any. Where a line begins with
  "error: ", the command ends with exit code 2.
- A `text` block below a line that ends with a name shows lines of that file, in the last run folder or beside it.
- A `python` block without a name runs as it stands; all of a page share their variables.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
GENERATED = ("differences.md", "configuration.md")
"""Pages that are compared with what generates them."""
OWN_TEST = ("security.md",)
"""Pages that a stricter test runs."""
PAGES = [
    REPOSITORY / "README.md",
    *sorted(page for page in (REPOSITORY / ".docs").rglob("*.md") if page.name not in GENERATED),
]
ALL_PAGES = [*PAGES, *(REPOSITORY / ".docs" / name for name in GENERATED)]
BORROWED = {"README.md": ".docs/getting-started.md"}
"""Pages that use the data of another one, which they link to: its files are written and its scripts run first."""
FILE_LANGUAGES = ("python", "yaml", "csv", "toml")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAME_ABOVE = re.compile(r"`([\w./*-]+\.\w+)`:\n+$")
# A second run of the same second has a folder such as 02-26-42_2.
_NUMBER = re.compile(r"\d[\d.,:/-]*(e-?\d+|(?<=-\d\d)_\d+/?)?")


@dataclass(frozen=True)
class Block:
    """A block of a page between fences.

    Attributes:
        language: The word behind the fence; empty for none.
        text: What is inside.
        name: The file that the line above names, if it does.
        line: The number of its first line in the page.
    """

    language: str
    text: str
    name: str | None
    line: int

    @property
    def commands(self) -> list[list[str]]:
        """The commands of an `sh` block, split into words as a shell does."""
        joined = self.text.replace("\\\n", " ")
        words = [shlex.split(line, comments=True) for line in joined.splitlines()]
        return [part for line in words for part in _split_at(line, "&&") if part]

    @property
    def shown(self) -> list[str]:
        """The lines of a `text` block that say something."""
        return [line for line in self.text.splitlines() if line.strip(" …")]


def blocks(page: Path) -> list[Block]:
    """Returns the blocks of a page, from top to bottom."""
    text = page.read_text()
    found = []
    for match in _FENCE.finditer(text):
        above = _NAME_ABOVE.search(text[: match.start()])
        line = text.count("\n", 0, match.start()) + 2
        found.append(Block(match[1], match[2], above[1] if above else None, line))
    return found


def prose(page: Path) -> str:
    """Returns a page without its blocks."""
    return _FENCE.sub("", page.read_text())


def missing_lines(shown: list[str], printed: str) -> list[str]:
    """Returns the lines that are not among the printed ones, whatever the numbers and the spaces."""
    lines = [_without_numbers(line) for line in printed.splitlines()]
    whole = set(lines)
    missing = []
    for line in shown:
        wanted = _without_numbers(line.rstrip("… ") if line.endswith("…") else line)
        there = any(one.startswith(wanted) for one in lines) if line.endswith("…") else wanted in whole
        if not there:
            missing.append(line)
    return missing


def _without_numbers(line: str) -> str:
    return _NUMBER.sub("#", " ".join(line.split()))


def _split_at(words: list[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == separator:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts
