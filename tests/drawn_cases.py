"""Cases that are drawn: an eighth of those marked `exhaustive`, others in each run, and random numbers for a test.

    pytest --exhaustive             runs every case
    pytest --draw 123456            draws what the run that printed this number drew
    pytest path::test_name          runs every case of a test that is named

A mark on a test, or on some of its cases, says that its cases protect much the same thing: that all of them hold shows
after some runs, and each run takes an eighth of the time.
"""

import random
from collections import defaultdict
from math import ceil
from typing import Any

import pytest

SHARE = 1 / 8


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("drawn cases")
    group.addoption("--exhaustive", action="store_true", help="run all cases, not an eighth of those marked exhaustive")
    group.addoption("--draw", type=int, help="draw the same cases as the run that printed this number")


def pytest_configure(config: pytest.Config) -> None:
    # Workers draw what the process that starts them draws.
    if hasattr(config, "workerinput"):
        config.option.draw = config.workerinput["draw"]
    if config.option.draw is None:
        config.option.draw = random.SystemRandom().randrange(10**6)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["draw"] = node.config.option.draw


def pytest_report_header(config: pytest.Config) -> str:
    return f"drawn cases: --draw {config.option.draw}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if terminalreporter.stats.get("failed"):
        terminalreporter.write_line(f"To draw the same cases again: pytest --draw {config.option.draw}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.exhaustive or any("::" in argument for argument in config.args):
        return
    cases = defaultdict(list)
    for item in items:
        if item.get_closest_marker("exhaustive"):
            cases[item.nodeid.partition("[")[0]].append(item)
    left_out = set()
    for test, found in cases.items():
        numbers = random.Random(f"{config.option.draw} {test}")
        if len(found) == 1 or found[0].get_closest_marker("slow"):
            # Of these, each is drawn in an eighth of the runs, and none in many; of others, one at least in each run.
            drawn_cases = [item for item in found if numbers.random() < SHARE]
        else:
            drawn_cases = numbers.sample(found, ceil(len(found) * SHARE))
        left_out |= {*found} - {*drawn_cases}
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def drawn(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers of this run for this test, the same again with `--draw`."""
    return random.Random(f"{request.config.option.draw} {request.node.nodeid}")
