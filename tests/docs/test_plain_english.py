"""Messages, comments, docstrings and pages are in plain English: none has a phrase of the table below."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = "example|row|step|batch|epoch|name|target|input|output|class|column|label|sample|file|line|split|fold|run"
# Each phrase, and what to write in its place.
PHRASES = {
    r"\b(is|are) right\b(?!-| of| half| angle| here| there)": "expected X, got Y; use X; set KEY=VALUE; or 'correct'",
    r"\beach \d+": "every 100 steps",
    r"\beach that many\b": "every N steps",
    rf"\b(row|number|value|weight|array|class|column|line|file|unit|one|name) an? ({UNITS})\b": "one row per example",
    rf"\b(rows|steps|epochs|times|samples|examples|batches|bytes) an? ({UNITS})\b": "steps per epoch",
    r"\b(is|are|was|were) none of (ours|theirs)\b": "say whose it is, or that it is not checked",
    r"\bnone of a (training|run)\b": "say what it is",
    r"\ba run for each\b": "one run per value",
    r"\bnobody knows\b": "unknown",
    r"\bthat there (is|are) not\b": "unknown, or missing",
    r"\b(is|are) to be said\b": "a remark, or a finding",
    r"\bwould be right\b": "what to use instead",
    r"\b(mistakes?|typos?|keys|exceptions?|versions) (is|are) told\b": "is reported",
    r"\b(is|are) no part of ours\b": "is not part of pipeline",
    r"\b(by|of) one's own\b": "your own",
}


def texts() -> Iterator[Path]:
    yield ROOT / "README.md"
    for folder, endings in (("pipeline", "*.py *.html *.js *.j2"), ("conf", "*.yaml"), (".docs", "*.md")):
        for ending in endings.split():
            yield from sorted((ROOT / folder).rglob(ending))


def unplain(text: str) -> Iterator[tuple[int, str]]:
    """Gives the line and the remark for each phrase in `text`, also where a line break is within a phrase."""
    for pattern, instead in PHRASES.items():
        for found in re.finditer(pattern.replace(" ", r"[ \n#]+"), text, re.IGNORECASE):
            yield text[: found.start()].count("\n") + 1, f"'{' '.join(found[0].split())}'; write: {instead}"


def test_no_text_has_a_phrase_that_is_not_plain_english() -> None:
    mistakes = [
        f"{path.relative_to(ROOT).as_posix()}:{line}: {remark}"
        for path in texts()
        for line, remark in unplain(path.read_text(encoding="utf-8"))
    ]
    assert not mistakes, "\n".join(mistakes)


@pytest.mark.parametrize(
    "text",
    [
        "trainer.epochs: 0 is too small; 1 or more is right",
        "a snapshot each 100 steps",
        "numbers, one a row",
        "one row an example",
        "one row\n    # an example",
        "500 steps an epoch",
        "the steps; None where nobody knows",
        "keys that there are not",
        "a mistake\nis told before anything runs",
        "'x' is no part of ours",
    ],
)
def test_phrases_that_are_not_plain_are_found(text: str) -> None:
    assert list(unplain(text))


@pytest.mark.parametrize(
    "text",
    [
        "the right-hand side is right-aligned",
        "the legend is right of the plot",
        "the name is on the right",
        "one row per example, every 100 steps",
        "each of the 3 splits",
        "an example has one row",
    ],
)
def test_plain_phrases_are_left_alone(text: str) -> None:
    assert not list(unplain(text))
