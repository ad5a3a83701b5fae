import base64
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from imagecodecs import jpeg8_decode, png_decode
from numpy.typing import NDArray

from cafi.report.footage import Footage, read_footage, write_footage
from cafi.report.kymographs import kymographs, liveliest_row
from cafi.report.pictures import LADDER, Layer, Pictures, make_pictures
from tests.report.made import footage


def decoded(pictures: Pictures, layer: Layer, moment: int) -> NDArray[Any]:
    at = layer.pictures[moment]
    assert at is not None
    frame: NDArray[Any] = np.asarray(jpeg8_decode(base64.b64decode(pictures.jpeg[at])), np.float64) / 255
    return frame


def find(pictures: Pictures, key: str, method: str = "") -> Layer:
    return next(layer for layer in pictures.layers if (layer.key, layer.method) == (key, method))


def test_pictures_show_the_frames_in_the_movies_unit() -> None:
    film = footage()
    pictures = make_pictures(film, 10**9)
    layer = find(pictures, "truth")
    offset, width = film.ranges[0]
    for moment in range(9):
        low, high = ((end - offset) / width for end in (layer.low, layer.high))
        frame = np.clip((film.measured[moment, 0].astype(float) - low) / (high - low), 0, 1)
        assert np.abs(decoded(pictures, layer, moment) - frame).mean() < 0.01


def test_predicted_frames_stand_between_acquired_ones_and_acquired_ones_stand_still() -> None:
    pictures = make_pictures(footage(), 10**9)
    truth, result, held = (find(pictures, *key) for key in (("truth",), ("interpolated", "kymo"), ("acquired",)))
    for moment in range(9):
        acquired = moment % 2 == 0
        assert (result.pictures[moment] == truth.pictures[moment]) == acquired
        assert held.pictures[moment] == truth.pictures[moment - moment % 2]
    assert find(pictures, "error", "kymo").pictures[::2] == (None,) * 5


def test_a_movie_without_truth_has_no_truth_and_no_error() -> None:
    pictures = make_pictures(footage(truth=False), 10**9)
    assert {layer.key for layer in pictures.layers} == {"acquired", "interpolated"}


def test_errors_are_signed_and_on_one_scale_for_all_methods() -> None:
    film = footage()
    truth = film.measured[1::2]
    off = {"kymo": truth + np.float16(0.25), "linear": truth - np.float16(0.125)}
    pictures = make_pictures(replace(film, predicted=off), 10**9)
    layers = {method: find(pictures, "error", method) for method in off}
    assert {(layer.low, layer.high) for layer in layers.values()} == {(-layers["kymo"].high, layers["kymo"].high)}
    for method, error in (("kymo", 25.0), ("linear", -12.5)):
        layer = layers[method]
        shown = layer.low + decoded(pictures, layer, 1).mean() * (layer.high - layer.low)
        assert shown == pytest.approx(error, abs=0.3)


def test_a_small_budget_is_kept_by_stronger_compression_and_then_by_shrinking() -> None:
    film = footage(frames=21, height=120, width=160)
    sizes = {}
    for budget in (10**9, 300_000, 60_000):
        pictures = make_pictures(film, budget)
        sizes[budget] = sum(map(len, pictures.jpeg))
        assert sizes[budget] <= budget
        assert (pictures.width, pictures.height) == (160, 120)
    assert (make_pictures(film, 10**9).shrink, make_pictures(film, 10**9).quality) == LADDER[0]
    assert make_pictures(film, 60_000).shrink > 1


def test_pixels_that_are_not_finite_are_black() -> None:
    film = footage()
    film.measured[:, :, :8, :8] = np.nan
    pictures = make_pictures(film, 10**9)
    assert decoded(pictures, find(pictures, "truth"), 0)[:8, :8].max() == 0


def test_the_liveliest_row_is_found_beside_infinite_pixels() -> None:
    frames = np.zeros((4, 60, 40), np.float16)
    frames[1::2, 30] = 1
    frames[:, 10, 5], frames[2, 50, 8], frames[1, 52, 8] = np.inf, -np.inf, np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert abs(liveliest_row(frames) - 30) <= 3


def test_a_kymograph_shows_the_speed_of_what_moves() -> None:
    film = footage(frames=9, height=60, width=80)
    found = {one.name: one for one in kymographs(film)}
    assert set(found) == {"truth", "acquired alone", "kymo", "linear"}
    assert abs(found["truth"].line - 30) <= 3  # where the fastest spots are
    assert found["kymo"].predicted == ((1, 1), (3, 1), (5, 1), (7, 1))
    rows = png_decode(base64.b64decode(found["truth"].png)).astype(float)
    assert rows.shape == (9, 80)
    rows -= rows.mean()
    shifts = [max(range(12), key=lambda s: np.dot(a[: 80 - s], b[s:])) for a, b in zip(rows, rows[2:], strict=False)]
    assert shifts == [5] * 7, "2.5 px in a frame"
    assert png_decode(base64.b64decode(found["acquired alone"].png))[1].max() == 0


def test_footage_comes_back_from_its_file(tmp_path: Any) -> None:
    film = footage(channels=2)
    film.measured[0, 0, 0, 0] = np.nan
    write_footage(film, tmp_path / "a" / "film.npz")
    back = read_footage(tmp_path / "a" / "film.npz")
    assert isinstance(back, Footage)
    assert (back.moments, back.channels, back.measured_at) == (film.moments, film.channels, film.measured_at)
    assert back.predicted_at == film.predicted_at
    np.testing.assert_array_equal(back.measured, film.measured)
    for method, frames in film.predicted.items():
        np.testing.assert_array_equal(back.predicted[method], frames)
