"""Single pixels that stand out in every frame are the camera's; all else is the scene's."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cafi.engine.hot_pixels import FEWEST_FRAMES, HotPixels, Search, filled, in_words, put_back
from cafi.engine.normalisation import measure
from cafi.movie.arrays import array_movie

HOT = [(0, 0), (5, 9), (20, 31), (31, 4)]
SHAPE = (32, 32)


def frames(count=6, noise=0.03, seed=0):
    """Smooth texture of range 1 that drifts, with noise."""
    rng = np.random.default_rng(seed)
    scene = gaussian_filter(rng.standard_normal(SHAPE), 2, mode="wrap")
    scene = (scene - scene.min()) / np.ptp(scene)
    moving = np.stack([np.roll(scene, (t, 2 * t), (0, 1)) for t in range(count)])
    return (moving + noise * rng.standard_normal(moving.shape)).astype(np.float32)


def found(planes):
    search = Search()
    for plane in planes:
        search.see(plane[None])
    return search.found(np.ones(1))


def with_pixels(planes, places, value):
    planes = planes.copy()
    for y, x in places:
        planes[:, y, x] = value
    return planes


@pytest.mark.parametrize("value", [2.5, -2.0])
def test_what_stands_out_in_every_frame_is_found_and_nothing_else(value):
    hot = found(with_pixels(frames(), HOT, value))
    assert sorted(map(tuple, np.argwhere(hot[0]))) == sorted(HOT)


def test_the_scene_is_left_alone():
    assert found(frames()) is None
    assert found(frames(noise=0.3)) is None
    spots = np.zeros(SHAPE)
    spots[8::16, 8::16] = 1
    point = gaussian_filter(spots, 1.0)  # fixed, but as wide as any image of a point
    assert found(np.repeat((point / point.max())[None], 6, 0)) is None


def test_a_flash_and_a_pair_and_a_short_movie_are_no_hot_pixels():
    flash = frames()
    flash[:-1, 5, 9] = 3
    assert found(flash) is None
    assert found(with_pixels(frames(), [(5, 9), (5, 10)], 3)) is None
    assert found(with_pixels(frames(FEWEST_FRAMES - 1), HOT, 3)) is None
    assert found(with_pixels(frames(FEWEST_FRAMES), HOT, 3)) is not None


def test_faint_ones_and_too_many_are_left():
    assert found(with_pixels(np.zeros((6, *SHAPE)), HOT, 0.04)) is None
    assert found(with_pixels(np.zeros((6, *SHAPE)), HOT, 0.06)) is not None
    many = [(y, x) for y in range(1, 32, 6) for x in range(1, 32, 6)]
    assert len(many) > 0.01 * 32 * 32
    assert found(with_pixels(np.zeros((6, *SHAPE)), many, 1)) is None


@pytest.mark.filterwarnings("error")
def test_absurd_movies_have_none():
    assert found(np.ones((6, 1, 1), np.uint8)) is None
    assert found(np.ones((6, 2, 9), np.float32)) is None
    assert found(with_pixels(frames().astype(np.float64), HOT, 1e300)) is None
    assert found(with_pixels(np.full((6, *SHAPE), -3e38), HOT, 3e38)).sum() == 4


def test_holes_are_not_hot():
    planes = with_pixels(10 + frames(), HOT[1:2], np.nan)
    assert found(planes) is None


def test_the_median_of_the_neighbours_stands_in_and_what_was_measured_is_kept():
    planes = with_pixels(frames(1), HOT, 2.5)
    hot = np.zeros((1, *SHAPE), bool)
    hot[(0, *np.transpose(HOT))] = True
    calm, measured = filled(planes, hot)
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    wanted = [np.median(np.pad(planes[0], 1, mode="reflect")[y : y + 3, x : x + 3][ring]) for y, x in HOT]
    np.testing.assert_allclose(calm[0][tuple(np.transpose(HOT))], wanted, rtol=1e-6)
    np.testing.assert_array_equal(np.where(hot, 0, calm), np.where(hot, 0, planes))
    assert measured.values.tolist() == [2.5] * 4
    assert (planes[hot] == 2.5).all()


def test_what_both_ends_measured_is_blended():
    frame, places = np.zeros((1, 4, 4), np.float32), (np.array([0]), np.array([1]), np.array([2]))
    put_back(frame, 0.25, HotPixels(places, np.float32([4])), HotPixels(places, np.float32([8])))
    assert np.argwhere(frame).tolist() == [[0, 1, 2]]
    assert frame[0, 1, 2] == 5
    put_back(frame, 0.5, None, None)
    assert frame[0, 1, 2] == 5


def test_they_are_measured_with_the_range_of_a_movie():
    pixels = np.rint(1000 + 500 * with_pixels(frames(20), HOT, 4.0)).astype(np.uint16)
    both = np.stack([pixels, pixels], 1)
    both[:, 1, 5, 9] = 1200  # sound in the second channel
    normalisation = measure(array_movie(both[:, :, None]))
    assert normalisation.hot_counts == [4, 3]
    assert normalisation.as_dict()["hot_pixels"] == [4, 3]
    assert measure(array_movie(np.rint(1000 + 500 * frames(20))[:, None, None])).hot is None


def test_what_is_said():
    assert in_words([0, 0], ["a", "b"]) == ()
    (said,) = in_words([3, 0], ["a", "b"])
    assert said.startswith("Hot or dead pixels of the camera (3 in channel a) were filled")
    assert said.endswith("blended from both ends of the gap.")
    assert "blended" not in in_words([3, 0], ["a", "b"], zoom=2)[0]
