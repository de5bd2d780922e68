"""The keys of a config file with their defaults and their comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

COMMENT = re.compile(r"\s+#\s*(.*)$")


@dataclass(frozen=True)
class Key:
    """A key of a config file.

    Attributes:
        name: Its name, with those of the mappings that it is in.
        default: Its value, as YAML in one line.
        meaning: Its comment, or "" if it has none.
    """

    name: str
    default: str
    meaning: str


def keys_of(path: Path) -> list[Key]:
    """Returns the keys of a config file, `_target_` included, without the list of defaults.

    A key's comment is at the end of its line, or else fills the lines above it. A mapping that spans several lines is
    given by the keys in it, and by its own comment if it has one.
    """
    text = path.read_text()
    root = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return []
    return list(_keys(root, "", text))


def _keys(node: yaml.MappingNode, prefix: str, text: str) -> Iterator[Key]:
    for name, value in node.value:
        full = f"{prefix}{name.value}"
        if full == "defaults":
            continue
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            if about := COMMENT.search(text.splitlines()[name.start_mark.line]):
                yield Key(full, "", about[1])
            yield from _keys(value, f"{full}.", text)
        else:
            default = " ".join(text[value.start_mark.index : value.end_mark.index].split())
            yield Key(full, default or "null", _comment(name, value, text.splitlines()))


def _comment(name: yaml.Node, value: yaml.Node, lines: list[str]) -> str:
    at_its_end = COMMENT.match(lines[value.end_mark.line][value.end_mark.column :])
    if at_its_end:
        return at_its_end[1]
    first = name.start_mark.line
    indent = " " * name.start_mark.column + "#"
    above = first
    while above > 0 and lines[above - 1].startswith(indent):
        above -= 1
    # What the file opens with is about all of it.
    return " ".join(line.strip(" #") for line in lines[above:first]) if above else ""
