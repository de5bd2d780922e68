"""Runs Keras' own tests with `fit`, `evaluate` and `predict` replaced by ours, and compares with Keras'.

    python tests/conformance/keras_tests.py PATH [pytest arguments]

PATH is a folder of Keras' test files (`keras/src/callbacks` and `keras/src/trainers` of its repository; its packages do
not contain them). Each test must pass or fail with ours as it does with Keras' own; the exit code is 1 if one differs
for no reason that is known, and its name is printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

REASONS: dict[str, str] = {}
"""Why a test differs, by its name."""
REPLACE = "PIPELINE_REPLACES_KERAS"


def pytest_configure() -> None:
    """As a pytest plugin: replaces the methods of Keras' trainer for TensorFlow."""
    if os.environ.get(REPLACE) != "1":
        return
    from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

    import pipeline

    for name in ("fit", "evaluate", "predict"):
        ours, theirs = getattr(pipeline, name), getattr(TensorFlowTrainer, name)
        setattr(TensorFlowTrainer, name, _method(ours, theirs))


def outcomes(path: Path, arguments: list[str], *, replace: bool) -> dict[str, str]:
    """Returns the outcome of each test below a folder."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        here = str(Path(__file__).parent)
        environment = os.environ | {REPLACE: "1" if replace else "0", "KERAS_BACKEND": "tensorflow"}
        environment["PYTHONPATH"] = os.pathsep.join([here, str(path), environment.get("PYTHONPATH", "")])
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "keras_tests",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
        ]
        subprocess.run(
            [*command, "--rootdir", str(path), str(path), *arguments], env=environment, check=False, cwd=path
        )
        cases = ET.parse(report).getroot().iter("testcase")
        return {f"{case.get('classname')}.{case.get('name')}": _outcome(case) for case in cases}


def main() -> int:
    """Compares and prints what differs."""
    path, *arguments = sys.argv[1:]
    theirs, ours = (outcomes(Path(path).resolve(), arguments, replace=replace) for replace in (False, True))
    unknown = 0
    for name in sorted(theirs | ours):
        if theirs.get(name) != ours.get(name):
            reason = REASONS.get(name.rpartition(".")[2], "")
            unknown += not reason
            print(f"differs: {name}: {theirs.get(name)} with Keras' own, {ours.get(name)} with ours. {reason}")
    same = sum(theirs.get(name) == outcome for name, outcome in ours.items())
    passed = sum(outcome == "passed" for outcome in ours.values())
    print(f"{same} of {len(theirs)} tests end the same ({passed} passed), {unknown} differ for no known reason")
    return 1 if unknown or not theirs else 0


def _method(ours: Callable[..., Any], theirs: Callable[..., Any]) -> Callable[..., Any]:
    inside: set[int] = set()

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        # Ours leaves strategies of several devices to Keras, whose fit calls evaluate with an argument of its own.
        if id(self) in inside or "_use_cached_eval_dataset" in named:
            return theirs(self, *arguments, **named)
        inside.add(id(self))
        try:
            return ours(self, *arguments, **named)
        finally:
            inside.discard(id(self))

    return method


def _outcome(case: ET.Element) -> str:
    for kind in ("failure", "error", "skipped"):
        if case.find(kind) is not None:
            return {"failure": "failed", "error": "failed", "skipped": "skipped"}[kind]
    return "passed"


if __name__ == "__main__":
    sys.exit(main())
