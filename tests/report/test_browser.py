"""The report in a real browser: from a file, offline, without an error, in every width, light and dark."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.report import write_comparison, write_report

selenium = pytest.importorskip("selenium", reason="selenium is not installed")

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium that logs what it says and what it requests."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    chromium, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    if chromium is None or driver is None:
        pytest.skip("no chromium with chromedriver; apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


def opened(browser: Any, page: Path, width: int = 1600, scheme: str = "light") -> tuple[list[Any], list[str]]:
    """Opens a page; returns what the console said, and the addresses that the page requested, itself the first."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(page.as_uri())
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    # The browser's own first page may still be asking for its icons.
    return browser.get_log("browser"), [s["request"]["url"] for s in sent if s["documentURL"] == page.as_uri()]


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_opens_from_a_file_offline_and_draws_everything(
    browser: Any, run_folder: Path, width: int, scheme: str
) -> None:
    page = write_report(run_folder)
    said, requested = opened(browser, page, width, scheme)
    assert said == []
    assert [url for url in requested if not url.startswith("data:")] == [page.as_uri()]
    plots = browser.find_elements("css selector", ".chart")
    assert len(plots) >= 12
    assert browser.execute_script(
        "return [...document.querySelectorAll('.chart')].every(p => p.querySelector('.main-svg .trace, .main-svg .hm'))"
    )
    # Nothing is wider than the page, which would have to be scrolled to the side.
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.title != "harmed"
    ink, paper = browser.execute_script(
        "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor].map(c => +c.match(/\\d+/)[0])"
    )
    assert (ink > paper) == (scheme == "dark")


def test_numbers_on_the_page_are_those_of_the_files(browser: Any, run_folder: Path) -> None:
    opened(browser, write_report(run_folder))
    accuracy = json.loads((run_folder / "metrics.json").read_text())["test"]["outputs"]["kind"]["accuracy"]
    cell = browser.find_element(
        "css selector", "[data-metric=accuracy][data-split=test][data-output=kind]"
    )  # fmt: skip
    assert cell.text == f"{accuracy:.4f}"
    assert browser.find_element("css selector", ".accuracy").text == f"{accuracy:.4f}"


def test_names_are_shown_as_they_are_in_figures_and_tables(browser: Any, run_folder: Path) -> None:
    opened(browser, write_report(run_folder))
    ticks = browser.execute_script(
        "return [...document.querySelectorAll('.chart .xtick text')].map(t => t.textContent)"
    )  # fmt: skip
    assert {"cat", "a & b", "<script>d…/script>"} <= set(ticks)
    heads = [cell.text for cell in browser.find_elements("css selector", ".classes tbody th")]
    assert heads == ["cat", "<script>document.title='harmed'</script>", "a & b", "mean of all"]


def test_page_is_reached_by_keyboard(browser: Any, run_folder: Path) -> None:
    opened(browser, write_report(run_folder))
    reached = []
    for _ in range(12):
        browser.switch_to.active_element.send_keys("\ue004")
        reached.append(browser.execute_script("return document.activeElement.getAttribute('href')"))
    assert reached[:3] == ["#main", "#run", "#config"]
    # What scrolls can be scrolled without a mouse, and what is drawn has words.
    assert browser.execute_script(
        "return [...document.querySelectorAll('.scroll, .diagram, .chart')].every(e => e.tabIndex === 0 &&"
        " e.getAttribute('aria-label'))"
    )


def test_figures_send_nothing_anywhere(browser: Any, run_folder: Path) -> None:
    opened(browser, write_report(run_folder))
    titles = browser.execute_script(
        "return [...document.querySelectorAll('.modebar-btn')].map(b => (b.dataset.title || b.ariaLabel || ''))"
    )
    assert titles
    assert not [title for title in titles if "cloud" in title.lower() or "edit" in title.lower()]


def test_comparison_opens_offline_too(browser: Any, run_folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(run_folder, tmp_path / name)
    (tmp_path / "b" / "metrics.json").write_text('{"test": {"loss": 1e-05, "outputs": {"kind": {}, "size": {}}}}')
    page = write_comparison([tmp_path / "a", tmp_path / "b"], tmp_path)
    said, requested = opened(browser, page, 400)
    assert said == []
    assert [url for url in requested if not url.startswith("data:")] == [page.as_uri()]
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 400
    assert browser.execute_script("return document.querySelectorAll('.chart .main-svg').length") > 0
    first = "return document.querySelector('.sortable tbody tr').textContent"
    assert "1e-05" in browser.execute_script(first)
    browser.find_element("css selector", "th[aria-sort] button").click()
    assert "1e-05" not in browser.execute_script(first)
    assert browser.find_element("css selector", "th[aria-sort]").get_attribute("aria-sort") == "descending"


def test_log_axis_is_chosen_by_a_click_and_folded_figures_are_drawn_when_they_open(
    browser: Any, run_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    metrics = "".join(f",m{index}" for index in range(12))
    values = [f"{10.0**-epoch}" for epoch in range(5)]
    rows = [f"{epoch},{value}{(',' + value) * 12}" for epoch, value in enumerate(values)]
    (tmp_path / "run" / "history.csv").write_text("\n".join([f"epoch,loss{metrics}", *rows, ""]))
    opened(browser, write_report(tmp_path / "run"))
    loss = browser.find_element("css selector", "#training figure")
    kind = "return arguments[0].querySelector('.chart')._fullLayout.yaxis.type"
    assert browser.execute_script(kind, loss) == "linear"
    button = loss.find_element("css selector", "button.log[data-proposed]")
    browser.execute_script("arguments[0].click()", button)
    assert browser.execute_script(kind, loss) == "log"
    assert button.get_attribute("aria-pressed") == "true"
    folded = "[...document.querySelectorAll('#training details .chart')]"
    assert browser.execute_script(f"return {folded}.some(p => p.querySelector('.main-svg'))") is False
    browser.execute_script("document.querySelector('#training details').open = true")
    drawn = f"{folded}.every(p => p.querySelector('.main-svg'))"
    # The event that tells that it opened comes after this.
    assert browser.execute_async_script(f"const told = arguments[0]; setTimeout(() => told({drawn}), 0)")
