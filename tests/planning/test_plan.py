"""Plans of movies whose answer is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cafi.errors import CafiError
from cafi.interpolators import registry
from cafi.movie.arrays import array_movie
from cafi.movie.model import PixelSize
from cafi.planning.bounds import Bound
from cafi.planning.measuring import Pilot, attainable_ssim, gap_starts, measure_gaps
from cafi.planning.motion import displacement, structure_size
from cafi.planning.plan import make_plan
from cafi.planning.words import duration, ordinal, sentences
from cafi.quality.metrics import Range, intensity_range, ssim

LINEAR = registry.get("linear")


def drifting(frames=20, speed=1.0, noise=0.0, side=48):
    """Smooth texture that drifts along x, (T, C, Z, Y, X)."""
    rng = np.random.default_rng(0)
    scene = gaussian_filter(rng.standard_normal((side, side + int(speed * frames))), 3)
    scene = 100 + 300 * scene / scene.std()
    movie = np.stack([scene[:, int(speed * t) : int(speed * t) + side] for t in range(frames)])
    return (movie + rng.normal(0, max(noise, 1e-9), movie.shape)).astype(np.float32)[:, None, None]


def flashing(frames=21):
    """A movie that is a straight line in time for even frames, with odd frames that are wrong by 100 (range 400)."""
    pixels = np.broadcast_to(np.linspace(0, 400, 24, dtype=np.float32), (frames, 1, 1, 24, 24)).copy()
    pixels[1::2] += 100
    return pixels


def test_gaps_are_scored_against_the_frames_that_were_left_out():
    pilot = Pilot(array_movie(flashing()))
    scores = measure_gaps(pilot, "psnr", LINEAR, 2, [0, 1, 8])
    expected = -20 * math.log10(100 / intensity_range(flashing()).width)
    assert [score.start for score in scores] == [0, 1, 8]
    assert [score.value for score in scores] == pytest.approx([expected] * 3, abs=1e-3)
    # From a wrong frame to a right one: the two between are one right and one wrong, each blended to 2/3 of the error.
    (score,) = measure_gaps(pilot, "psnr", LINEAR, 3, [1])
    assert score.value == pytest.approx(expected + 20 * math.log10(3 / 2), abs=1e-3)


def test_gaps_are_spread_evenly_and_fit_into_the_movie():
    assert gap_starts(10, 2, 4) == [0, 2, 4, 7]
    assert gap_starts(10, 8, 24) == [0, 1]
    assert gap_starts(4, 4) == []


def test_the_attainable_ssim_is_that_of_the_scene_without_noise():
    clean, noisy = drifting(1)[0, 0, 0], drifting(1, noise=80)[0, 0, 0]
    scale = Range(-500, 1200)
    assert attainable_ssim(noisy, scale) == pytest.approx(ssim(noisy, clean, scale), abs=0.05)
    assert attainable_ssim(clean, scale) > 0.99


def test_a_slow_movie_may_be_captured_seldom_and_a_fast_one_not():
    slow = make_plan(array_movie(drifting(speed=0.0, noise=40)), Bound("attained", 0.9), [LINEAR], most=5)
    assert (slow.method, slow.interval, slow.longest_tried) == ("linear", 5, 5)
    assert slow.light_saved == pytest.approx(0.8)
    fast = make_plan(array_movie(drifting(speed=4)), Bound("ssim", 0.9), [LINEAR])
    assert (fast.method, fast.interval) == (None, 1)
    assert fast.longest_tried <= 3  # longer ones are not tried where two failed


def test_the_better_method_allows_the_longer_interval():
    movie = array_movie(drifting(speed=2), times=0.5 * np.arange(20), pixel_size=PixelSize(None, 0.2, 0.2))
    plan = make_plan(movie, Bound("ssim", 0.9), [LINEAR, registry.get("optical_flow")], most=4)
    assert plan.method == "optical_flow"
    assert plan.limits["optical_flow"] > plan.limits["linear"]
    own = next(d for d in plan.displacements if d.interval == 1)
    assert own.median == pytest.approx(2, abs=0.2)
    words = " ".join(sentences(plan))
    assert f"Capture every {ordinal(plan.interval)} frame" in words
    assert f"one every {duration(0.5 * plan.interval)} instead of every 500 ms" in words
    assert "µm" in words


def test_tracking_bounds_are_judged_by_tracks():
    y, x = np.mgrid[:64, :96]
    places = [(16, 8 + 3 * t) for t in range(17)], [(44, 80 - 3 * t) for t in range(17)]
    light = [sum(400 * np.exp(-((y - p[t][0]) ** 2 + (x - p[t][1]) ** 2) / 18) for p in places) for t in range(17)]
    noise = np.random.default_rng(0).normal(100, 4, (17, 64, 96))
    pixels = (np.array(light) + noise).astype(np.float32)[:, None, None]
    plan = make_plan(array_movie(pixels), Bound("tracking", 0.8), [LINEAR, registry.get("optical_flow")], most=4)
    assert plan.limits["optical_flow"] >= 3
    assert plan.limits["linear"] < plan.limits["optical_flow"]


def test_nothing_is_recommended_from_a_pilot_that_is_not_steady():
    pixels = drifting(speed=0.5, noise=1)
    pixels[10:] = 100 + 5 * (pixels[10:] - 100)
    plan = make_plan(array_movie(pixels), Bound("attained", 0.5), [LINEAR], most=2)
    assert (plan.method, plan.interval, plan.steady) == (None, 1, False)
    assert plan.unsteadiness == pytest.approx(3, abs=0.2)  # against the median of ones and fives
    assert plan.points[0].quality > 0.5
    assert "changes by a factor of" in sentences(plan)[0]
    assert (
        "the contrast of the pilot's frames is zero in some, and" in sentences(replace(plan, unsteadiness=math.inf))[0]
    )


def with_frames(frames, value):
    """A movie of 20 frames, some of which have this value in the second channel; None: that of the frame before."""
    pixels = np.concatenate([drifting(), drifting(noise=1)], 1)
    for t in frames:
        pixels[t, 1] = pixels[t - 1, 1] if value is None else value
    return pixels


def test_displacement_and_size_are_those_of_the_scene():
    frames = drifting(frames=12, speed=2)[:, 0, 0].astype(np.float64)
    moved = displacement(lambda t: frames[t], len(frames), 3, intensity_range(frames))
    assert moved.median == pytest.approx(6, abs=0.3)
    y, x = np.mgrid[:128, :128]
    spots = sum(
        np.exp(-((y - a) ** 2 + (x - b) ** 2) / 18) for a, b in np.random.default_rng(0).uniform(0, 128, (20, 2))
    )
    assert structure_size(spots) == pytest.approx(2.355 * 3, rel=0.1)
    assert math.isnan(structure_size(np.zeros((20, 20))))


@pytest.mark.parametrize(
    ("pixels", "bound", "sentence"),
    [
        (drifting(frames=6), "ssim", "has 6 frames along time, too few to plan from; record 7 or more"),
        (np.full((20, 1, 1, 16, 16), 5, np.uint8), "ssim", "is constant"),
        (np.zeros((20, 1, 3, 16, 16), np.uint8), "tracking", "3 planes in depth"),
        (with_frames((4, 7), None), "ssim", "no pilot to plan from: frames 4 and 7 of channel 1 are copies"),
        (with_frames((4, 7), 0.0), "ssim", "no pilot to plan from: frames 4 and 7 of channel 1 are blank, and"),
        (with_frames((4, 7), np.nan), "ssim", "no pilot to plan from: frames 4 and 7 of channel 1 are blank, and"),
    ],
)
def test_what_cannot_be_planned_from_is_refused_in_one_sentence(pixels, bound, sentence):
    with pytest.raises(CafiError, match=sentence):
        make_plan(array_movie(pixels), Bound(bound, 0.9), [LINEAR])


def test_a_single_repeated_frame_is_noted():
    plan = make_plan(array_movie(with_frames((7,), None)), Bound("ssim", 0.5), [LINEAR], most=2)
    assert plan.notes == (
        "Frame 7 of channel 1 is a copy of the frame before it; what is measured there means nothing.",
    )


def test_an_empty_channel_and_other_planes_are_left_out_with_a_note():
    pixels = np.concatenate([drifting(), np.zeros_like(drifting())], 1)
    pixels = np.repeat(pixels, 3, 2)
    plan = make_plan(array_movie(pixels), Bound("ssim", 0.5), [LINEAR], most=2)
    assert plan.interval == 2
    assert plan.notes == (
        "Only plane 1 of 3 was looked at, in the middle of the stack.",
        "Channel 1 is constant and was left out.",
    )
