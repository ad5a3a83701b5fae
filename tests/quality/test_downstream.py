"""Downstream checks on movies whose answer is known."""

import numpy as np
import pytest

from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.movie.arrays import array_movie
from cafi.quality.downstream import DownstreamCheck
from cafi.quality.downstream_options import DownstreamOptions
from cafi.quality.heldout import hold_out
from cafi.quality.prediction import predict

BOTH = DownstreamOptions(tracking=True, segmentation=True)


def crossing(speed=6, frames=9, width=80):
    """Two blurred discs in mild noise that pass each other, (T, Y, X)."""
    y, x = np.mgrid[:64, :width]
    rng = np.random.default_rng(0)
    movie = []
    for t in range(frames):
        places = ((20, 10 + speed * t), (44, width - 12 - speed * t))
        light = sum(400 * np.exp(-((y - a) ** 2 + (x - b) ** 2) / (2 * 3.5**2)) for a, b in places)
        movie.append(rng.normal(100 + light, 4))
    return np.array(movie, np.float32)


def check(pixels, methods, options=BOTH, drop=2):
    movie = array_movie(pixels)
    held_out = hold_out(movie, drop)
    look = DownstreamCheck(movie, held_out, options)
    for method in methods:
        for target, predicted in predict(registry.get(method), movie, held_out):
            for channel, plane in enumerate(predicted.mean.reshape(movie.header.size.c, -1, *pixels.shape[3:5])):
                look.take(method, target, channel, plane.mean(0))
    return look.result()


def test_blending_doubles_fast_spots_and_following_them_does_not():
    found = check(crossing()[:, None, None], ("linear", "optical_flow"))
    (tracking,) = found.tracking
    rows = {row.of: row for row in tracking.rows}
    assert list(rows) == ["full rate", "no interpolation", "linear", "optical_flow"]
    assert rows["full rate"].all_frames.alpha == 1
    assert rows["full rate"].spots_acquired == rows["full rate"].spots_interpolated == 2
    # Each spot is blended into two at half height, 12 px apart.
    assert rows["linear"].spots_interpolated > 3.5
    assert rows["optical_flow"].spots_interpolated == 2
    assert rows["optical_flow"].all_frames.alpha > rows["linear"].all_frames.alpha + 0.2
    segmented = {row.of: row for row in found.segmentation}
    assert segmented["optical_flow"].dice > segmented["linear"].dice
    assert segmented["no interpolation"].average_precision == 0  # 6 px away from where they are, 14 px wide
    assert segmented["optical_flow"].average_precision == 1
    assert (segmented["optical_flow"].true_count, segmented["optical_flow"].acquired_count) == (2, 2)


def test_straight_and_even_motion_needs_no_interpolation():
    (tracking,) = check(crossing()[:, None, None], ()).tracking
    assert tracking.rows[1].all_frames.alpha > 0.95
    assert tracking.rows[1].acquired_frames.alpha == 1
    assert np.isnan(tracking.rows[1].spots_interpolated)


def test_a_perfect_prediction_is_as_good_as_the_full_rate():
    movie = array_movie(crossing()[:, None, None])
    held_out = hold_out(movie, 3)
    look = DownstreamCheck(movie, held_out, BOTH)
    for target in held_out.targets:
        look.take("oracle", target, 0, movie.source.read(target.frame, 0, 0))
    found = look.result()
    full, _, oracle = found.tracking[0].rows
    assert oracle.all_frames == full.all_frames
    assert {row.of: row.average_precision for row in found.segmentation}["oracle"] == 1


def test_a_method_that_filled_only_some_gaps_is_left_out_of_tracking():
    movie = array_movie(crossing()[:, None, None])
    held_out = hold_out(movie, 2)
    look = DownstreamCheck(movie, held_out, BOTH)
    for i, target in enumerate(held_out.targets[:3]):
        plane = movie.source.read(target.frame, 0, 0)
        look.take("whole", target, 0, plane)
        if i != 1:
            look.take("part", target, 0, plane)
    found = look.result()
    # The last gap was filled by nobody, as a cut is: the frame in it counts for no one.
    assert [row.of for row in found.tracking[0].rows] == ["full rate", "no interpolation", "whole"]
    assert found.tracking[0].rows[2].all_frames.alpha == 1
    assert found.notes == ("part was left out of tracking: it filled only some of the gaps, and tracks need them all.",)
    assert {row.of for row in found.segmentation} == {"no interpolation", "whole", "part"}


def test_holes_and_rgb_are_looked_at_too():
    pixels = np.repeat(crossing()[:, None, None, ..., None], 3, -1)
    pixels[3, ..., :5, :5, :] = np.nan
    (tracking,) = check(pixels, ("duplicate",)).tracking
    assert tracking.rows[0].tracks == 2


def test_an_empty_channel_is_left_out_with_a_note():
    pixels = np.stack([crossing(), np.full((9, 64, 80), 3, np.float32)], 1)[:, :, None]
    found = check(pixels, ("linear",))
    assert [one.channel for one in found.tracking] == [0]
    assert found.notes == ("Channel 1 is constant and was left out of the downstream checks.",)


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (np.zeros((5, 1, 1, 16, 16), np.uint8), "is constant"),
        (np.zeros((5, 1, 4, 16, 16), np.uint8), "4 planes in depth.*projection"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_sentence(pixels, sentence):
    with pytest.raises(CafiError, match=sentence):
        check(pixels, ("linear",))
