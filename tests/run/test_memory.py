"""The later jobs of a sweep, which all run in one process, need no more memory than the first ones."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.run.conftest import Process, wait_for


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.parametrize(
    ("jobs", "arguments", "code"),
    [
        (25, ["report=false"], 0),
        (11, ["report=true"], 0),
        (11, ["+callbacks.broken._target_=broken_part.Broken"], 2),
    ],
    ids=["trained", "reported", "failed"],
)
def test_memory_of_a_sweep_does_not_grow(
    jobs: int, arguments: list[str], code: int, start: Callable[..., Process], broken_part: None
) -> None:
    run = start(
        "-m", "+experiment=quickstart", "trainer.epochs=1", f"seed=range({jobs})", "evaluate_splits=[test]", *arguments,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    sizes = []
    for _ in range(jobs):
        wait_for(run, "train quickstart in")
        sizes.append(_resident_megabytes(run.pid))
    assert run.wait() == code
    # The first job begins before TensorFlow is there.
    assert max(sizes[jobs // 2 :]) < 1.05 * max(sizes[1 : jobs // 2])


def _resident_megabytes(process: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
