"""Runs Keras' own tests with `fit`, `evaluate` and `predict` replaced by ours, and compares with Keras'.

    python tests/conformance/keras_tests.py PATH ... [--jobs N] [--seconds N] [--minutes N] [--every-file] [-k WORDS]
        [--own FILE]

A PATH is a file or folder of tests in a checkout of Keras (`keras/src/trainers`; the packages of Keras do not contain
them), whose Keras is then the one that is run. Files that call none of the three are left out. Each test must end with
ours as it does with Keras' own; the exit code is 1 if one differs for no reason that is known, and its name is printed.
What tests end with by Keras' own methods is kept in FILE, and read from there the next time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path

from running import Case, Tests, end_all

REASONS: dict[str, str] = {
    "test_steps_per_execution_steps_count_*": "numbers-of-last-calls",
    "test_steps_per_execution_unrolled_steps_steps_count_*": "numbers-of-last-calls",
    "test_steps_per_execution_steps_per_epoch_match_multi_epoch_*": "steps-of-an-execution",
}
"""The known difference that a test shows, by its name, which may have `*` in it; see `differences.py`."""
CALLS = re.compile(r"\.(fit|evaluate|predict)\(|run_layer_test\(")
FILES_A_PROCESS = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Compares and prints what differs."""
    asked = _asked(arguments)
    files = [file for path in asked.paths for file in _files(path.resolve(), every=asked.every_file)]
    if not files:
        print("no test files that call fit, evaluate or predict")
        return 1
    until = time.monotonic() + 60 * asked.minutes
    groups = [files[start : start + FILES_A_PROCESS] for start in range(0, len(files), FILES_A_PROCESS)]
    if len(groups) < asked.jobs:
        groups = [files[start :: asked.jobs] for start in range(min(asked.jobs, len(files)))]
    theirs: dict[str, Case] = _kept(asked.own)
    known = dict(theirs)
    ours: dict[str, Case] = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(asked.jobs) as pool:

        def compare(number: int) -> tuple[dict[str, Case], dict[str, Case]]:
            tests = Tests(groups[number], Path(folder) / str(number), asked.seconds, until, asked.k)
            return tests.compared(known)

        for own, replaced in pool.map(compare, range(len(groups))):
            theirs |= own
            ours |= replaced
            if asked.own:
                asked.own.write_text(
                    json.dumps({n: vars(case) for n, case in theirs.items() if case.outcome != "not run"})
                )
    return _told(len(files), theirs, ours)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("paths", type=Path, nargs="+", help="files or folders of Keras' tests")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--seconds", type=float, default=120, help="most seconds of a test")
    parser.add_argument("--minutes", type=float, default=60, help="most minutes of all; what is left is told")
    parser.add_argument("--every-file", action="store_true", help="files that call none of the three, too")
    parser.add_argument("-k", default="", help="only tests of these names, as for pytest")
    parser.add_argument("--own", type=Path, help="file that keeps what tests end with by Keras' own")
    return parser.parse_args(arguments)


def _kept(file: Path | None) -> dict[str, Case]:
    """Returns what tests ended with by Keras' own methods, as a run before this one kept it."""
    if file is None or not file.exists():
        return {}
    return {name: Case(**said) for name, said in json.loads(file.read_text()).items()}


def _stop(*_: object) -> None:
    end_all()
    os._exit(143)


def _files(path: Path, *, every: bool) -> list[Path]:
    found = sorted(path.rglob("*_test.py")) if path.is_dir() else [path]
    return [file for file in found if every or CALLS.search(file.read_text())]


def _told(files: int, theirs: dict[str, Case], ours: dict[str, Case]) -> int:
    unknown = known = 0
    for name in sorted(ours):
        own, replaced = theirs[name], ours[name]
        if own.outcome == replaced.outcome:
            continue
        reason = next((reason for pattern, reason in REASONS.items() if fnmatch(name, f"*{pattern}")), "")
        known, unknown = known + bool(reason), unknown + (not reason)
        print(f"differs: {name}: {own} with Keras' own, {replaced} with ours. {reason}")
    outcomes = Counter(case.outcome for case in theirs.values())
    needs = Counter(case.why for case in theirs.values() if case.outcome == "not imported" or "needs" in case.why)
    for why, count in needs.most_common():
        print(f"left out: {count}: {why}")
    print(f"{len(theirs)} tests of {files} files with Keras' own: {_counts(outcomes)}")
    same = len(ours) - known - unknown
    passed = sum(case.outcome == "passed" for case in ours.values())
    print(
        f"{len(ours)} of them call fit, evaluate or predict: {same} end the same ({passed} passed), "
        f"{known} differ for a known reason, {unknown} for none"
    )
    return 1 if unknown or not ours or outcomes["not run"] else 0


def _counts(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main())
