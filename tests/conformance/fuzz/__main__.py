"""Trains, evaluates and predicts with random models and data, with Keras' methods and with ours, and compares.

    python -m tests.conformance.fuzz --seed N [--count M] [--alone]

Case N is printed with what differs; `--count` runs those that follow too. A case goes on with the model as the cases of
the same model before it left it; with `--alone` it begins with a new one. The exit code is 1 if something differs.
"""

from __future__ import annotations

import argparse
import sys

from tests.conformance.fuzz.checking import checked


def main() -> int:
    """Runs the cases that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="number of the case")
    parser.add_argument("--count", type=int, default=1, help="so many cases from there on")
    parser.add_argument("--alone", action="store_true", help="begin with a new model")
    given = parser.parse_args()
    failed = 0
    for result in checked(given.seed, given.count, alone=given.alone):
        failed += bool(result.found)
        print(result.described() if given.count == 1 else result.line(), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
