"""The page in a real browser: the player moves, its parts stay linked, nothing is fetched, nothing goes wrong."""

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imagecodecs import png_decode

from cafi.report.finetuned import finetuned_page
from cafi.report.page import render
from tests.report import test_finetuned as tuned
from tests.report.made import footage, report

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
PATIENCE = 60_000  # ms: the machine may be busy
PLAYER = ".player"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    driver = pytest.importorskip("playwright.sync_api", reason="playwright, which drives the browser, is not installed")
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser was found: these tests need one of {', '.join(NAMES)}")
    with driver.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS, headless=True, timeout=PATIENCE)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(report(film=footage(channels=2))), encoding="utf-8")
    return path


@dataclass
class Opened:
    """The page, and what it said and asked for."""

    page: Any
    said: list[str]
    asked: list[str]


@pytest.fixture(scope="module")
def opened(browser: Any, file: Path) -> Opened:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    return opened_in(page, file)


def opened_in(page: Any, file: Path) -> Opened:
    """Open a file, and listen to what it says and asks for."""
    page.set_default_timeout(PATIENCE)
    seen = Opened(page, [], [])
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on("request", lambda sent: seen.asked.append(sent.url[:80]))
    page.goto(file.as_uri())
    return seen


@pytest.fixture
def page(opened: Opened, file: Path) -> Iterator[Any]:
    """The page as at its beginning; a console message or a request fails the test."""
    page = opened.page
    page.select_option("[data-choose=method]", "0")
    page.select_option("[data-choose=channel]", "0")
    page.focus(PLAYER)
    press(page, "0", "Home")
    yield page
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith("data:")] == [file.as_uri()[:80]]


def settled(page: Any) -> None:
    """Wait until every panel has drawn the picture that it should show."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('.panel canvas')].every(each => each.dataset.picture !== undefined)"
    )
    page.wait_for_timeout(60)


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    settled(page)


def moment(page: Any) -> int:
    return int(page.get_attribute(PLAYER, "data-moment"))


def badge(page: Any, layer: str) -> str:
    return str(page.inner_text(f"[data-layer={layer}] .badge"))


def look(page: Any, layer: str) -> Any:
    """What a panel's canvas shows, but for the last pixels, of which some panels have one more."""
    return png_decode(page.locator(f"[data-layer={layer}] canvas").screenshot()).astype(float)[:120, :200, :3]


