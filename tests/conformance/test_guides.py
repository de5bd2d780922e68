"""Scripts that use Keras as its guides do train the same when one line is changed: the one that calls `fit`.

Histories, what each callback is told and in which order, and what the scripts' own callbacks noted are compared with
what Keras' own `fit` gives in the same process.
"""

from functools import cache
from pathlib import Path

import pytest

from tests.conformance.watching import BatchWatcher, EpochWatcher, Seen, difference, run

SCRIPTS = sorted((Path(__file__).parent / "guides").glob("*.py"))


@cache
def of_keras(script: Path) -> Seen:
    """Returns what is seen of a script that trains with Keras' own methods."""
    return run(script, BatchWatcher)


@pytest.mark.exhaustive
@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_a_script_trains_the_same_with_the_line_that_calls_fit_changed(script: Path) -> None:
    theirs = of_keras(script)
    ours = run(script, BatchWatcher, ours="fit evaluate predict")
    assert theirs.histories
    assert not difference(theirs.histories, ours.histories, "histories")
    assert not difference(theirs.calls, ours.calls, "calls")
    assert not difference(theirs.left, ours.left, "said")


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["sequential", "own_callbacks"])
def test_so_it_does_when_no_callback_looks_at_batches(name: str) -> None:
    script = Path(__file__).parent / "guides" / f"{name}.py"
    theirs = of_keras(script)
    ours = run(script, EpochWatcher, ours="fit")
    assert not difference(theirs.histories, ours.histories, "histories")
    assert not difference(theirs.without_batches(), ours.calls, "calls")
