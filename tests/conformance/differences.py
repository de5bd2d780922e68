"""The known differences between Keras' `fit`, `evaluate` and `predict` and the pipeline's, as a table and as a page.

    python -m tests.conformance.differences > .docs/differences.md

The behaviour of Keras is that of Keras 3.15 on TensorFlow.
"""

from __future__ import annotations

import re
import textwrap

from tests.conformance.rows.arguments import ARGUMENTS_OF_FIT
from tests.conformance.rows.calls import CALLS
from tests.conformance.rows.command import COMMAND
from tests.conformance.rows.data import DATA
from tests.conformance.rows.difference import Difference
from tests.conformance.rows.losses import LOSSES_AND_METRICS

WIDTH = 78
INTRODUCTION = (
    "`pipeline.fit`, `pipeline.evaluate` and `pipeline.predict` accept the same arguments as `keras.Model.fit`, "
    "`evaluate` and `predict`, with the same meaning, except for the differences on this page. The comparison is with "
    "Keras 3.15 on TensorFlow.",
    "Each difference is held in place by tests. In addition, random models, data and arguments are compared with "
    "Keras: `python -m tests.conformance.fuzz --seed 0 --count 100`. A difference that is not on this page is a bug.",
    "Additions of `pipeline.fit` are not differences: the arguments `validation_sets`, `validation_interval` and "
    "`jit_compile`, and the attributes `compilation` and `validations` of the history that it returns.",
)
SECTIONS: dict[str, tuple[Difference, ...]] = {
    "Losses, metrics and logs": LOSSES_AND_METRICS,
    "Arguments": ARGUMENTS_OF_FIT,
    "Data": DATA,
    "Steps, callbacks and models": CALLS,
    "The command with `data=batches`": COMMAND,
}
"""The known differences by topic."""
DIFFERENCES = tuple(row for rows in SECTIONS.values() for row in rows)


def page() -> str:
    """Returns the page for users."""
    contents = "\n".join(f"- [{title}](#{_anchor(title)}): {len(rows)}" for title, rows in SECTIONS.items())
    parts = ["# Differences from Keras", *map(_filled, INTRODUCTION), contents]
    for title, rows in SECTIONS.items():
        parts.append(f"## {title}")
        for row in rows:
            items = f"**Keras** {row.keras}", f"**The pipeline** {row.ours}", f"**Why:** {row.why}"
            parts += [f"### {row.title}", "\n".join(map(_item, items))]
    return "\n\n".join(parts) + "\n"


def _anchor(title: str) -> str:
    """Returns the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _item(text: str) -> str:
    return textwrap.indent(_filled(text), "  ").replace("  ", "- ", 1)


if __name__ == "__main__":
    print(page(), end="")