def test_the_keyboard_moves_plays_and_stops(page: Any) -> None:
    assert moment(page) == 0
    press(page, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft")
    assert moment(page) == 2
    press(page, "End")
    assert moment(page) == 8
    press(page, "Home", " ")
    page.wait_for_function("() => Number(document.querySelector('.player').dataset.moment) >= 2")
    press(page, " ")
    stopped = moment(page)
    page.wait_for_timeout(500)
    assert moment(page) == stopped


def test_slider_buttons_and_strip_move_it_and_pictures_change(page: Any) -> None:
    before = look(page, "interpolated")
    page.locator(".slider").fill("5")
    settled(page)
    assert moment(page) == 5
    assert "6 of 9" in page.inner_text(".state")
    assert np.abs(look(page, "interpolated") - before).mean() > 2
    page.click("[data-do=forward]")
    page.click("[data-do=forward]")
    assert moment(page) == 7
    page.locator(".strip i").nth(2).click()
    assert moment(page) == 2
    page.focus(".slider")
    press(page, "ArrowRight")
    assert moment(page) == 3


def test_interpolated_frames_are_marked_in_word_frame_and_strip(page: Any) -> None:
    press(page, "ArrowRight")
    assert badge(page, "interpolated") == "INTERPOLATED"
    assert badge(page, "truth") == "ACQUIRED, held out"
    assert badge(page, "acquired").startswith("NO FRAME")
    assert "INTERPOLATED, between frames 0 and 2, t = 0.50" in page.inner_text(".state")
    style = "([a, b]) => getComputedStyle(document.querySelector(`[data-layer=${a}] .screen`))[b]"
    assert page.evaluate(style, ["interpolated", "borderTopStyle"]) == "dashed"
    press(page, "ArrowRight")
    assert badge(page, "interpolated") == "ACQUIRED"
    assert badge(page, "error") == "acquired frame: nothing predicted"
    assert page.evaluate(style, ["interpolated", "borderTopStyle"]) == "solid"
    kinds = page.eval_on_selector_all(".strip i", "cells => cells.map(c => c.classList[0])")
    assert kinds == ["acquired", "interpolated"] * 4 + ["acquired"]


def test_resampled_frames_look_neither_acquired_nor_interpolated(browser: Any, tmp_path: Path) -> None:
    film, file = footage(truth=False), tmp_path / "report.html"
    kinds = [replace(m, kind="resampled") if m.kind == "acquired" else m for m in film.moments]
    file.write_text(render(report(film=replace(film, moments=tuple(kinds)))), encoding="utf-8")
    page = browser.new_page()
    opened_in(page, file)
    page.focus(PLAYER)
    colours = []
    for word in ("interpolated", "resampled"):
        settled(page)
        assert badge(page, "interpolated") == word.upper()
        assert page.get_attribute("[data-layer=interpolated] .screen", "class") == f"screen {word}"
        style = "which => getComputedStyle(document.querySelector(which)).backgroundColor"
        colours.append(page.evaluate(style, "[data-layer=interpolated] .badge"))
        press(page, "ArrowRight")
    assert len({*colours, "rgb(0, 114, 178)"}) == 3
    page.close()


def test_all_panels_zoom_and_move_together(page: Any) -> None:
    whole = {layer: look(page, layer) for layer in ("truth", "interpolated", "acquired")}
    press(page, "+", "+", "Shift+ArrowRight", "Shift+ArrowDown")
    assert float(page.get_attribute(PLAYER, "data-zoom")) == pytest.approx(2.25)
    x, y = map(float, page.get_attribute(PLAYER, "data-place").split(","))
    assert (x, y) == pytest.approx((40 + 8 / 2.25, 30 + 6 / 2.25), abs=0.1)
    near = {layer: look(page, layer) for layer in whole}
    for layer, picture in near.items():
        apart, changed = (np.abs(picture - other)[30:].mean() for other in (near["truth"], whole[layer]))
        assert changed > 5
        assert apart < 0.3 * changed, "the same place, seen below the badges"
    press(page, "0")
    assert float(page.get_attribute(PLAYER, "data-zoom")) == 1
    box = page.locator("[data-layer=truth] canvas").bounding_box()
    page.mouse.dblclick(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    x, y = map(float, page.get_attribute(PLAYER, "data-place").split(","))
    assert (x, y) == pytest.approx((50, 22.5), abs=1), "the point under the pointer stays where it is"
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 50)
    page.mouse.up()
    moved = float(page.get_attribute(PLAYER, "data-place").split(",")[0])
    assert x - moved == pytest.approx(30 / box["width"] * 80 / 2, abs=1)


def test_methods_channels_and_panels_are_chosen(page: Any) -> None:
    press(page, "ArrowRight")
    drawn = "[data-layer={}] canvas"
    first, truth = (page.get_attribute(drawn.format(layer), "data-picture") for layer in ("interpolated", "truth"))
    press(page, "m")
    assert page.inner_text("[data-layer=interpolated] strong") == "interpolated: linear"
    assert page.get_attribute("[data-layer=interpolated] canvas", "data-picture") != first
    assert badge(page, "interval") == "not predicted by this method", "linear has no interval"
    page.select_option("[data-choose=channel]", "1")
    settled(page)
    assert page.get_attribute("[data-layer=truth] canvas", "data-picture") not in ("", truth)
    page.get_by_label("error", exact=True).uncheck()
    assert page.is_hidden("[data-layer=error]")
    page.get_by_label("error", exact=True).check()


def test_a_phone_needs_no_sideways_scrolling(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in ("back", "play", "forward", "in", "out"):
        box = page.locator(f"[data-do={name}]").bounding_box()
        assert min(box["width"], box["height"]) >= 34
    page.set_viewport_size({"width": 1280, "height": 900})


def test_it_prints(page: Any) -> None:
    pdf = io.BytesIO(page.pdf(format="A4")).getvalue()
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 20_000
    page.emulate_media(media="print")
    assert page.is_hidden(".buttons")
    assert page.is_visible("text=Methods text for a paper")
    page.emulate_media(media="screen")


def test_everything_that_can_be_used_can_be_reached_by_keyboard_and_has_a_name(page: Any) -> None:
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('button, select, input, canvas, img, svg.plot, [tabindex]')].filter(e =>"
        " !(e.getAttribute('aria-label') || e.alt || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML)"
    )
    assert nameless == []
    assert page.evaluate("() => document.querySelectorAll('[tabindex]:not([tabindex=\"0\"])').length") == 0


def test_the_page_of_a_fine_tuned_model_fits_a_phone_prints_and_says_nothing(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(finetuned_page(tuned.written(tmp_path / "model", tuned.record())), encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 844})
    seen = opened_in(page, file)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.querySelector('.preview img').naturalWidth") == 32
    widths = page.eval_on_selector_all(".parts i", "parts => parts.map(p => p.getBoundingClientRect().width)")
    assert widths == pytest.approx([sum(widths) * frames / 30 for frames in (14, 2, 6, 2, 6)], abs=1)
    assert io.BytesIO(page.pdf(format="A4")).getvalue().startswith(b"%PDF")
    page.close()
    assert seen.said == []
    assert [url for url in seen.asked if not url.startswith("data:")] == [file.as_uri()[:80]]
