"""Limits interpolations, which may refer to others: a few lines could stand for more than fits into memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from omegaconf import Container, OmegaConf
from omegaconf.errors import InterpolationResolutionError

MOST_VALUES, OF_ONE = 100_000, 10
"""The most values that the interpolations of a job's config may stand for, each time they are resolved. A long text
counts as one value per hundred characters. Finding a value takes as long as copying ten or more values.
"""


@dataclass
class _Budget:
    """What is left of the limit."""

    values: int = MOST_VALUES

    def spend(self, values: int) -> None:
        self.values -= values
        if self.values < 0:
            raise InterpolationResolutionError(
                f"the config's interpolations stand for more than {MOST_VALUES:,} values; expected fewer"
            )


_budget: ContextVar[_Budget | None] = ContextVar("_budget", default=None)
_resolve = Container.resolve_parse_tree


@contextmanager
def limited_interpolations() -> Iterator[None]:
    """Inside the context, OmegaConf refuses interpolations that together stand for too many values.

    It has no limit of its own: ten lines that each name the previous one ten times are 10,000,000,000 values.
    """
    token = _budget.set(_Budget())
    Container.resolve_parse_tree = _limited  # type: ignore[method-assign]
    try:
        yield
    finally:
        _budget.reset(token)


def _limited(self: Container, parse_tree: Any, *args: Any, **kwargs: Any) -> Any:
    budget = _budget.get()
    if budget is None:
        return _resolve(self, parse_tree, *args, **kwargs)
    budget.spend(OF_ONE + OF_ONE * parse_tree.getText().count("${"))
    resolved = _resolve(self, parse_tree, *args, **kwargs)
    budget.spend(_size(resolved, budget.values))
    return resolved


def _size(resolved: Any, most: int) -> int:
    """Returns how many values something contains, with interpolations counted as one; stops soon after `most`."""
    size, level = 0, [resolved]
    while level and size <= most:
        size += sum(1 + len(one) // 100 if isinstance(one, str) else 1 for one in level)
        level = [item for one in level for item in _items(one)]
    return size


def _items(value: Any) -> list[Any]:
    if not OmegaConf.is_config(value):
        return []
    content = value._content
    if isinstance(content, dict):
        return list(content.values())
    return content if isinstance(content, list) else []
