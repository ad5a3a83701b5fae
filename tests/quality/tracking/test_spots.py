"""Spots are found where they were put."""

import numpy as np
import pytest

from cafi.quality.tracking.spots import Detector, make_detector, response

PLACES = np.array([[20.3, 30.6], [50.0, 15.5], [70.75, 70.2]])


def picture(sigma=2.0, height=100.0, noise=0.0, seed=0):
    y, x = np.mgrid[:90, :96]
    spots = sum(height * np.exp(-((y - a) ** 2 + (x - b) ** 2) / (2 * sigma**2)) for a, b in PLACES)
    return spots + np.random.default_rng(seed).normal(50, noise, y.shape)


def test_spots_are_found_to_a_fraction_of_a_pixel():
    found = Detector(diameter=2 * 2**0.5 * 2, threshold=20).find(picture())
    np.testing.assert_allclose(found[np.argsort(found[:, 0])], PLACES, atol=0.05)


def test_in_noise_the_threshold_keeps_spots_and_drops_noise():
    frames = [picture(noise=15, seed=s) for s in range(4)]
    detector = make_detector(frames)
    assert [len(detector.find(frame)) for frame in frames] == [3] * 4
    found = detector.find(frames[0])
    np.testing.assert_allclose(found[np.argsort(found[:, 0])], PLACES, atol=0.6)


@pytest.mark.parametrize(("sigma", "diameters"), [(1.5, (4, 5)), (2.5, (7,)), (5.0, (12, 16))])
def test_the_size_is_that_of_the_spots(sigma, diameters):
    assert make_detector([picture(sigma)]).diameter in diameters


def test_the_response_is_greatest_at_the_spots_own_size():
    # For a Gaussian of this sigma, sigma^2 LoG at its centre peaks at the same sigma, with half the height.
    answers = [response(picture(), 2 * 2**0.5 * s)[50, 15:17].mean() for s in (1.0, 2.0, 4.0)]
    assert answers[1] == max(answers)
    assert answers[1] == pytest.approx(50 * np.exp(-0.25 / 8), rel=0.03)


def test_a_constant_frame_has_no_spots():
    frame = np.full((40, 40), 7.0)
    assert len(make_detector([frame]).find(frame)) == 0
