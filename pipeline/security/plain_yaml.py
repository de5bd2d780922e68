"""YAML with plain values only, and not more of them than a config can be processed with."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import yaml
from yaml.constructor import ConstructorError, SafeConstructor

from pipeline.errors import ConfigError, one_line, shown

DEEPEST = 100
"""The deepest nesting of lists and mappings."""
MOST_VALUES = 100_000
"""The most keys and values. What an alias stands for counts each time, as each copy of a config contains it."""
LONGEST_NUMBER = 100
LONGEST_INTERPOLATION, MOST_BRACKETS = 2000, 50
"""Characters and opening brackets of a text with interpolations, whose parser is slow and goes deeper with each."""
LARGEST = 2**64
PLAIN = ("null", "bool", "int", "float", "str", "seq", "map")
TAG = "tag:yaml.org,2002:"
FLOAT = re.compile(
    r"""^(?:[-+]?[0-9]+(?:_[0-9]+)*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+)
    |\.[0-9]+(?:_[0-9]+)*(?:[eE][-+][0-9]+)?
    |[-+]?[0-9]+(?:_[0-9]+)*(?::[0-5]?[0-9])+\.[0-9_]*
    |[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$""",
    re.VERBOSE,
)
"""Numbers as OmegaConf reads them. For PyYAML, 1e-3 is a text."""
Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str, name: str) -> Any:
    """Returns the null, boolean, number, text, list or mapping in a YAML text, as Hydra would read it.

    Args:
        text: The text.
        name: Where the text comes from, such as a path, for the message.

    Raises:
        ConfigError: It is not YAML, or contains more than plain values, a number of more than 64 bits, or too much:
            deep nesting, or many values by many aliases.
    """
    try:
        _check_size(text)
        loader = _PlainLoader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = "" if mark is None else f"line {mark.line + 1}: "
        raise ConfigError(f"'{name}': {place}{one_line(getattr(error, 'problem', None) or error)}") from error
    except (ValueError, LookupError, OverflowError, RecursionError) as error:
        raise ConfigError(f"'{name}': a value is not what its tag says: {one_line(error)}") from error


@dataclass
class _Node:
    """A value, or the part of a list or mapping found so far.

    Attributes:
        anchor: Its name for aliases.
        values: How many values it is, itself included.
        levels: How many levels of values are in it.
    """

    anchor: str | None = None
    values: int = 1
    levels: int = 0

    def add(self, node: _Node) -> None:
        """Adds a value that it contains."""
        self.values += node.values
        self.levels = max(self.levels, node.levels + 1)


def _check_size(text: str) -> None:
    """Counts before anything is built. A parser's events come one by one, however deep the text is."""
    around, named, total = [_Node()], dict[str, _Node](), 0
    for event in yaml.parse(text, Loader=_PlainLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            node = around.pop()
        elif isinstance(event, yaml.AliasEvent):
            node = _aliased(event, around, named)
            total += node.values
        elif isinstance(event, yaml.NodeEvent):
            node = _Node(event.anchor)
            total += 1
        else:
            continue
        if total > MOST_VALUES:
            raise _refused(event, f"says more than {MOST_VALUES:,} values, those of aliases counted each time")
        if len(around) + node.levels > DEEPEST:
            raise _refused(event, f"is nested deeper than {DEEPEST} levels")
        if isinstance(event, yaml.CollectionStartEvent):
            around.append(node)
            continue
        if isinstance(event, yaml.ScalarEvent):
            _check_interpolations(event)
        if node.anchor is not None:
            named[node.anchor] = node
        around[-1].add(node)


def _aliased(event: Any, around: list[_Node], named: dict[str, _Node]) -> _Node:
    """Returns what an alias stands for. An unknown alias is reported where the values are built."""
    if any(node.anchor == event.anchor for node in around):
        raise _refused(event, f"the alias '{event.anchor}' is in what it stands for")
    return replace(named.get(event.anchor, _Node()), anchor=None)


def _check_interpolations(event: Any) -> None:
    text = event.value
    if "${" in text and (len(text) > LONGEST_INTERPOLATION or sum(map(text.count, "[{(")) > MOST_BRACKETS):
        raise _refused(event, "an interpolation is too long")


def _refused(event: Any, problem: str) -> ConstructorError:
    return ConstructorError(None, None, problem, event.start_mark)


class _PlainLoader(Base):
    """A loader of plain values. Anything else has a tag for which it has no constructor.

    Like Hydra, it reads dates as texts and refuses a mapping with a duplicate key.
    """

    yaml_constructors: ClassVar[dict[str | None, Any]] = {None: SafeConstructor.construct_undefined} | {
        f"{TAG}{name}": SafeConstructor.yaml_constructors[f"{TAG}{name}"] for name in PLAIN
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Builds a mapping whose keys are all different."""
        seen = set()
        for key, _ in node.value:
            if key.tag == f"{TAG}str":
                if key.value in seen:
                    raise ConstructorError(None, None, f"found duplicate key {shown(key.value)}", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)

    def construct_whole_number(self, node: Any) -> int:
        """Builds a number that NumPy, TensorFlow and a file have room for."""
        if len(node.value) <= LONGEST_NUMBER:
            number = self.construct_yaml_int(node)
            if -LARGEST < number < LARGEST:
                return int(number)
        raise ConstructorError(None, None, "a whole number has more than 64 bits", node.start_mark)

    def construct_number(self, node: Any) -> float:
        """Builds a number with a point."""
        if len(node.value) > LONGEST_NUMBER:
            raise ConstructorError(None, None, "a number has too many digits", node.start_mark)
        return float(self.construct_yaml_float(node))


_PlainLoader.add_constructor(f"{TAG}int", _PlainLoader.construct_whole_number)
_PlainLoader.add_constructor(f"{TAG}float", _PlainLoader.construct_number)
_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag not in (f"{TAG}timestamp", f"{TAG}float")]
    for first, found in Base.yaml_implicit_resolvers.items()
}
_PlainLoader.add_implicit_resolver(f"{TAG}float", FLOAT, list("-+0123456789."))
