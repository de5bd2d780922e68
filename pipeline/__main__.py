"""`python -m pipeline`."""

import os
import sys

# Python looks for modules in the working folder first. That folder may be untrusted: a file `keras.py` in it would run.
# What the user trusts in it is still found when it is used.
if not sys.flags.safe_path and sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109
    del sys.path[0]

from pipeline.cli import run_process

if __name__ == "__main__":
    run_process()
