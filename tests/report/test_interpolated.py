import re
from pathlib import Path

import numpy as np
import pytest

import cafi
from cafi.errors import CafiError
from cafi.report.interpolated import interpolated_report
from tests.helpers import run_cafi
from tests.interpolators.zooming_slowmo.helpers import tiny_weights
from tests.report.test_evaluated import movie_file


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    source = movie_file(folder / "cells & more.ome.tif", frames=5)
    result = cafi.interpolate(source, folder / "x3.ome.tif", factor=3, method="linear", report=True)
    assert result.report == folder / "x3.report.html"
    return result.target


def test_frames_are_marked_as_the_file_marks_them(made: Path) -> None:
    with cafi.read(made) as movie:
        (section,) = interpolated_report(movie, made.name, None).sections
        film = section.footage
        assert film is not None
        assert movie.header.frames is not None
        assert [moment.kind == "acquired" for moment in film.moments] == movie.header.frames.acquired.tolist()
        assert film.moments[4].place == "between acquired frames 1 and 2 (t = 0.33)"
        low, width = film.ranges[1]
        at = film.predicted_at["linear"][4]
        assert at is not None
        expected = (movie.source.read(4, 1, 0) - low) / width
        np.testing.assert_allclose(film.predicted["linear"][at, 1], expected, atol=2e-3)
        assert not film.has_truth


def test_the_page_says_what_was_done_and_that_nothing_was_held_out(made: Path) -> None:
    page = made.with_name("x3.report.html").read_text(encoding="utf-8")
    with cafi.read(made) as movie:
        provenance = movie.header.provenance or {}
    assert f"Verdict: {provenance['verdict']['word']}" in page
    assert "Nothing was held out here, so this page does not say how well the movie was predicted; <code>cafi" in page
    assert "(the one where most changes), time downwards." in page
    assert "5 acquired and 8 interpolated frames, predicted by linear." in page
    command = re.search(r'class="command"[^>]*><code>([^<]*)', page)
    assert command is not None
    assert command[1] == "cafi interpolate &#39;cells &amp; more.ome.tif&#39; x3.ome.tif --method linear --factor 3"
    assert f"{provenance['noise_ratio'][0]:.4f}" in page
    assert "linear blending of the two acquired frames around the gap" in page


def test_a_report_can_be_asked_for_later_and_again(made: Path, tmp_path: Path) -> None:
    page = made.with_name("x3.report.html")
    before = page.read_bytes()
    page.unlink()
    assert cafi.make_report(made) == page
    assert page.read_bytes() == before
    done = run_cafi("report", made.name, cwd=made.parent)
    assert (done.returncode, done.stdout.strip()) == (0, page.name)


def test_a_foreign_file_in_its_place_stops_the_run_before_any_work(tmp_path: Path) -> None:
    source = movie_file(tmp_path / "a.ome.tif", frames=3)
    (tmp_path / "b.report.html").write_text("mine")
    with pytest.raises(CafiError, match=r"b.report.html exists already and is no report"):
        cafi.interpolate(source, tmp_path / "b.ome.tif", method="linear", report=True)
    assert not (tmp_path / "b.ome.tif").exists()


def test_intervals_that_lie_beside_it_are_shown(tmp_path: Path) -> None:
    source = movie_file(tmp_path / "a.ome.tif", frames=19)
    result = cafi.interpolate(source, tmp_path / "b.ome.tif", method="linear", uncertainty=True, report=True)
    assert result.interval is not None
    assert result.report is not None
    with cafi.read(result.target) as movie, cafi.read(result.interval) as bounds:
        section = interpolated_report(movie, "b.ome.tif", None, bounds).sections[0]
        low, high = (bounds.source.read(3, c, 0) for c in (2, 3))
    film = section.footage
    assert film is not None
    width = film.interval["linear"][film.predicted_at["linear"][3]][1]  # type: ignore[index]
    np.testing.assert_allclose(width, (high - low) / film.ranges[1][1], rtol=1e-3)
    assert [plot.title for plot in section.plots] == [f"Coverage of the intervals, channel {c}" for c in range(2)]
    assert "interval width" in result.report.read_text(encoding="utf-8")
    assert "--uncertainty" in result.report.read_text(encoding="utf-8")


def test_of_a_zoomed_movie_frames_between_acquired_ones_are_predicted_and_the_others_resampled(tmp_path: Path) -> None:
    source, target = movie_file(tmp_path / "a.ome.tif", frames=3), tmp_path / "b.ome.tif"
    weights = str(tiny_weights(tmp_path))
    cafi.interpolate(source, target, method="zooming-slowmo", weights=weights, zoom=2)
    with cafi.read(target) as movie:
        (section,) = interpolated_report(movie, target.name, None).sections
        film = section.footage
        assert film is not None
        (low, width), planes = film.ranges[1], [movie.source.read(t, 1, 0) for t in (1, 2)]
    assert [moment.kind for moment in film.moments] == ["resampled", "interpolated"] * 2 + ["resampled"]
    assert film.moments[1].place == "between acquired frames 0 and 1 (t = 0.50), resampled"
    assert film.moments[2].place == "frame 1 of the source"
    assert (film.measured_at, film.predicted_at) == (
        (0, None, 1, None, 2),
        {"zooming-slowmo": (None, 0, None, 1, None)},
    )
    shown = film.predicted["zooming-slowmo"][0, 1], film.measured[1, 1]
    np.testing.assert_allclose(shown, [(plane - low) / width for plane in planes], atol=2e-3)
    assert section.facts[0] == "5 resampled frames (2 of them between acquired ones), predicted by zooming-slowmo."
    assert (
        "2 of 5 frames were predicted; acquired frames were enlarged by the same method, and each frame is marked as"
        " resampled in the file."
    ) in section.methods_text[0]


def test_depths_are_shown_along_depth(tmp_path: Path) -> None:
    from cafi.movie.options import WriteOptions
    from cafi.movie.writing import write_movie
    from tests.helpers import array_movie
    from tests.report.made import spots

    stack = (1000 * spots(4, 40, 48)).clip(0).astype(np.uint16)[:, 0]
    write_movie(array_movie(stack[None, None]), tmp_path / "stack.ome.tif", WriteOptions())
    target = tmp_path / "finer.ome.zarr"
    result = cafi.interpolate(tmp_path / "stack.ome.tif", target, axis="z", method="linear", report=True)
    with cafi.read(target) as movie:
        film = interpolated_report(movie, target.name, None).sections[0].footage
    assert film is not None
    assert [moment.kind for moment in film.moments] == ["acquired", "interpolated"] * 3 + ["acquired"]
    assert result.report is not None
    page = result.report.read_text(encoding="utf-8")
    assert "along depth was done" in page
    assert "(the one where most changes), depth downwards." in page
    assert "planes along depth are not held out by any check." in page
    assert "cafi evaluate" not in page
