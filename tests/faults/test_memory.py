"""A sweep of a hundred jobs in one process needs no more memory than one of ten."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Process, wait_for


@pytest.mark.slow
@pytest.mark.parametrize(("jobs", "report"), [(101, "false"), (21, "true")])
def test_memory_of_a_sweep_does_not_grow(jobs: int, report: str, start: Callable[..., Process]) -> None:
    run = start(
        "-m", "+experiment=quickstart", "trainer.epochs=1", f"report={report}", f"seed=range({jobs})",
        "evaluate_splits=[test]", stderr=None,
    )  # fmt: skip
    sizes = []
    for _ in range(jobs - 1):  # After the last one the process may be gone.
        wait_for(run, "run folder")
        sizes.append(_resident_megabytes(run.pid))
    assert run.wait() == 0
    assert max(sizes[10:]) < 1.1 * max(sizes[:10])


def _resident_megabytes(process: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
