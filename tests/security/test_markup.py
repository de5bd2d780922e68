"""Names and values of strangers are shown in the report as they are, and are no markup there."""

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

IMAGE = "<img src=x onerror=\"document.title='pwned'\">"
SCRIPT = "</script><script>document.title='pwned'</script>"
LINK = "<a href=\"javascript:document.title='pwned'\">x</a>"


class Tags(HTMLParser):
    """Counts the tags of a page, and gathers its attributes that run code."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.running: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.running += [n for n, value in attrs if n.startswith("on") or (value or "").startswith("javascript:")]


def report_of(command: Callable[..., Any], folder: Path, names: tuple[str, str, str]) -> Path:
    """Trains on a table whose classes, file, metric and config have these names; returns the report."""
    first, second, third = (name.replace('"', '""') for name in names)
    rows = [f'{i % 7},{i % 3},"{(first, second, third)[i % 3]}"' for i in range(300)]
    (folder / "table").mkdir(exist_ok=True)
    path = folder / "table" / f"{names[0].replace('/', '_')}.csv"
    path.write_text("\n".join(["a,b,kind", *rows]))
    experiment = folder / "given" / "experiment" / "given.yaml"
    experiment.parent.mkdir(parents=True, exist_ok=True)
    quoted = ["'" + name.replace("'", "''") + "'" for name in (*names, str(path))]
    experiment.write_text(
        "# @package _global_\ndefaults: [override /data: csv, override /model: tabular]\n"
        f"data: {{path: {quoted[3]}, targets: [kind]}}\n"
        f"metrics: [{{_target_: keras.metrics.SparseCategoricalAccuracy, name: {quoted[1]}}}]\n"
        "trainer: {epochs: 2}\nsplit: {validation: 0.2, test: 0.2}\n"
    )
    done = command("--config-dir", "given", "+experiment=given")
    assert done.code == 0, done.err
    assert done.folder is not None
    return Path(done.folder) / "report.html"


def test_report_has_no_markup_of_names(tmp_path: Path, command: Callable[..., Any]) -> None:
    plain = Tags(report_of(command, tmp_path, ("one", "two", "three")).read_text())
    given = Tags(report_of(command, tmp_path, (IMAGE, SCRIPT, LINK)).read_text())
    for tag in ("script", "img", "a", "iframe", "style", "link"):
        assert given.tags[tag] == plain.tags[tag], tag
    assert given.running == plain.running


def test_browser_runs_no_script_of_a_name(tmp_path: Path, command: Callable[..., Any]) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium; apt-get install chromium")
    page = report_of(command, tmp_path, (IMAGE, SCRIPT, LINK))
    # That the browser would run it is what the second page shows.
    marked = tmp_path / "marked.html"
    marked.write_text(f"<title>x</title><body>{IMAGE}")
    titles = [_title(chromium, path, tmp_path / "profile") for path in (page, marked)]
    assert titles[0] != "pwned"
    assert titles[1] == "pwned"


def _title(chromium: str, page: Path, profile: Path) -> str:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", f"--user-data-dir={profile}"]
    done = subprocess.run(
        [chromium, *flags, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.partition("<title>")[2].partition("</title>")[0]
