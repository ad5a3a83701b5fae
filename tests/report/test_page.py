import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from cafi.report.data import Estimate, ReportData, Section
from cafi.report.page import coded, render, shown
from tests.report.made import NASTY, footage, report


class Seen(HTMLParser):
    """Elements in order, and the words outside of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.words += data


@pytest.fixture(scope="module")
def page() -> str:
    return render(report())


def test_what_users_named_is_never_markup(page: str) -> None:
    seen = Seen(page)
    assert NASTY in seen.words
    assert sum(tag == "script" for tag, _ in seen.tags) == 2  # the pictures and the player
    assert "<script>alert" not in page


def test_a_name_cannot_leave_the_data_of_the_player() -> None:
    film = replace(footage(), channels=("</script><b id='out'>",))
    seen = Seen(render(ReportData("one", (Section("one", footage=film),))))
    assert not any(attributes.get("id") == "out" for _, attributes in seen.tags)


def test_nothing_is_fetched(page: str) -> None:
    for tag, attributes in Seen(page).tags:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert (attributes.get(name) or "#").startswith(("data:", "#")), (tag, attributes)
    assert not re.search(r"@import|url\(", page)
    assert "default-src 'none'" in page


def test_every_number_of_the_data_stands_in_the_page(page: str) -> None:
    words = Seen(page).words
    for number in ("25.43 (24.90 to 25.90)", "21.10 (20.20 to 22.30)", "0.1230", "0.9100", "0.6400"):
        assert number in words
    for number in ("5.500 (4.900 to 6.100)", "8.500 (7.900 to 9.100)", "90.50 (88.00 to 93.00)"):
        assert number in words, "numbers of the plots"


def test_the_verdict_comes_first(page: str) -> None:
    words = Seen(page).words
    order = ["Verdict: use with care", "Frames", "Kymographs", "Methods", "Tracking", "Error against displacement"]
    order += ["Coverage", "Warnings", "Methods text for a paper", "How to repeat it", "cafi evaluate", "Provenance"]
    places = [words.index(each) for each in order]
    assert places == sorted(places)


def test_parts_that_are_absent_are_left_out() -> None:
    words = Seen(render(ReportData("bare", (Section("bare"),)))).words
    assert "Verdict: not judged" in words
    for part in ("Frames", "Kymographs", "Warnings", "Methods", "Notes"):
        assert part not in words


def test_several_movies_are_listed_with_their_verdicts() -> None:
    one = report("first.tif").sections[0]
    bare = replace(one, footage=None)
    words = Seen(render(ReportData("two", (bare, replace(bare, name="second.tif", verdict=None))))).words
    assert "first.tif: use with care" in words
    assert words.index("second.tif") < words.index("Verdict: use with care")


def test_numbers_are_written_with_about_four_digits() -> None:
    values = [1234.5, 123.45, 12.345, 1.2345, 0.012345, 0.0012345, 0.0, -3.25, float("inf"), float("nan"), None, 7]
    assert [shown(value) for value in values] == [
        *("1234", "123.5", "12.35", "1.234", "0.0123", "0.0012", "0.000", "−3.250", "∞", "–", "–", "7"),
    ]
    assert shown(Estimate(1.0)) == "1.000"
    assert coded("run `a <b>` now") == "run <code>a &lt;b&gt;</code> now"


@pytest.mark.slow
def test_fifty_frames_of_512_by_512_with_two_methods_stay_below_20_mb() -> None:
    draw = np.random.default_rng(0)
    film = footage(frames=50, height=512, width=512)
    noise = draw.normal(0.3, 0.2, film.measured.shape).astype(np.float16)
    film = replace(film, measured=noise)
    size = len(render(ReportData("large", (Section("large", footage=film),))).encode())
    assert 4e6 < size < 20e6
