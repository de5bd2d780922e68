"""The known differences between Keras' own `fit`, `evaluate` and `predict` and ours, as a table and as a page.

    python -m tests.conformance.differences > .docs/differences.md

What Keras does is that of Keras 3.15 on TensorFlow.
"""

from __future__ import annotations

import textwrap

from tests.conformance.rows.arguments import ARGUMENTS_OF_FIT
from tests.conformance.rows.calls import CALLS
from tests.conformance.rows.command import COMMAND
from tests.conformance.rows.data import DATA
from tests.conformance.rows.difference import Difference
from tests.conformance.rows.losses import LOSSES_AND_METRICS

WIDTH = 78
INTRODUCTION = (
    "`pipeline.fit`, `pipeline.evaluate` and `pipeline.predict` take what `keras.Model.fit`, `evaluate` and `predict` "
    "take, and mean the same, save for what is listed here. The comparison is with Keras 3.15 on TensorFlow.",
    "Each difference is pinned by tests, and random models, data and arguments are compared with Keras besides: "
    "`python -m tests.conformance.fuzz --seed 0 --count 100`. A difference that is not listed is a bug.",
    "What `pipeline.fit` adds is no difference: the arguments `validation_sets`, `validation_interval` and "
    "`jit_compile`, and the attributes `compilation` and `validations` of the history it returns.",
)
SECTIONS: dict[str, tuple[Difference, ...]] = {
    "Losses, metrics and logs": LOSSES_AND_METRICS,
    "Arguments": ARGUMENTS_OF_FIT,
    "Data": DATA,
    "Steps, callbacks and models": CALLS,
    "The command with `data=batches`": COMMAND,
}
"""The known differences by what they are about."""
DIFFERENCES = tuple(row for rows in SECTIONS.values() for row in rows)


def page() -> str:
    """Returns the page for users."""
    parts = ["# Differences from Keras", *map(_filled, INTRODUCTION)]
    for title, rows in SECTIONS.items():
        parts.append(f"## {title}")
        for row in rows:
            told = f"**Keras** {row.keras}", f"**Ours** {row.ours}", f"**Why:** {row.why}"
            parts += [f"### {row.title}", "\n".join(map(_item, told))]
    return "\n\n".join(parts) + "\n"


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _item(text: str) -> str:
    return textwrap.indent(_filled(text), "  ").replace("  ", "- ", 1)


if __name__ == "__main__":
    print(page(), end="")
