"""Keras' `fit`, `evaluate` and `predict` replaced by ours, in all of a process: as a pytest plugin, or by a call.

As a plugin it tells a file, line by line, which tests there are, which of them called one of the three, and what they
ended with, so that nothing is lost when a test takes the process down.
"""

from __future__ import annotations

import builtins
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

METHODS = ("fit", "evaluate", "predict")
OURS, REPORT, ONLY = "CONFORMANCE_OURS", "CONFORMANCE_REPORT", "CONFORMANCE_ONLY"
ABSENT = ("jax", "torch", "grain", "orbax", "flax")
"""Packages that a test file may import and not need for most of its tests."""

calls = 0
"""How often one of the three was called."""


def replace(*, ours: bool) -> None:
    """Puts ours in place of Keras' own; with `ours=False`, Keras' own, counted."""
    from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

    for name in METHODS:
        theirs = getattr(TensorFlowTrainer, name)
        setattr(TensorFlowTrainer, name, _in_place_of(theirs) if ours else _counted(theirs))


def _counted(theirs: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        _count()
        return theirs(self, *arguments, **named)

    return method


def _in_place_of(theirs: Callable[..., Any]) -> Callable[..., Any]:
    import pipeline

    ours: Callable[..., Any] = getattr(pipeline, theirs.__name__)
    inside: set[int] = set()

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        _count()
        # What ours leaves to Keras calls the method again, and Keras' fit calls evaluate with an argument of its own.
        if id(self) in inside or "_use_cached_eval_dataset" in named:
            return theirs(self, *arguments, **named)
        inside.add(id(self))
        try:
            return ours(self, *arguments, **named)
        finally:
            inside.discard(id(self))

    return method


def _count() -> None:
    global calls  # noqa: PLW0603
    calls += 1


class StandIn(ModuleType):
    """A package that is not installed: may be imported and named, and skips a test that calls it."""

    def __getattr__(self, name: str) -> StandIn:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self.__name__}.{name}")

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        pytest.skip(f"needs {self.__name__.partition('.')[0]}")

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return ()

    def __instancecheck__(self, instance: Any) -> bool:
        return False


def _import_with_stand_ins(original: Callable[..., Any]) -> Callable[..., Any]:
    def imported(name: str, globals: Any = None, *others: Any, **named: Any) -> Any:  # noqa: A002
        try:
            return original(name, globals, *others, **named)
        except ModuleNotFoundError as error:
            root = (error.name or "").partition(".")[0]
            # Keras itself asks by such imports what is installed.
            if root not in ABSENT or not str((globals or {}).get("__file__")).endswith("_test.py"):
                raise
            from_list = others[1] if len(others) > 1 else ()
            return StandIn(name if from_list else root)

    return imported


def pytest_configure() -> None:
    replace(ours=os.environ[OURS] == "1")
    builtins.__import__ = _import_with_stand_ins(builtins.__import__)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get(ONLY):
        only = set(Path(os.environ[ONLY]).read_text().splitlines())
        left_out = [item for item in items if item.nodeid not in only]
        items[:] = [item for item in items if item.nodeid in only]
        config.hook.pytest_deselected(items=left_out)
    for item in items:
        _tell(name=item.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _tell(file=report.nodeid, why=_last_line(report.longreprtext))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _tell(name=item.nodeid, begins=True)
    before = calls
    result = yield
    _tell(name=item.nodeid, reaches=calls > before)
    return result


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or not report.passed:
        why = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longreprtext
        _tell(name=report.nodeid, outcome=report.outcome, why=_last_line(why))


def _last_line(text: str) -> str:
    said = [line[2:].strip() for line in text.splitlines() if line.startswith("E ")]
    return (said or text.splitlines() or [""])[0]


def _tell(**said: Any) -> None:
    with Path(os.environ[REPORT]).open("a") as file:
        file.write(json.dumps(said) + "\n")
